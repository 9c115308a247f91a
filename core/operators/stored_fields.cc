#include "operators/stored_fields.h"

#include "base/bytes.h"
#include "base/log.h"
#include "window/stored_row.h"

namespace millrace {
namespace {

Error damaged(const std::string& name) {
  return {Code::kCorrupt,
          "the stored fields of " + name + " are damaged; drop its state with --forget " + name};
}

Error unreadable(const std::string& why, const std::string& name) {
  return {Code::kInvalidConfig,
          why + "; drop that state with --forget " + name + ", or undo the change"};
}

}  // namespace

JsonValue StoredFields::json() const {
  JsonValue out = JsonValue::object();
  out.set("bytes", JsonValue::boolean(bytes_));
  JsonValue& fields = out.set("fields", JsonValue::array());
  for (const Field& field : fields_) {
    JsonValue one = JsonValue::array();
    one.push_back(JsonValue::string(field.name));
    one.push_back(JsonValue::string(std::string(type_name(field.type))));
    fields.push_back(std::move(one));
  }
  return out;
}

Result<StoredFields::Conversion> StoredFields::from(const JsonValue* stored,
                                                    const std::string& name) const {
  Conversion out;
  const JsonValue* bytes = stored ? stored->find("bytes") : nullptr;
  const JsonValue* fields = stored ? stored->find("fields") : nullptr;
  if (!bytes || !bytes->is_bool() || !fields || !fields->is_array()) return damaged(name);
  out.had_bytes_ = bytes->as_bool();
  out.has_bytes_ = bytes_;
  std::vector<std::string> names;
  for (const JsonValue& field : fields->items()) {
    const bool pair = field.is_array() && field.items().size() == 2 &&
                      field.items()[0].is_string() && field.items()[1].is_string();
    const auto type = pair ? type_from_name(field.items()[1].as_string()) : std::nullopt;
    if (!type) return damaged(name);
    names.push_back(field.items()[0].as_string());
    out.stored_.push_back(*type);
  }
  if (bytes_ && !out.had_bytes_) {
    return unreadable(
        name + " has stored rows without the bytes of their records, which it passes on now", name);
  }
  out.changes_ = out.had_bytes_ != bytes_ || names.size() != fields_.size();
  MILLRACE_TRY(place_fields(names, name, out));
  return out;
}

/// Where each field of today stands in the stored rows.
Result<void> StoredFields::place_fields(const std::vector<std::string>& names,
                                        const std::string& name, Conversion& out) const {
  std::string missing;
  for (size_t i = 0; i < fields_.size(); ++i) {
    int32_t place = -1;
    for (size_t k = 0; k < names.size(); ++k) {
      if (names[k] == fields_[i].name) place = static_cast<int32_t>(k);
    }
    if (place < 0) missing += (missing.empty() ? "" : ", ") + fields_[i].name;
    if (place >= 0 && out.stored_[static_cast<size_t>(place)] != fields_[i].type) {
      return unreadable(name + " has stored rows whose \"" + fields_[i].name + "\" is " +
                            std::string(type_name(out.stored_[static_cast<size_t>(place)])) +
                            ", now " + std::string(type_name(fields_[i].type)),
                        name);
    }
    out.changes_ = out.changes_ || place != static_cast<int32_t>(i);
    out.from_.push_back(place);
  }
  if (!missing.empty())
    log_info("rows that " + name + " stored before have no " + missing + ": NULL in them");
  return {};
}

bool StoredFields::Conversion::apply(std::string& row) const {
  if (!changes_) return true;
  ByteReader reader(row);
  std::string out;
  const std::string_view bytes = had_bytes_ ? reader.sized() : std::string_view();
  if (has_bytes_) append_sized(out, bytes);
  std::vector<std::string_view> cells;
  for (Type type : stored_) {
    const std::string_view before = reader.left();
    if (!skip_stored_cell(reader, type)) return false;
    cells.push_back(before.substr(0, before.size() - reader.left().size()));
  }
  if (!reader.at_end()) return false;
  for (int32_t from : from_) {
    if (from >= 0) {
      out += cells[static_cast<size_t>(from)];
    } else {
      append_u8(out, kNull);
    }
  }
  row = std::move(out);
  return true;
}

}  // namespace millrace
