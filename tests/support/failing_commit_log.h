#pragma once

/// A commit log that lets one commit fail, before or after it took effect: the two outcomes that a
/// broken disk or connection leaves behind. What is not told to fail goes to the log it wraps.
/// Threads: as the wrapped log, for commit() and failures(). `inner` outlives it.

#include <fmt/core.h>

#include <cstdint>
#include <string>

#include "support/wrapped_commit_log.h"

namespace millrace {

class FailingCommitLog final : public WrappedCommitLog {
 public:
  enum class When {
    kBefore,  ///< Nothing is committed.
    kAfter,   ///< All is committed, and the caller hears that it is not.
  };

  /// Fails the `nth` commit from now on, counted from 1. 0: never.
  FailingCommitLog(CommitLog& inner, uint64_t nth, When when, Code code = Code::kFailed)
      : WrappedCommitLog(inner), nth_(nth), when_(when), code_(code) {}

  /// How many commits it has failed: 0 or 1.
  uint64_t failures() const { return failures_; }

  Result<void> commit(const Commit& commit) override {
    const bool fails = ++calls_ == nth_;
    if (fails && when_ == When::kBefore) return fail();
    Result<void> outcome = WrappedCommitLog::commit(commit);
    return fails && outcome ? fail() : outcome;
  }

 private:
  Result<void> fail() {
    ++failures_;
    return Error{code_, fmt::format("commit {} was told to fail {} it took effect", calls_,
                                    when_ == When::kBefore ? "before" : "after")};
  }

  const uint64_t nth_;
  const When when_;
  const Code code_;
  uint64_t calls_ = 0, failures_ = 0;
};

}  // namespace millrace
