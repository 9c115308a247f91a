#include "json/extension.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "json/document.h"

namespace millrace {
namespace {

// Every slot is noexcept: a plugin's frames are no place to unwind through. Out of memory
// ends the process, as everywhere in the host.

const JsonValue& node_of(const mr_json* node) { return *reinterpret_cast<const JsonValue*>(node); }
const mr_json* handle_of(const JsonValue* value) { return reinterpret_cast<const mr_json*>(value); }
std::string_view view_of(mr_str text) {
  return text.ptr ? std::string_view(text.ptr, text.len) : std::string_view();
}
mr_str str_of(std::string_view text) { return {text.data(), text.size()}; }

void report(mr_err* err, mr_rc code, std::string_view message) {
  if (!err) return;
  err->rc = code;
  err->msg_len = 0;
  if (!err->msg) return;
  err->msg_len = static_cast<uint32_t>(std::min<size_t>(message.size(), err->msg_cap));
  std::memcpy(err->msg, message.data(), err->msg_len);
}

mr_rc parse(mr_ctx*, mr_str text, mr_json** root, mr_err* err) noexcept {
  if (!root) return MR_E_CONTRACT;
  *root = nullptr;
  auto document = parse_json(view_of(text), "");
  if (!document) {
    report(err, MR_E_RECORD, document.error().message);
    return MR_E_RECORD;
  }
  auto* owned = new JsonValue(std::move(document->root));
  *root = reinterpret_cast<mr_json*>(owned);
  return MR_OK;
}

const mr_json* at(const mr_json* node, mr_str pointer) noexcept {
  return node ? handle_of(node_of(node).at(view_of(pointer))) : nullptr;
}

uint32_t type(const mr_json* node) noexcept {
  if (!node || node_of(node).is_null()) return MR_JSON_NULL;
  const JsonValue& value = node_of(node);
  if (value.is_bool()) return value.as_bool() ? MR_JSON_TRUE : MR_JSON_FALSE;
  if (value.is_number()) return MR_JSON_NUMBER;
  if (value.is_string()) return MR_JSON_STRING;
  return value.is_array() ? MR_JSON_ARRAY : MR_JSON_OBJECT;
}

mr_rc str(const mr_json* node, mr_str* text) noexcept {
  if (!node || !text || !node_of(node).is_string()) return MR_E_RECORD;
  *text = str_of(node_of(node).as_string());
  return MR_OK;
}

mr_rc i64(const mr_json* node, int64_t* number) noexcept {
  if (!node || !number || !node_of(node).is_int()) return MR_E_RECORD;
  *number = node_of(node).as_int();
  return MR_OK;
}

mr_rc f64(const mr_json* node, double* number) noexcept {
  if (!node || !number || !node_of(node).is_number()) return MR_E_RECORD;
  *number = node_of(node).as_double();
  return MR_OK;
}

mr_rc iterate(const mr_json* node, uint64_t* cursor, mr_str* key, const mr_json** value) noexcept {
  if (!cursor || !key || !value) return MR_E_CONTRACT;
  if (!node) return MR_OK;
  const JsonValue& container = node_of(node);
  if (container.is_array() && *cursor < container.items().size()) {
    *key = {nullptr, 0};
    *value = handle_of(&container.items()[(*cursor)++]);
    return MR_MORE;
  }
  if (container.is_object() && *cursor < container.members().size()) {
    const JsonValue::Member& member = container.members()[(*cursor)++];
    *key = str_of(member.key);
    *value = handle_of(&member.value);
    return MR_MORE;
  }
  return MR_OK;
}

void free_root(mr_json* root) noexcept { delete reinterpret_cast<JsonValue*>(root); }

constexpr mr_json_v1 kExtension = {sizeof(mr_json_v1), 0, parse, at, type, str, i64, f64, iterate,
                                   free_root};

}  // namespace

const mr_json_v1* json_extension() { return &kExtension; }

}  // namespace millrace
