#pragma once

/// One walk over a value and its schema, side by side. It finds unknown keys, checks durations and
/// sizes, hides secrets, turns `${env:LANES}` into a number where one is wanted, and fills in
/// defaults. It also remembers which schemas apply where, so that what valijson says about a
/// pointer can be put into words.
/// Ownership: keeps pointers into the schema, which must outlive it. Threads: one.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "json/value.h"

namespace millrace {

/// The schemas that apply to one value: the one written for it, the parts of its `allOf`, the
/// branch of `anyOf` and `if` that fits.
struct Forms {
  std::vector<const JsonValue*> all;
  /// The branch of `anyOf` that fits, at least by kind of value. Null: none, or no `anyOf`.
  const JsonValue* branch = nullptr;

  /// The first form's member of that name. Null: none has it.
  const JsonValue* find(std::string_view keyword) const;
  /// Whether a value of `kind` (as kind_name(); whole numbers count as number) passes every `type`.
  bool admits(std::string_view kind) const;
  /// Schemas that the forms have for member `key`, from `properties`, else `additionalProperties`.
  std::vector<const JsonValue*> of_member(const std::string& key) const;
  /// Names in `properties`, in order.
  std::vector<std::string> property_names() const;
};

class SchemaWalk {
 public:
  /// `docs_name` is what `millrace docs` must be given for the keys of this schema.
  SchemaWalk(ConfigDocument& document, Faults& faults, std::string docs_name)
      : document_(document), faults_(faults), docs_name_(std::move(docs_name)) {}

  /// Changes the value at `pointer` of the document: fills and converts.
  void run(const std::string& pointer, const JsonValue& schema);

  /// By absolute pointer. Null: the walk did not come there.
  const Forms* forms_at(std::string_view pointer) const;
  /// Whether an unknown key in the object at `pointer` was taken for a misspelt `key`.
  bool suggested(const std::string& pointer, std::string_view key) const;
  /// A text is too long for std::regex, which recurses: do not validate.
  bool unsafe() const { return unsafe_; }

 private:
  void walk(JsonValue& value, const std::vector<const JsonValue*>& schemas,
            const std::string& pointer);
  void walk_object(JsonValue& value, const std::string& pointer);
  void walk_array(JsonValue& value, const std::string& pointer);
  void convert(JsonValue& value, const Forms& forms, const std::string& pointer);
  void check_text(const JsonValue& value, const Forms& forms, const std::string& pointer);
  void check_duration(const std::string& text, const JsonValue& rule, const std::string& pointer);
  void check_size(const std::string& text, const std::string& pointer);
  void unknown_key(const Forms& forms, const std::string& pointer);
  std::string unknown_key_hint(const Forms& forms, const std::string& pointer);
  void fill_defaults(JsonValue& value, const Forms& forms);
  std::string found(const std::string& text, const std::string& pointer) const;

  ConfigDocument& document_;
  Faults& faults_;
  std::string docs_name_;
  std::map<std::string, Forms, std::less<>> forms_;
  std::set<std::string> suggestions_;
  bool unsafe_ = false;
};

}  // namespace millrace
