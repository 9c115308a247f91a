#pragma once

/// Reading validated configuration into structs. Values of the wrong kind read as absent: the
/// schema check has told of them, and the rest can still be looked at. Ownership: a ConfigNode
/// points into its document. Threads: as the document.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "config/document.h"
#include "config/pipeline_config.h"

namespace millrace {

class ConfigNode {
 public:
  ConfigNode(const ConfigDocument& document, std::string pointer)
      : document_(document), pointer_(std::move(pointer)), value_(document.root.at(pointer_)) {}

  const std::string& pointer() const { return pointer_; }
  bool exists() const { return value_ != nullptr; }
  bool is_string() const { return exists() && value_->is_string(); }
  bool is_array() const { return exists() && value_->is_array(); }
  bool is_object() const { return exists() && value_->is_object(); }
  Where where() const { return document_.where(pointer_); }
  Where where_key() const { return document_.where_key(pointer_); }
  bool is_written() const { return document_.is_written(pointer_); }

  ConfigNode child(std::string_view key) const { return {document_, pointer_child(pointer_, key)}; }
  bool has(std::string_view key) const { return child(key).exists(); }
  std::vector<ConfigNode> members() const;
  std::vector<ConfigNode> items() const;
  /// The key under which this value stands.
  std::string key() const { return last_key(pointer_); }

  /// This value itself; empty if it is no string.
  Text text() const;
  Text text(std::string_view key) const { return child(key).text(); }
  /// A string or a list of strings.
  std::vector<Text> texts(std::string_view key) const;
  std::optional<int64_t> integer(std::string_view key) const;
  std::optional<int64_t> duration(std::string_view key) const;
  std::optional<int64_t> size(std::string_view key) const;
  bool boolean(std::string_view key, bool standard) const;
  /// Of everything below, as resolved: tells whether a part of the configuration changed.
  uint64_t hash() const;
  /// Keys that the user wrote, in order.
  WrittenKeys written() const;

  /// The enumerator whose number is the place of the text in `names`. Nullopt: absent, or another.
  template <class Enum, size_t kCount>
  std::optional<Enum> word(std::string_view key,
                           const std::array<const char*, kCount>& names) const {
    const Text found = text(key);
    for (size_t i = 0; i < kCount; ++i) {
      if (found.text == names[i]) return static_cast<Enum>(i);
    }
    return std::nullopt;
  }

 private:
  const ConfigDocument& document_;
  std::string pointer_;
  const JsonValue* value_;
};

}  // namespace millrace
