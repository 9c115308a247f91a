#pragma once

/// Picks the values at a few dotted paths ("meta.id", "wiki") out of a JSON object, in one pass
/// over its members and one over each object on the way. Threads: a JsonPick is read-only.

#include <string>
#include <string_view>
#include <vector>

#include "common/json/json_reader.h"

namespace millrace::json {

class JsonPick {
 public:
  explicit JsonPick(const std::vector<std::string>& paths);

  /// `found[i]`: the slice of `text` at path i, of duplicate keys the last; data() null: there is
  /// none. False: `text` is not an object; `found` is then of no use.
  bool pick(JsonReader& reader, std::string_view text, std::vector<std::string_view>& found) const;

 private:
  struct Node {
    std::string name;
    std::vector<size_t> wanted;  ///< Indices of the paths that end here.
    std::vector<Node> children;
  };
  static Node& child_of(Node& node, std::string_view name);
  bool walk(JsonReader& reader, const Node& node, std::string_view text,
            std::vector<std::string_view>& found) const;

  Node root_;
  size_t count_;
};

}  // namespace millrace::json
