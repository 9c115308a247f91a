#pragma once

/// What a source reads of a record itself: its key, and who it is for the duplicate filter (P4).
/// All else is decoded by the host. Threads: one.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json_pick.h"

namespace millrace::json {

class RecordFields {
 public:
  /// Dotted paths or JSON pointers; `key` and `identity` may be empty. `others` are for text() and
  /// raw().
  RecordFields(const std::string& key, const std::vector<std::string>& identity,
               const std::vector<std::string>& others = {});

  /// False: `value` is not a JSON object. What is found is lent as long as `value` is.
  bool read(std::string_view value);
  /// Strings without their quotes, numbers and booleans as written. Nullopt: absent, null, or no
  /// scalar.
  std::optional<std::string> key();
  /// 0: a part is missing or null, so nothing can be told.
  uint64_t identity();
  /// Of `others`; data() null: absent.
  std::string_view raw(size_t other) const { return found_[first_other_ + other]; }
  std::optional<std::string> scalar(size_t other) { return scalar_at(first_other_ + other); }

 private:
  std::optional<std::string> scalar_at(size_t field);
  size_t identity_count_, first_other_;
  bool has_key_;
  JsonReader reader_, texts_;
  JsonPick fields_;
  std::vector<std::string_view> found_;
};

}  // namespace millrace::json
