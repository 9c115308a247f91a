#include "plugin/inspect.h"

#include <stdio.h>
#include <unistd.h>

#include "json/document.h"
#include "json/write.h"
#include "plugin/library.h"

namespace millrace {
namespace {

constexpr std::pair<const char*, std::string ComponentInfo::*> kTexts[] = {
    {"id", &ComponentInfo::id},
    {"version", &ComponentInfo::version},
    {"title", &ComponentInfo::title},
    {"doc", &ComponentInfo::doc},
    {"license", &ComponentInfo::license},
    {"url", &ComponentInfo::url},
    {"config_schema", &ComponentInfo::config_schema}};

std::string text_or_empty(const char* text) { return text ? text : ""; }

}  // namespace

ComponentInfo info_of(const mr_component& c, std::string file) {
  ComponentInfo info{};
  info.kind = static_cast<Kind>(c.kind);
  info.id = c.id;
  info.name = info.id.substr(info.id.rfind('.') + 1);
  info.version = c.version;
  info.title = text_or_empty(c.title);
  info.doc = text_or_empty(c.doc);
  info.license = c.license;
  info.url = text_or_empty(c.url);
  info.config_schema = c.config_schema;
  info.caps = c.caps;
  info.status = c.status;
  info.trust = c.trust;
  info.file = std::move(file);
  return info;
}

JsonValue info_to_json(const ComponentInfo& info) {
  JsonValue json = JsonValue::object();
  for (const auto& [key, member] : kTexts) json.set(key, JsonValue::string(info.*member));
  json.set("kind", JsonValue::integer(static_cast<int64_t>(info.kind)));
  json.set("caps", JsonValue::integer(static_cast<int64_t>(info.caps)));
  json.set("status", JsonValue::integer(info.status));
  json.set("trust", JsonValue::integer(info.trust));
  return json;
}

Result<ComponentInfo> info_from_json(const JsonValue& json, const std::string& file) {
  const Error broken{Code::kPluginRefused, "its inspection gave no usable answer"};
  ComponentInfo info{};
  for (const auto& [key, member] : kTexts) {
    const JsonValue* text = json.find(key);
    if (!text || !text->is_string()) return broken;
    info.*member = text->as_string();
  }
  int64_t numbers[4];
  int at = 0;
  for (const char* key : {"kind", "caps", "status", "trust"}) {
    const JsonValue* number = json.find(key);
    if (!number || !number->is_int()) return broken;
    numbers[at++] = number->as_int();
  }
  if (numbers[0] < MR_SOURCE || numbers[0] > MR_SINK) return broken;
  info.kind = static_cast<Kind>(numbers[0]);
  info.caps = static_cast<uint64_t>(numbers[1]);
  info.status = static_cast<uint32_t>(numbers[2]);
  info.trust = static_cast<uint32_t>(numbers[3]);
  info.name = info.id.substr(info.id.rfind('.') + 1);
  info.file = file;
  return info;
}

int inspect_file_main(const char* file) {
  // What the library's constructors print must not get into the answer.
  const int answer = dup(STDOUT_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  auto module = load_library(file);
  if (!module) {
    fprintf(stderr, "%s\n", module.error().message.c_str());
    return 3;
  }
  JsonValue components = JsonValue::array();
  for (uint32_t i = 0; i < (*module)->count; ++i) {
    components.push_back(info_to_json(info_of(*(*module)->components[i], file)));
  }
  const std::string text = to_json(components);
  for (size_t at = 0; at < text.size();) {
    const ssize_t n = write(answer, text.data() + at, text.size() - at);
    if (n <= 0) return 3;
    at += static_cast<size_t>(n);
  }
  // Destructors of the library's statics are none of our business.
  fflush(nullptr);
  _exit(0);
}

}  // namespace millrace
