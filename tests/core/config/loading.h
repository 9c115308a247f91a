#pragma once

/// What the tests of core/config share: some plugins that exist only as schemas, and loading a text
/// into a configuration and the text of its faults.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/load.h"

namespace millrace {

class FakePlugins : public PluginSchemas {
 public:
  FakePlugins();
  const PluginSchema* find(std::string_view kind, std::string_view name) const override;
  std::vector<std::string> names(std::string_view kind) const override;
  void add(PluginSchema plugin) { plugins_.push_back(std::move(plugin)); }

 private:
  std::vector<PluginSchema> plugins_;
};

struct Loading {
  std::optional<LoadedConfig> config;
  std::string faults;  ///< Empty: none.
  const PipelineConfig& pipeline() const { return config->pipeline; }
};

/// The file is called `c.json` in faults.
Loading load(const std::string& text, const std::vector<std::string>& overrides = {});
Loading load(const std::string& text, const std::vector<std::string>& overrides,
             const PluginSchemas& plugins);

/// A pipeline that is right but for what is put in: the value of "operators" begins at 4:16, a
/// file source "in", a file sink "out" that reads `out_from`.
std::string with_operators(const std::string& operators, const std::string& out_from = "in");
/// The source "in" begins at 3:21; no operators.
std::string with_source(const std::string& source);
/// `keys` stand at the top level from 3:3 on, without a comma at the end.
std::string with_top(const std::string& keys);

}  // namespace millrace
