#pragma once

/// A sink's instance and the form that it takes rows in. Rows travel in the host as one batch form:
/// values are the bytes to be written or, for a sink that takes columns (millrace.arrow/1), stored
/// rows (row_bytes.h), which become columns here, at the last step.
/// Threads: one at a time; cancel() from any.

#include <memory>
#include <string>
#include <vector>

#include "columns/schema.h"
#include "plugin/component.h"

namespace millrace {

class SinkPort {
 public:
  struct Options {
    std::string name;  ///< The user's name of the sink.
    std::string pipeline;
    Component component;
    std::string config;  ///< JSON for the plugin.
    bool lazy = false;   ///< Opened at its first row: dead letters.
    Schema columns;      ///< Of a sink that takes columns.
  };
  explicit SinkPort(Options options) : options_(std::move(options)) {}

  Result<void> create();
  /// `state`: what a prepare of its recorded; null: none.
  Result<void> open(const std::string* state, uint64_t last_epoch, uint32_t flags);
  bool is_open() const { return open_; }
  Result<void> close();
  void cancel();

  /// A row that the sink refuses is an error: kFailed.
  Result<void> write(const BatchRef& rows);
  Result<std::string> prepare(uint64_t epoch);
  Result<void> commit(uint64_t epoch);

  bool is_epoch_marked() const { return instance_->is_epoch_marked(); }
  Result<uint64_t> last_epoch(const std::string& owner) { return instance_->last_epoch(owner); }
  Result<void> write_epoch(const std::string& owner, uint64_t epoch,
                           const std::vector<BatchRef>& rows);

  const Options& options() const { return options_; }

 private:
  Result<void> write_columns(const BatchRef& rows);
  Result<void> judge(const Result<void>& done) const;

  Options options_;
  std::unique_ptr<SinkInstance> instance_;
  bool open_ = false;
  std::vector<Reject> rejects_;
};

}  // namespace millrace
