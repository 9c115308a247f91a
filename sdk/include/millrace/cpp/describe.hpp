#pragma once

/// What a component says about itself. describe() runs at compile time, so that a wrong id, version
/// or schema is a compile error at the line that wrote it.

#include <millrace/abi.h>

#include <string_view>

namespace millrace {
inline namespace sdk_v1 {

enum class cap : uint64_t {
  stateless = MR_CAP_STATELESS,        ///< Processor: one instance per lane.
  idempotent = MR_CAP_IDEMPOTENT,      ///< Sink: writing a row twice changes nothing.
  two_phase = MR_CAP_TWO_PHASE,        ///< Sink: overrides prepare, commit and abort.
  in_commit = MR_CAP_IN_COMMIT,        ///< Sink: writes through txn/1.
  epoch_marked = MR_CAP_EPOCH_MARKED,  ///< Sink: derives from epoch_sink.
};
enum class status : uint32_t {
  stable = MR_STATUS_STABLE,
  beta = MR_STATUS_BETA,
  draft = MR_STATUS_DRAFT,
};
enum class trust : uint32_t {
  untrusted_input = MR_TRUST_UNTRUSTED_INPUT,
  own_input = MR_TRUST_OWN_INPUT,
};
struct title {
  const char* text;
};
struct url {
  const char* text;
};

struct component_info {
  const char *id, *version, *license, *doc, *schema;
  const char *title, *url = nullptr;
  uint64_t caps = 0;
  uint32_t status = MR_STATUS_UNSTATED, trust = MR_TRUST_UNSTATED;

  constexpr void set(cap value) { caps |= static_cast<uint64_t>(value); }
  constexpr void set(sdk_v1::status value) { status = static_cast<uint32_t>(value); }
  constexpr void set(sdk_v1::trust value) { trust = static_cast<uint32_t>(value); }
  constexpr void set(sdk_v1::title value) { title = value.text; }
  constexpr void set(sdk_v1::url value) { url = value.text; }
  constexpr bool has(cap value) const { return caps & static_cast<uint64_t>(value); }
};

namespace detail {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_label_char(char c) {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-';
}

/// Labels of lower case letters, digits, '_' and '-', at least two of them.
constexpr bool valid_id(std::string_view id) {
  std::size_t dots = 0, label = 0;
  for (char c : id) {
    if (c == '.') {
      if (label == 0) return false;
      ++dots;
      label = 0;
    } else if (is_label_char(c)) {
      ++label;
    } else {
      return false;
    }
  }
  return dots >= 1 && label > 0;
}

/// "1.2.3", then an optional "-pre" and "+build".
constexpr bool valid_version(std::string_view v) {
  std::size_t at = 0;
  for (int part = 0; part < 3; ++part) {
    if (part > 0 && (at >= v.size() || v[at++] != '.')) return false;
    const std::size_t begin = at;
    while (at < v.size() && is_digit(v[at])) ++at;
    if (at == begin || (v[begin] == '0' && at > begin + 1)) return false;
  }
  if (at == v.size()) return true;
  if (v[at] != '-' && v[at] != '+') return false;
  return at + 1 < v.size();
}

/// One JSON object, judged by its brackets and strings only: enough to catch a cut or mistyped
/// text.
constexpr bool looks_like_object(std::string_view text) {
  std::size_t depth = 0, at = 0;
  bool in_string = false, begun = false, ended = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') continue;
    if (ended || (!begun && c != '{')) return false;
    begun = true;
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) ended = true;
  }
  return ended && !in_string;
}

}  // namespace detail

/// `id`: reverse domain name; users write its last label. `license`: SPDX. `schema`: JSON Schema
/// draft-07 of the configuration, as an object. `options`: cap, status, trust, title, url.
template <class... Options>
consteval component_info describe(const char* id, const char* version, const char* license,
                                  const char* doc, const char* schema, Options... options) {
  if (!detail::valid_id(id)) throw "the id must be a reverse domain name such as org.example.thing";
  if (!detail::valid_version(version)) throw "the version must be semantic, such as 1.0.0";
  if (std::string_view(license).empty()) throw "the license must be an SPDX expression";
  if (std::string_view(doc).empty()) throw "the documentation must not be empty";
  if (!detail::looks_like_object(schema)) throw "the schema must be a JSON object";
  const std::string_view name(id);
  component_info info{.id = id,
                      .version = version,
                      .license = license,
                      .doc = doc,
                      .schema = schema,
                      .title = id + name.rfind('.') + 1};
  (info.set(options), ...);
  return info;
}

}  // namespace sdk_v1
}  // namespace millrace
