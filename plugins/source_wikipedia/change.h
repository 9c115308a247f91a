#pragma once

/// What the plugin itself reads of an event: where it belongs, whether it is a canary, which record
/// it repeats. Everything else is passed on as it came and decoded by the host.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json_pick.h"

namespace millrace::wikipedia {

struct Change {
  std::string topic;
  int64_t partition = 0;
  std::string stream;
  bool is_canary = false;
  std::string wiki;                      ///< Database name; empty: none.
  std::optional<std::string> key;        ///< Text of the configured key field.
  uint64_t identity = 0;                 ///< Hash of the dedupe key; 0: incomplete, cannot tell.
  std::optional<int64_t> event_time_ms;  ///< `timestamp`, of canaries `meta.dt`.
  std::optional<int64_t> intake_ms;      ///< `meta.dt`: when it entered the service's pipe.
};

class ChangeReader {
 public:
  /// `key_path` may be empty. `identity_paths` together are the dedupe key.
  ChangeReader(const std::string& key_path, const std::vector<std::string>& identity_paths);

  /// Null and "" if `data` is an event of this service; else why not. `change` is lent until the
  /// next call.
  const char* read(std::string_view data);
  const Change& change() const { return change_; }

 private:
  bool text_at(size_t field, std::string& out);
  std::optional<std::string> scalar_at(size_t field);
  void read_wiki();
  void read_times();
  uint64_t identity();

  json::JsonReader reader_, texts_;
  json::JsonPick fields_;
  size_t identity_count_;
  bool has_key_;
  std::vector<std::string_view> found_;
  Change change_;
};

}  // namespace millrace::wikipedia
