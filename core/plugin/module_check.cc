#include "plugin/module_check.h"

#include <string.h>

#include <set>

#include "json/document.h"
#include "json/utf8.h"
#include "millrace/cpp/describe.hpp"

namespace millrace {
namespace {

constexpr uint32_t kStructSizeMax = 1 << 16;
constexpr uint32_t kComponentsMax = 256;
constexpr size_t kTextMax = 1 << 16;
constexpr size_t kSchemaMax = 4 << 20;
constexpr uint64_t kSinkCaps =
    MR_CAP_IDEMPOTENT | MR_CAP_TWO_PHASE | MR_CAP_IN_COMMIT | MR_CAP_EPOCH_MARKED;

Error refused(std::string why) { return {Code::kPluginRefused, std::move(why)}; }

Result<void> check_size(uint32_t size, uint32_t min, const char* what) {
  if (size >= min && size <= kStructSizeMax) return {};
  return refused(std::string(what) + " says that it has " + std::to_string(size) +
                 " bytes, ABI 1 has at least " + std::to_string(min) +
                 ": the library is broken or was not built with a Millrace SDK");
}

Result<void> check_text(const char* text, const char* what, size_t max, bool required) {
  if (!text || !*text) {
    return required ? Result<void>(refused(std::string(what) + " is missing")) : Result<void>();
  }
  const size_t length = strnlen(text, max + 1);
  if (length > max) return refused(std::string(what) + " is too long");
  if (!is_valid_utf8({text, length})) return refused(std::string(what) + " is not valid UTF-8");
  return {};
}

Result<void> check_texts(const mr_component& c) {
  MILLRACE_TRY(check_text(c.id, "the id", 256, true));
  if (!detail::valid_id(c.id)) return refused("the id is not a reverse domain name");
  MILLRACE_TRY(check_text(c.version, "the version", 128, true));
  if (!detail::valid_version(c.version)) return refused("the version is not semantic (1.2.3)");
  MILLRACE_TRY(check_text(c.title, "the title", kTextMax, false));
  MILLRACE_TRY(check_text(c.doc, "the documentation", kTextMax, true));
  MILLRACE_TRY(check_text(c.license, "the license", 1024, true));
  MILLRACE_TRY(check_text(c.url, "the url", 4096, false));
  MILLRACE_TRY(check_text(c.config_schema, "the schema", kSchemaMax, true));
  auto schema = parse_json(c.config_schema, "schema");
  if (!schema) return refused("the schema is not JSON: " + schema.error().message);
  if (!schema->root.is_object()) return refused("the schema is not a JSON object");
  return {};
}

Result<void> check_ops(const mr_component& c) {
  const auto size = *static_cast<const uint32_t*>(c.ops);
  if (c.kind == MR_SOURCE) {
    MILLRACE_TRY(check_size(size, MR_SOURCE_MIN_SIZE, "mr_source"));
    auto* ops = static_cast<const mr_source*>(c.ops);
    if (!ops->poll || !ops->snapshot) return refused("poll or snapshot is missing");
  } else if (c.kind == MR_PROCESSOR) {
    MILLRACE_TRY(check_size(size, MR_PROCESSOR_MIN_SIZE, "mr_processor"));
    if (!static_cast<const mr_processor*>(c.ops)->process) return refused("process is missing");
  } else {
    MILLRACE_TRY(check_size(size, MR_SINK_MIN_SIZE, "mr_sink"));
    auto* ops = static_cast<const mr_sink*>(c.ops);
    if (!ops->write) return refused("write is missing");
    if ((c.caps & MR_CAP_TWO_PHASE) && (!ops->prepare || !ops->commit || !ops->abort)) {
      return refused("two_phase needs prepare, commit and abort");
    }
  }
  return {};
}

Result<void> check_component(const mr_component& c) {
  MILLRACE_TRY(check_size(c.struct_size, MR_COMPONENT_MIN_SIZE, "mr_component"));
  if (c.kind < MR_SOURCE || c.kind > MR_SINK) {
    return refused("unknown kind " + std::to_string(c.kind) +
                   "; this host knows sources, processors and sinks");
  }
  MILLRACE_TRY(check_texts(c));
  if (!c.life || !c.ops) return refused("a function table is missing");
  MILLRACE_TRY(check_size(c.life->struct_size, MR_LIFECYCLE_MIN_SIZE, "mr_lifecycle"));
  if (!c.life->create || !c.life->open || !c.life->close || !c.life->destroy) {
    return refused("create, open, close or destroy is missing");
  }
  if ((c.caps & MR_CAP_STATELESS) && c.kind != MR_PROCESSOR) {
    return refused("only processors can be stateless");
  }
  if ((c.caps & kSinkCaps) && c.kind != MR_SINK) return refused("it has capabilities of a sink");
  return check_ops(c);
}

}  // namespace

Result<void> check_module(const mr_module* module) {
  if (!module) return refused(MR_ENTRY_SYMBOL " returned nothing");
  MILLRACE_TRY(check_size(module->struct_size, MR_MODULE_MIN_SIZE, "mr_module"));
  if (module->needs_host_minor > MR_ABI_MINOR) {
    return refused("it needs Millrace ABI 1." + std::to_string(module->needs_host_minor) +
                   ", this host has 1." + std::to_string(MR_ABI_MINOR) +
                   "; remedy: a newer Millrace, or an older version of the plugin");
  }
  if (module->count == 0 || module->count > kComponentsMax || !module->components) {
    return refused("it has " + std::to_string(module->count) + " components");
  }
  std::set<std::pair<uint32_t, std::string>> names;
  for (uint32_t i = 0; i < module->count; ++i) {
    const mr_component* c = module->components[i];
    if (!c) return refused("component " + std::to_string(i) + " is missing");
    if (auto fine = check_component(*c); !fine) {
      return fine.error().in("component " + std::to_string(i));
    }
    if (!names.emplace(c->kind, c->id).second)
      return refused(std::string(c->id) + " is in it twice");
  }
  return {};
}

}  // namespace millrace
