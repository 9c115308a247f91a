#pragma once

/// Rows gathered into the body of one request, and the key that tells the receiver a repeated one.
/// How rows are cut into requests depends on the rows alone, never on time, so a repeated delivery
/// has the same keys. Pure. Threads: one.

#include <millrace/plugin.hpp>
#include <string>

#include "sink_http/settings.h"

namespace millrace::http_sink {

class Upload {
 public:
  explicit Upload(const Settings& settings) : settings_(settings) {}

  /// True: the row fits; false: send first, unless it is empty().
  bool fits(std::string_view row) const;
  /// `key`: what names this row among all that the pipeline ever sends; empty: unknown.
  void add(std::string_view row, const std::string& key);
  bool empty() const { return rows_ == 0; }
  uint64_t rows() const { return rows_; }
  /// The body as it is sent.
  std::string body() const;
  /// Of the first row; empty: unknown.
  const std::string& key() const { return key_; }
  void clear();

 private:
  const Settings& settings_;
  std::string text_, key_;
  uint64_t rows_ = 0;
};

}  // namespace millrace::http_sink
