#include "columns/json_infer.h"

#include <simdjson.h>

#include <algorithm>

#include "columns/cell_parse.h"

namespace millrace {
namespace {

/// What the values of one field were, so far.
struct Seen {
  std::string path;
  bool boolean = false, integer = false, floating = false, text = false, array = false,
       object = false;
};

Type type_of(const Seen& seen, bool text_cells) {
  const int kinds =
      seen.boolean + (seen.integer || seen.floating) + seen.text + (seen.array || seen.object);
  if (kinds > 1 && text_cells) return Type::kText;  // A cell is a text before it is anything else.
  if (kinds > 1 || seen.array || seen.object) return Type::kJsonb;
  if (seen.boolean) return Type::kBool;
  if (seen.floating) return Type::kFloat8;
  if (seen.integer) return Type::kInt8;
  return Type::kText;
}

}  // namespace

struct SchemaSample::State {
  simdjson::dom::parser parser;
  std::vector<Seen> fields;
  bool text_cells = false;  ///< Of the latest record.
  std::map<std::string, size_t, std::less<>> index;

  Seen& at(const std::string& path) {
    const auto found = index.find(path);
    if (found != index.end()) return fields[found->second];
    index.emplace(path, fields.size());
    fields.push_back({path});
    return fields.back();
  }

  void add_cell(std::string_view text, Seen& seen) {
    if (text_to_int8(text)) {
      seen.integer = true;
    } else if (text_to_float8(text)) {
      seen.floating = true;
    } else {
      seen.text = true;
    }
  }

  void add_value(const std::string& path, simdjson::dom::element value, bool text_cells) {
    using simdjson::dom::element_type;
    Seen& seen = at(path);
    switch (value.type()) {
      case element_type::BOOL: seen.boolean = true; break;
      case element_type::INT64: seen.integer = true; break;
      case element_type::UINT64:
      case element_type::DOUBLE: seen.floating = true; break;
      case element_type::STRING:
        if (text_cells) {
          add_cell(std::string_view(value), seen);
        } else {
          seen.text = true;
        }
        break;
      case element_type::NULL_VALUE: break;
      case element_type::OBJECT:
        seen.object = true;
        add_members(path + ".", value, text_cells);
        break;
      case element_type::ARRAY:
        seen.array = true;
        for (simdjson::dom::element item : simdjson::dom::array(value))
          add_item(path, item, text_cells);
        break;
    }
  }

  void add_item(const std::string& path, simdjson::dom::element item, bool text_cells) {
    if (item.is_object()) {
      add_members(path + "[].", item, text_cells);
    } else if (!item.is_array()) {
      add_value(path + "[]", item, text_cells);
    }
  }

  void add_members(const std::string& prefix, simdjson::dom::element object, bool text_cells) {
    for (auto [key, value] : simdjson::dom::object(object)) {
      add_value(prefix + std::string(key), value, text_cells);
    }
  }
};

SchemaSample::SchemaSample() : state_(std::make_unique<State>()) {}
SchemaSample::~SchemaSample() = default;

bool SchemaSample::add(std::string_view record, bool text_cells) {
  simdjson::dom::element root;
  if (state_->parser.parse(record.data(), record.size(), true).get(root) || !root.is_object())
    return false;
  ++records_;
  state_->text_cells = text_cells;
  state_->add_members("", root, text_cells);
  return true;
}

Schema SchemaSample::schema() const {
  Schema out;
  for (const Seen& seen : state_->fields) out.add(seen.path, type_of(seen, state_->text_cells));
  return out;
}

}  // namespace millrace
