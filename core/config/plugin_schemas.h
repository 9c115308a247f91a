#pragma once

/// What config must know of installed plugins: the arrows point the other way, so core/plugin or
/// the host implements this.

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// `kind` is `source`, `processor` or `sink`; `name` the last label of `id`.
struct PluginSchema {
  std::string kind;
  std::string name;
  std::string id;
  std::string schema_text;  ///< JSON Schema draft-07. Empty: takes no keys of its own.
};

class PluginSchemas {
 public:
  virtual ~PluginSchemas() = default;
  /// By last label or by the whole id. Null when there is none. Stays valid with this object.
  virtual const PluginSchema* find(std::string_view kind, std::string_view name) const = 0;
  /// Last labels, sorted.
  virtual std::vector<std::string> names(std::string_view kind) const = 0;
};

}  // namespace millrace
