#pragma once

/// A commit log that leaves all to the one it wraps, for tests that change one answer of it.
/// Threads: as the wrapped log, which outlives it.

#include <string>

#include "state/commit_log.h"

namespace millrace {

class WrappedCommitLog : public CommitLog {
 public:
  explicit WrappedCommitLog(CommitLog& inner) : inner_(inner) {}

  Result<void> commit(const Commit& commit) override { return inner_.commit(commit); }
  Result<std::optional<Restored>> last() override { return inner_.last(); }
  Result<void> read_blocks(std::string_view op, const BlockVisitor& visit) override {
    return inner_.read_blocks(op, visit);
  }
  Result<std::vector<StoredOperator>> operators() override { return inner_.operators(); }
  std::string state_id() const override { return inner_.state_id(); }
  uint64_t bytes_on_disk() const override { return inner_.bytes_on_disk(); }

 private:
  CommitLog& inner_;
};

}  // namespace millrace
