#pragma once

/// Types of a sample: which fields a source's records have and what their values allow.
/// Integers that fit are int8, other numbers float8; arrays and values of several kinds are jsonb;
/// members of array elements are written `path[].member`.

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "columns/schema.h"

namespace millrace {

class SchemaSample {
 public:
  SchemaSample();
  ~SchemaSample();

  /// One record. `text_cells`: strings are PostgreSQL's text input (CSV). False: no JSON object.
  bool add(std::string_view record, bool text_cells);
  /// Fields in order of first sight.
  Schema schema() const;
  size_t records() const { return records_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  size_t records_ = 0;
};

}  // namespace millrace
