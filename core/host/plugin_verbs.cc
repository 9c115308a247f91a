#include <fmt/format.h>

#include <filesystem>

#include "config/docs.h"
#include "config/schema_document.h"
#include "expr/reference.h"
#include "host/options.h"
#include "host/setup.h"
#include "json/document.h"
#include "json/write.h"
#include "plan/infer.h"

namespace millrace {
namespace {

std::vector<std::string> cap_names(uint64_t caps) {
  std::vector<std::string> names;
  const auto add = [&](uint64_t cap, const char* name) {
    if (caps & cap) names.emplace_back(name);
  };
  add(MR_CAP_STATELESS, "stateless");
  add(MR_CAP_IDEMPOTENT, "idempotent");
  add(MR_CAP_TWO_PHASE, "two_phase");
  add(MR_CAP_IN_COMMIT, "in_commit");
  add(MR_CAP_EPOCH_MARKED, "epoch_marked");
  return names;
}

JsonValue info_json(const ComponentInfo& info, bool whole) {
  JsonValue out = JsonValue::object();
  out.set("kind", JsonValue::string(std::string(kind_name(info.kind))));
  out.set("name", JsonValue::string(info.name));
  out.set("id", JsonValue::string(info.id));
  out.set("version", JsonValue::string(info.version));
  out.set("title", JsonValue::string(info.title));
  out.set("license", JsonValue::string(info.license));
  out.set("file", JsonValue::string(info.file.empty() ? "built in" : info.file));
  JsonValue& caps = out.set("capabilities", JsonValue::array());
  for (const std::string& name : cap_names(info.caps)) caps.push_back(JsonValue::string(name));
  if (!whole) return out;
  out.set("doc", JsonValue::string(info.doc));
  out.set("url", JsonValue::string(info.url));
  auto schema = parse_json(info.config_schema, info.id);
  out.set("config_schema", schema ? std::move(schema->root) : JsonValue());
  return out;
}

std::vector<const ComponentInfo*> matching(const PluginIndex& index, const std::string& id) {
  std::vector<const ComponentInfo*> found;
  for (const ComponentInfo& info : index.components()) {
    if (info.id == id || info.name == id || (!info.file.empty() && info.file == id))
      found.push_back(&info);
  }
  return found;
}

int no_such_plugin(const PluginIndex& index, const std::string& id) {
  std::vector<std::string> names;
  for (const ComponentInfo& info : index.components()) names.push_back(info.name);
  const std::string hint = spelling_hint(id, names);
  return report_error(
      {Code::kInvalidConfig, "there is no plugin \"" + id + "\"" +
                                 (hint.empty() ? "; `millrace plugins` lists them" : "; " + hint)});
}

/// A file outside the index is looked at like one inside: by the child process.
Result<PluginIndex> index_for(const std::string& id_or_file, std::vector<std::string> dirs,
                              std::string& id) {
  std::error_code error;
  id = id_or_file;
  if (id_or_file.find('/') != std::string::npos || id_or_file.ends_with(".mrp.so")) {
    const auto file = std::filesystem::canonical(id_or_file, error);
    if (error) return Error{Code::kInvalidConfig, id_or_file + ": there is no such file"};
    if (!id_or_file.ends_with(".mrp.so")) {
      return Error{Code::kPluginRefused,
                   id_or_file + ": not a plugin: libraries of plugins are named NAME.mrp.so"};
    }
    id = file.string();
    dirs.push_back(file.parent_path().string());
  }
  return scan_plugins(dirs);
}

std::string docs_of(const ComponentInfo& info) {
  const auto docs =
      plugin_docs({std::string(kind_name(info.kind)), info.name, info.id, info.config_schema});
  return docs ? docs.value() : docs.error().message;
}

void print_info(const ComponentInfo& info) {
  fmt::print("{} {} {}\n  {}\n  id       {}\n  file     {}\n  licence  {}\n", kind_name(info.kind),
             info.name, info.version, info.doc, info.id, info.file.empty() ? "built in" : info.file,
             info.license);
  if (!info.url.empty()) fmt::print("  url      {}\n", info.url);
  std::string caps;
  for (const std::string& name : cap_names(info.caps)) caps += (caps.empty() ? "" : ", ") + name;
  if (!caps.empty()) fmt::print("  can      {}\n", caps);
}

}  // namespace

int plugins_verb(bool json, const std::vector<std::string>& plugin_dirs) {
  auto index = scan_plugins(plugin_dirs);
  if (!index) return report_error(index.error());
  if (json) {
    JsonValue out = JsonValue::object();
    JsonValue& plugins = out.set("plugins", JsonValue::array());
    for (const ComponentInfo& info : index->components()) plugins.push_back(info_json(info, false));
    JsonValue& refused = out.set("refused", JsonValue::array());
    for (const RefusedFile& file : index->refused()) {
      JsonValue one = JsonValue::object();
      one.set("file", JsonValue::string(file.file));
      one.set("reason", JsonValue::string(file.reason));
      refused.push_back(std::move(one));
    }
    fmt::print("{}\n", to_pretty_json(out));
    return 0;
  }
  for (const ComponentInfo& info : index->components()) {
    fmt::print("{:<10} {:<14} {:<8} {}\n", kind_name(info.kind), info.name, info.version,
               info.title);
  }
  for (const RefusedFile& file : index->refused())
    fmt::print("refused    {}: {}\n", file.file, file.reason);
  return 0;
}

int inspect_verb(const std::string& id_or_file, bool json,
                 const std::vector<std::string>& plugin_dirs) {
  std::string id;
  auto index = index_for(id_or_file, plugin_dirs, id);
  if (!index) return report_error(index.error());
  for (const RefusedFile& file : index->refused()) {
    if (file.file == id)
      return report_error({Code::kPluginRefused, file.file + ": " + file.reason});
  }
  const auto found = matching(*index, id);
  if (found.empty()) return no_such_plugin(*index, id);
  JsonValue all = JsonValue::array();
  for (const ComponentInfo* info : found) {
    if (json) {
      all.push_back(info_json(*info, true));
      continue;
    }
    print_info(*info);
    fmt::print("\n{}\n", docs_of(*info));
  }
  if (json) fmt::print("{}\n", to_pretty_json(all));
  return 0;
}

int docs_verb(const std::string& id, const std::vector<std::string>& plugin_dirs) {
  if (id == "config") {
    fmt::print("{}", host_docs());
    return 0;
  }
  if (id == "expressions") {
    fmt::print("{}", expression_reference());
    return 0;
  }
  auto index = scan_plugins(plugin_dirs);
  if (!index) return report_error(index.error());
  const auto found = matching(*index, id);
  if (found.empty()) return no_such_plugin(*index, id);
  for (const ComponentInfo* info : found) fmt::print("{}\n", docs_of(*info));
  return 0;
}

int schema_verb(const std::vector<std::string>& plugin_dirs) {
  auto index = scan_plugins(plugin_dirs);
  if (!index) return report_error(index.error());
  fmt::print("{}\n", schema_document(IndexedSchemas(*index)));
  return 0;
}

int infer_verb(const std::string& file, const std::string& format,
               const std::vector<std::string>& plugin_dirs) {
  if (!format.empty() && format != "ndjson" && format != "csv") {
    return report_error(
        {Code::kInvalidConfig, "--format " + format + ": fields are inferred of ndjson or csv"});
  }
  auto index = scan_plugins(plugin_dirs);
  if (!index) return report_error(index.error());
  const ComponentInfo* info = index->find(Kind::kSource, "file");
  if (!info) return report_error({Code::kInvalidConfig, "the file source is not installed"});
  auto component = index->load(*info);
  if (!component) return report_error(component.error());
  const bool csv = format.empty() ? file.find(".csv") != std::string::npos : format == "csv";
  JsonValue config = JsonValue::object();
  config.set("path", JsonValue::string(file));
  config.set("format", JsonValue::string(csv ? "csv" : "ndjson"));
  auto schema = infer_schema(*component, {"infer", "sample"}, to_json(config));
  if (!schema) return report_error(schema.error());
  if (schema->fields().empty()) {
    return report_error({Code::kFailed, file + (csv ? ": holds no row of CSV"
                                                    : ": no line of it is a JSON object with a "
                                                      "member; CSV needs --format csv")});
  }
  JsonValue out = JsonValue::object();
  JsonValue& block = out.set("schema", JsonValue::object());
  for (const Field& field : schema->fields()) {
    block.set(field.name, JsonValue::string(std::string(type_name(field.type))));
  }
  fmt::print("{}\n", to_pretty_json(out));
  return 0;
}

}  // namespace millrace
