#include "config/load.h"

#include <utility>

#include "config/document.h"
#include "config/graph.h"
#include "config/interpolate.h"
#include "config/override.h"
#include "config/print.h"
#include "config/resolve.h"
#include "config/validate.h"

namespace millrace {
namespace {

/// Graph checks recurse along operators, and nobody draws a pipeline of this size.
constexpr size_t kPartsMax = 1000;

bool has_too_many_parts(const ConfigDocument& document, Faults& faults) {
  const size_t before = faults.size();
  for (const char* part : {"sources", "operators", "sinks"}) {
    const JsonValue* parts = document.root.find(part);
    if (parts == nullptr || !parts->is_object() || parts->members().size() <= kPartsMax) continue;
    faults.add(document.where_key(std::string("/") + part),
               std::string("more than 1000 ") + part + " in one pipeline");
  }
  return faults.size() > before;
}

}  // namespace

std::optional<LoadedConfig> load_config_document(ConfigDocument document,
                                                 const std::vector<std::string>& overrides,
                                                 const PluginSchemas& plugins, Faults& faults) {
  apply_overrides(overrides, document, faults);
  if (has_too_many_parts(document, faults)) return std::nullopt;
  interpolate(document, faults);
  const PluginTexts texts = validate_document(document, plugins, faults);
  LoadedConfig out;
  out.pipeline = resolve_pipeline(document, texts, faults);
  check_names_and_inputs(out.pipeline, faults);
  check_rules(document, out.pipeline, faults);
  out.printed = print_config(document);
  return out;
}

std::optional<LoadedConfig> load_config(const std::string& file,
                                        const std::vector<std::string>& overrides,
                                        const PluginSchemas& plugins, Faults& faults) {
  std::optional<ConfigDocument> document = read_document(file, faults);
  if (!document) return std::nullopt;
  return load_config_document(std::move(*document), overrides, plugins, faults);
}

std::optional<LoadedConfig> load_config_text(std::string_view text, const std::string& file_name,
                                             const std::vector<std::string>& overrides,
                                             const PluginSchemas& plugins, Faults& faults) {
  std::optional<ConfigDocument> document = parse_document(text, file_name, faults);
  if (!document) return std::nullopt;
  return load_config_document(std::move(*document), overrides, plugins, faults);
}

}  // namespace millrace
