#include "config/schema_walk.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/duration.h"
#include "base/log.h"
#include "base/spelling.h"
#include "config/explain.h"
#include "config/schema_check.h"
#include "config/schema_merge.h"
#include "json/document.h"

namespace millrace {
namespace {

/// std::regex recurses per character; 100 000 of them overflow the stack.
constexpr size_t kPatternTextMax = 4096;
constexpr size_t kListedKeysMax = 12;

bool branch_admits(const JsonValue& branch, const JsonValue& value) {
  Forms forms;
  if (branch.is_object()) forms.all.push_back(&branch);
  return forms.admits(value.kind_name());
}

/// The branch that fits whole, else the only one that fits by kind of value.
const JsonValue* pick_branch(const JsonValue& value, const JsonValue& branches) {
  if (!branches.is_array()) return nullptr;
  for (const JsonValue& branch : branches.items()) {
    if (matches(value, branch)) return &branch;
  }
  const JsonValue* picked = nullptr;
  for (const JsonValue& branch : branches.items()) {
    if (!branch_admits(branch, value)) continue;
    if (picked != nullptr) return nullptr;
    picked = &branch;
  }
  return picked;
}

void collect_forms(const JsonValue& value, const JsonValue& schema, Forms& out) {
  if (!schema.is_object()) return;
  out.all.push_back(&schema);
  if (const JsonValue* parts = schema.find("allOf"); parts != nullptr && parts->is_array()) {
    for (const JsonValue& part : parts->items()) collect_forms(value, part, out);
  }
  for (const char* keyword : {"anyOf", "oneOf"}) {
    const JsonValue* branches = schema.find(keyword);
    const JsonValue* picked = branches == nullptr ? nullptr : pick_branch(value, *branches);
    if (picked == nullptr) continue;
    out.branch = picked;
    collect_forms(value, *picked, out);
  }
  if (const JsonValue* condition = schema.find("if")) {
    const JsonValue* then = schema.find(matches(value, *condition) ? "then" : "else");
    if (then != nullptr) collect_forms(value, *then, out);
  }
}

/// Whether keys that no form names are wrong.
bool is_closed(const Forms& forms) {
  bool closed = false;
  for (const JsonValue* form : forms.all) {
    const JsonValue* rest = form->find("additionalProperties");
    if (rest == nullptr) {
      closed = closed || form->find("properties") != nullptr;
    } else if (rest->is_bool() && !rest->as_bool()) {
      closed = true;
    } else {
      return false;
    }
  }
  return closed;
}

bool is_one_of(const std::string& text, const JsonValue* words) {
  return words != nullptr && words->is_array() &&
         std::any_of(words->items().begin(), words->items().end(), [&](const JsonValue& word) {
           return word.is_string() && word.as_string() == text;
         });
}

bool is_true(const JsonValue* value) {
  return value != nullptr && value->is_bool() && value->as_bool();
}

void hide_texts(const JsonValue& value) {
  if (value.is_string()) hide_in_log(value.as_string());
  if (value.is_array()) {
    for (const JsonValue& item : value.items()) hide_texts(item);
  } else if (value.is_object()) {
    for (const JsonValue::Member& member : value.members()) hide_texts(member.value);
  }
}

}  // namespace

void SchemaWalk::run(const std::string& pointer, const JsonValue& schema) {
  JsonValue* value = document_.root.at(pointer);
  if (value != nullptr) walk(*value, {&schema}, pointer);
}

const Forms* SchemaWalk::forms_at(std::string_view pointer) const {
  const auto found = forms_.find(pointer);
  return found == forms_.end() ? nullptr : &found->second;
}

bool SchemaWalk::suggested(const std::string& pointer, std::string_view key) const {
  return suggestions_.contains(pointer_child(pointer, key));
}

void SchemaWalk::walk(JsonValue& value, const std::vector<const JsonValue*>& schemas,
                      const std::string& pointer) {
  Forms forms;
  for (const JsonValue* schema : schemas) collect_forms(value, *schema, forms);
  convert(value, forms, pointer);
  if (is_true(forms.find("x-secret"))) {
    hide_texts(value);
    document_.mark_secret(pointer);
  }
  if (value.is_string()) check_text(value, forms, pointer);
  forms_[pointer] = std::move(forms);
  if (value.is_object()) walk_object(value, pointer);
  if (value.is_array()) walk_array(value, pointer);
}

void SchemaWalk::walk_object(JsonValue& value, const std::string& pointer) {
  const Forms forms = forms_[pointer];
  const bool closed = is_closed(forms);
  const bool patterns = forms.find("patternProperties") != nullptr;
  for (const JsonValue::Member& member : value.members()) {
    if (patterns && member.key.size() > kPatternTextMax) {
      unsafe_ = true;
      faults_.add(document_.where_key(pointer), "has a key longer than 4096 bytes");
      return;
    }
    if (closed && forms.of_member(member.key).empty()) {
      unknown_key(forms, pointer_child(pointer, member.key));
    }
  }
  fill_defaults(value, forms);
  for (JsonValue::Member& member : value.members()) {
    walk(member.value, forms.of_member(member.key), pointer_child(pointer, member.key));
  }
}

void SchemaWalk::walk_array(JsonValue& value, const std::string& pointer) {
  const Forms forms = forms_[pointer];
  const JsonValue* items = forms.find("items");
  for (size_t i = 0; i < value.items().size(); ++i) {
    std::vector<const JsonValue*> schemas;
    if (items != nullptr && items->is_object()) schemas.push_back(items);
    if (items != nullptr && items->is_array() && i < items->items().size()) {
      schemas.push_back(&items->items()[i]);
    }
    walk(value.items()[i], schemas, pointer_child(pointer, i));
  }
}

void SchemaWalk::convert(JsonValue& value, const Forms& forms, const std::string& pointer) {
  const std::string* raw = document_.loose_text(pointer);
  if (raw == nullptr || forms.admits(value.kind_name())) return;
  JsonValue converted = JsonValue::string(*raw);
  if (!forms.admits("string")) {
    Result<JsonDocument> parsed = parse_json(*raw, "");
    if (!parsed || !forms.admits(parsed->root.kind_name())) return;
    converted = std::move(parsed->root);
    drop_positions(converted);
  }
  converted.set_position(value.position());
  value = std::move(converted);
}

void SchemaWalk::check_text(const JsonValue& value, const Forms& forms,
                            const std::string& pointer) {
  const std::string& text = value.as_string();
  if (forms.find("pattern") != nullptr && text.size() > kPatternTextMax) {
    unsafe_ = true;
    faults_.add(document_.where(pointer), "longer than 4096 bytes");
    return;
  }
  if (is_one_of(text, forms.find("x-words"))) return;
  const JsonValue* duration = forms.find("x-duration");
  if (duration != nullptr && (duration->is_string() || is_true(duration))) {
    check_duration(text, *duration, pointer);
  }
  if (is_true(forms.find("x-size"))) check_size(text, pointer);
}

void SchemaWalk::check_duration(const std::string& text, const JsonValue& rule,
                                const std::string& pointer) {
  const std::string kind = rule.is_string() ? rule.as_string() : "";
  const std::optional<int64_t> us = parse_duration(text);
  if (!us) {
    faults_.add(document_.where(pointer),
                "expected a duration such as \"5s\", found " + found(text, pointer),
                "units are ms s m h d");
  } else if (*us < 0 && kind != "signed") {
    faults_.add(document_.where(pointer), "must not be negative, found " + found(text, pointer));
  } else if (*us == 0 && kind == "positive") {
    faults_.add(document_.where(pointer), "must be longer than 0, found " + found(text, pointer));
  }
}

void SchemaWalk::check_size(const std::string& text, const std::string& pointer) {
  if (parse_size(text)) return;
  faults_.add(document_.where(pointer),
              "expected a size such as \"64MiB\", found " + found(text, pointer),
              "units are B KB MB GB TB and KiB MiB GiB TiB");
}

void SchemaWalk::unknown_key(const Forms& forms, const std::string& pointer) {
  if (faults_.full()) {  // Places cost a search each.
    faults_.add(Where{}, "unknown key");
    return;
  }
  faults_.add(document_.where_key(pointer), "unknown key", unknown_key_hint(forms, pointer));
}

std::string SchemaWalk::unknown_key_hint(const Forms& forms, const std::string& pointer) {
  const std::string key = last_key(pointer);
  const std::string parent = pointer.substr(0, last_token(pointer));
  const std::vector<std::string> names = forms.property_names();
  // A key that is right, but one level off, is a frequent mistake.
  for (const std::string& name : names) {
    for (const JsonValue* property : forms.of_member(name)) {
      const JsonValue* inner = property->find("properties");
      if (inner != nullptr && inner->find(key)) return "\"" + name + "\" has a key of that name";
    }
  }
  if (std::optional<std::string> nearest = nearest_name(key, names)) {
    suggestions_.insert(pointer_child(parent, *nearest));
    return "did you mean \"" + *nearest + "\"?";
  }
  const Forms* outer = parent.empty() ? nullptr : forms_at(parent.substr(0, last_token(parent)));
  if (outer != nullptr && !outer->of_member(key).empty() && is_closed(*outer)) {
    return "it belongs one level up, beside \"" + last_key(parent) + "\"";
  }
  if (names.empty()) return "no key is known here";
  if (names.size() > kListedKeysMax) return "`millrace docs " + docs_name_ + "` lists the keys";
  std::string out = "known keys are ";
  for (size_t i = 0; i < names.size(); ++i) out += (i > 0 ? ", " : "") + names[i];
  return out;
}

void SchemaWalk::fill_defaults(JsonValue& value, const Forms& forms) {
  for (const std::string& name : forms.property_names()) {
    for (const JsonValue* property : forms.of_member(name)) {
      const JsonValue* standard = property->find("default");
      if (standard == nullptr) continue;
      if (JsonValue* present = value.find(name)) {
        merge_missing(*present, *standard);
      } else {
        value.set(name, *standard);
      }
      break;
    }
  }
}

std::string SchemaWalk::found(const std::string& text, const std::string& pointer) const {
  return shown_value(JsonValue::string(text), document_.is_secret(pointer));
}

}  // namespace millrace
