#include "columns/schema.h"

#include <array>
#include <utility>

namespace millrace {
namespace {

using Named = std::pair<std::string_view, Type>;

/// The first spelling of a type is the one we print.
constexpr std::array kNames = {
    Named{"bool", Type::kBool},
    Named{"int4", Type::kInt4},
    Named{"int8", Type::kInt8},
    Named{"float8", Type::kFloat8},
    Named{"text", Type::kText},
    Named{"timestamptz", Type::kTimestamptz},
    Named{"jsonb", Type::kJsonb},
    Named{"numeric", Type::kNumeric},
    Named{"date", Type::kDate},
    Named{"timestamp", Type::kTimestamp},
    Named{"interval", Type::kInterval},
    Named{"decimal", Type::kNumeric},
    Named{"timestamp without time zone", Type::kTimestamp},
    Named{"boolean", Type::kBool},
    Named{"int", Type::kInt4},
    Named{"integer", Type::kInt4},
    Named{"bigint", Type::kInt8},
    Named{"double precision", Type::kFloat8},
    Named{"varchar", Type::kText},
    Named{"timestamp with time zone", Type::kTimestamptz},
    Named{"json", Type::kJsonb},
    Named{"bool[]", array_of(Type::kBool)},
    Named{"int4[]", array_of(Type::kInt4)},
    Named{"int8[]", array_of(Type::kInt8)},
    Named{"float8[]", array_of(Type::kFloat8)},
    Named{"text[]", array_of(Type::kText)},
    Named{"timestamptz[]", array_of(Type::kTimestamptz)},
    Named{"jsonb[]", array_of(Type::kJsonb)},
    Named{"numeric[]", array_of(Type::kNumeric)},
    Named{"date[]", array_of(Type::kDate)},
    Named{"timestamp[]", array_of(Type::kTimestamp)},
    Named{"interval[]", array_of(Type::kInterval)},
};

}  // namespace

std::string_view type_name(Type type) {
  for (const Named& named : kNames) {
    if (named.second == type) return named.first;
  }
  return "?";
}

std::optional<Type> type_from_name(std::string_view name) {
  for (const Named& named : kNames) {
    if (named.first == name) return named.second;
  }
  // An array of an alias.
  const bool array = name.ends_with("[]");
  const auto element = array ? type_from_name(name.substr(0, name.size() - 2)) : std::nullopt;
  if (element && !is_array(*element)) return array_of(*element);
  return std::nullopt;
}

std::optional<uint32_t> Schema::find(std::string_view name) const {
  for (uint32_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name == name) return i;
  }
  return std::nullopt;
}

uint32_t Schema::add(std::string name, Type type) {
  fields_.push_back({std::move(name), type});
  return size() - 1;
}

}  // namespace millrace
