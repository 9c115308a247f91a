#include "config/explain.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/log.h"
#include "json/write.h"

namespace millrace {
namespace {

using What = Violation::What;

constexpr size_t kShownBytesMax = 60;
constexpr size_t kExampleBytesMax = 80;

/// Cut at a character's start, so that the text stays UTF-8.
std::string cut(std::string text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

/// `a, b or c`
std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

std::string type_word(const std::string& type) {
  if (type == "integer") return "a whole number";
  if (type == "number") return "a number";
  if (type == "string") return "a string";
  if (type == "boolean") return "true or false";
  if (type == "array") return "a list";
  if (type == "object") return "an object";
  return type;
}

bool is_set(const JsonValue* value) {
  return value != nullptr && !(value->is_bool() && !value->as_bool());
}

std::string string_words(const JsonValue& form) {
  if (is_set(form.find("x-duration"))) return "a duration such as \"5s\"";
  if (is_set(form.find("x-size"))) return "a size such as \"64MiB\"";
  return type_word("string");
}

void add_types(const JsonValue& form, std::vector<std::string>& out) {
  const JsonValue* type = form.find("type");
  if (type == nullptr) return;
  std::vector<std::string> names;
  if (type->is_string()) names.push_back(type->as_string());
  if (type->is_array()) {
    for (const JsonValue& item : type->items()) {
      if (item.is_string()) names.push_back(item.as_string());
    }
  }
  for (const std::string& name : names) {
    const std::string word = name == "string" ? string_words(form) : type_word(name);
    if (std::find(out.begin(), out.end(), word) == out.end()) out.push_back(word);
  }
}

const JsonValue* number_of(const Forms& forms, const char* keyword) {
  const JsonValue* number = forms.find(keyword);
  return number != nullptr && number->is_number() ? number : nullptr;
}

std::string counted(const JsonValue& number, const JsonValue& value) {
  const bool one = number.is_int() && number.as_int() == 1;
  std::string unit = value.is_string() ? "character" : value.is_array() ? "element" : "entry";
  if (!one) unit = unit == "entry" ? "entries" : unit + "s";
  return to_json(number) + " " + unit;
}

class Explainer {
 public:
  Explainer(const ConfigDocument& document, const SchemaWalk& walk, Faults& faults)
      : document_(document), walk_(walk), faults_(faults) {}

  void add_all(const std::string& base, const std::vector<Violation>& violations) {
    std::vector<std::string> branched;  // Below these, errors of all branches are mixed.
    for (const Violation& violation : violations) {
      if (violation.what == What::kAnyOf) branched.push_back(violation.pointer);
    }
    for (const Violation& violation : violations) {
      if (violation.what == What::kSummary) continue;
      if (violation.what == What::kAnyOf) {
        // Inner ones are told when the outer one's branch is validated by itself.
        if (!is_below(violation.pointer, branched, true)) any_of(base + violation.pointer);
      } else if (!is_below(violation.pointer, branched, false)) {
        explain(base + violation.pointer, violation);
      }
    }
    for (const Violation& violation : violations) {
      const std::string pointer = base + violation.pointer;
      if (violation.what == What::kSummary && !faults_.any_below(pointer)) {
        add(pointer, sentence(violation.detail));
      }
    }
  }

 private:
  static bool is_below(const std::string& pointer, const std::vector<std::string>& places,
                       bool strictly) {
    return std::any_of(places.begin(), places.end(), [&](const std::string& place) {
      if (!pointer.starts_with(place)) return false;
      if (pointer.size() == place.size()) return !strictly;
      return pointer[place.size()] == '/';
    });
  }

  void any_of(const std::string& pointer) {
    const JsonValue* value = document_.root.at(pointer);
    const Forms* forms = walk_.forms_at(pointer);
    if (value == nullptr || forms == nullptr) return;
    if (forms->branch != nullptr) {
      Result<std::vector<Violation>> inner = violations_of(*value, *forms->branch);
      if (inner && !inner->empty()) return add_all(pointer, *inner);
    }
    std::vector<std::string> words;
    const JsonValue* branches = forms->find("anyOf");
    if (branches != nullptr && branches->is_array()) {
      for (const JsonValue& branch : branches->items()) add_types(branch, words);
    }
    add(pointer, words.empty() ? "fits none of the allowed forms"
                               : "expected " + joined(words) + found(pointer));
  }

  void explain(const std::string& pointer, const Violation& violation) {
    static const Forms kNone;
    const Forms* known = walk_.forms_at(pointer);
    const Forms& forms = known == nullptr ? kNone : *known;
    const JsonValue* value = document_.root.at(pointer);
    if (value == nullptr) return;
    switch (violation.what) {
      case What::kType: return add(pointer, "expected " + expected_words(forms) + found(pointer));
      case What::kEnum: return explain_enum(pointer, forms, *value);
      case What::kRequired: return explain_required(pointer, forms, violation.detail);
      case What::kUnknown: return;  // The walk names the key and what was meant.
      case What::kMinimum: return bound(pointer, forms, "minimum", "exclusiveMinimum", true);
      case What::kMaximum: return bound(pointer, forms, "maximum", "exclusiveMaximum", false);
      case What::kTooShort: return explain_short(pointer, forms, *value);
      case What::kTooLong: return explain_long(pointer, forms, *value);
      case What::kPattern: return explain_pattern(pointer, forms);
      case What::kUnique: return add(pointer, "has the same element twice");
      default: return add(pointer, sentence(violation.detail));
    }
  }

  void explain_enum(const std::string& pointer, const Forms& forms, const JsonValue& value) {
    std::vector<std::string> words, names;
    if (const JsonValue* choices = forms.find("enum"); choices != nullptr && choices->is_array()) {
      for (const JsonValue& choice : choices->items()) {
        words.push_back(to_json(choice));
        if (choice.is_string()) names.push_back(choice.as_string());
      }
    } else if (const JsonValue* only = forms.find("const")) {
      words.push_back(to_json(*only));
    }
    // A value of the wrong kind breaks `type` as well; one fault says it all.
    if (!forms.admits(value.kind_name())) return;
    const bool may_hint = value.is_string() && !document_.is_secret(pointer);
    add(pointer,
        (words.size() > 1 ? "expected one of " : "expected ") + joined(words) + found(pointer),
        may_hint ? spelling_hint(value.as_string(), names) : "");
  }

  void explain_required(const std::string& pointer, const Forms& forms, const std::string& key) {
    if (walk_.suggested(pointer, key)) return;  // The misspelt key has been told.
    std::string hint;
    for (const JsonValue* property : forms.of_member(key)) {
      const JsonValue* examples = property->find("examples");
      if (examples == nullptr || !examples->is_array() || examples->items().empty()) continue;
      hint = "e.g. \"" + key + "\": " + cut(to_json(examples->items()[0]), kExampleBytesMax);
      break;
    }
    add(pointer, "the key \"" + key + "\" is missing", hint);
  }

  void bound(const std::string& pointer, const Forms& forms, const char* inclusive,
             const char* exclusive, bool lower) {
    if (const JsonValue* limit = number_of(forms, inclusive)) {
      return add(pointer, std::string("must be at ") + (lower ? "least " : "most ") +
                              to_json(*limit) + found(pointer));
    }
    if (const JsonValue* limit = number_of(forms, exclusive)) {
      return add(pointer, std::string("must be ") + (lower ? "more" : "less") + " than " +
                              to_json(*limit) + found(pointer));
    }
    add(pointer, lower ? "is too small" : "is too large");
  }

  void explain_short(const std::string& pointer, const Forms& forms, const JsonValue& value) {
    const bool empty = value.is_string()  ? value.as_string().empty()
                       : value.is_array() ? value.items().empty()
                                          : value.members().empty();
    if (empty) return add(pointer, "must not be empty");
    const JsonValue* limit = length_limit(forms, value, "min");
    add(pointer,
        limit == nullptr ? "is too short" : "must have at least " + counted(*limit, value));
  }

  void explain_long(const std::string& pointer, const Forms& forms, const JsonValue& value) {
    const JsonValue* limit = length_limit(forms, value, "max");
    add(pointer, limit == nullptr ? "is too long" : "must have at most " + counted(*limit, value));
  }

  static const JsonValue* length_limit(const Forms& forms, const JsonValue& value,
                                       const std::string& end) {
    const char* what = value.is_string() ? "Length" : value.is_array() ? "Items" : "Properties";
    return number_of(forms, (end + what).c_str());
  }

  void explain_pattern(const std::string& pointer, const Forms& forms) {
    const JsonValue* pattern = forms.find("pattern");
    const JsonValue* examples = forms.find("examples");
    std::string hint;
    if (examples != nullptr && examples->is_array() && !examples->items().empty()) {
      hint = "e.g. " + cut(to_json(examples->items()[0]), kExampleBytesMax);
    }
    const bool known = pattern != nullptr && pattern->is_string();
    add(pointer,
        "expected text of the form " + (known ? pattern->as_string() : "required") + found(pointer),
        hint);
  }

  std::string found(const std::string& pointer) const {
    const JsonValue* value = document_.root.at(pointer);
    if (value == nullptr) return "";
    return ", found " + shown_value(*value, document_.is_secret(pointer));
  }

  /// valijson's prose, as the middle of our sentence.
  static std::string sentence(std::string text) {
    if (text.ends_with('.')) text.pop_back();
    if (!text.empty())
      text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
  }

  void add(const std::string& pointer, std::string message, std::string hint = {}) {
    faults_.add(document_.where(pointer), std::move(message), std::move(hint));
  }

  const ConfigDocument& document_;
  const SchemaWalk& walk_;
  Faults& faults_;
};

}  // namespace

std::string shown_value(const JsonValue& value, bool secret) {
  if (secret) return "a hidden value";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  if (!value.is_string()) return to_json(value);
  std::string out;
  // Masked before it is cut: half a password would not be recognised.
  append_json_string(out, cut(masked(value.as_string()), kShownBytesMax));
  return out;
}

std::string expected_words(const Forms& forms) {
  std::vector<std::string> words;
  for (const JsonValue* form : forms.all) add_types(*form, words);
  return words.empty() ? "something else" : joined(words);
}

void add_violations(const ConfigDocument& document, const std::string& pointer,
                    const std::vector<Violation>& violations, const SchemaWalk& walk,
                    Faults& faults) {
  Explainer(document, walk, faults).add_all(pointer, violations);
}

}  // namespace millrace
