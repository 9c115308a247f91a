#pragma once

/// Where the rows go: one file, or a directory of parts. Both follow the commit: what prepare()
/// answers is stored by the host, and open() gets the answer of the last commit that held.

#include "row_file.h"
#include "settings.h"

namespace millrace::file_sink {

class Output {
 public:
  virtual ~Output() = default;
  virtual void open(const opening& how) = 0;
  virtual void write(batch_view rows) = 0;
  virtual std::string prepare() = 0;
  virtual void commit() = 0;
  virtual void abort() = 0;
  virtual void close() = 0;
};

std::unique_ptr<Output> make_path_output(const context& ctx, const Settings& settings);
std::unique_ptr<Output> make_dir_output(const context& ctx, const Settings& settings);

}  // namespace millrace::file_sink
