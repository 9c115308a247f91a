#pragma once

/// A configuration while it is being resolved: the tree, and what the tree cannot say of itself:
/// which values are secret, which came from `--set`, which texts may stand for a number.
/// Places are asked by pointer and climb to the nearest value that somebody wrote, so that a fault
/// in a default points at the object which left it out.
/// Ownership: owns everything. Threads: one.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/fault.h"
#include "json/value.h"

namespace millrace {

class ConfigDocument {
 public:
  ConfigDocument(std::string file_name, JsonValue root)
      : root(std::move(root)), file_name_(std::move(file_name)) {}

  JsonValue root;

  const std::string& file_name() const { return file_name_; }
  Where where(std::string_view pointer) const;
  /// Of the key whose value is at `pointer`; of the value for array items.
  Where where_key(std::string_view pointer) const;
  /// Whether the user (file or `--set`) wrote the value, as opposed to a default.
  bool is_written(std::string_view pointer) const;

  /// A position for values that stood in no file; `origin` is printed instead, e.g. `--set a=b`.
  JsonPosition add_origin(std::string origin);

  void mark_secret(std::string pointer) { secrets_.insert(std::move(pointer)); }
  /// Whether the value at `pointer`, or one around it, must not be shown.
  bool is_secret(std::string_view pointer) const;

  /// The value at `pointer` may be read as `raw` (a string) or as the JSON in `raw`, whichever
  /// the schema wants: `${env:LANES}` and `--set pipeline=7`.
  void mark_loose(std::string pointer, std::string raw) { loose_[std::move(pointer)] = raw; }
  /// Null: the value is what it is.
  const std::string* loose_text(std::string_view pointer) const;

 private:
  Where located(JsonPosition position, std::string_view pointer) const;

  std::string file_name_;
  std::vector<std::string> origins_;
  std::set<std::string, std::less<>> secrets_;
  std::map<std::string, std::string, std::less<>> loose_;
};

/// Where the last token of an RFC 6901 pointer begins, its slash included.
size_t last_token(std::string_view pointer);
/// The last token without its escapes.
std::string last_key(std::string_view pointer);

/// Reads a configuration file of at most 16 MiB. Nullopt with one fault: missing, a directory, not
/// readable, empty, not UTF-8, not JSON.
std::optional<ConfigDocument> read_document(const std::string& file, Faults& faults);
std::optional<ConfigDocument> parse_document(std::string_view text, const std::string& file_name,
                                             Faults& faults);

}  // namespace millrace
