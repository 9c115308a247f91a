// `explode`: what is known of the elements of an array, and what a row of one looks like.
#include "base/spelling.h"
#include "plan/planner.h"

namespace millrace {
namespace {

bool is_top(const std::string& name) { return name.find_first_of(".[") == std::string::npos; }

/// The places are those in the input and in the element; -1: it does not come from there.
uint32_t add_field(ExplodePlan& plan, Field field, int32_t from_input, int32_t from_element) {
  plan.from_input.push_back(from_input);
  plan.from_element.push_back(from_element);
  return plan.schema.add(std::move(field.name), field.type);
}

/// A field of the input, the same for all elements.
void add_carried(ExplodePlan& plan, const Field& field, uint32_t place) {
  add_field(plan, field, static_cast<int32_t>(place), -1);
}

/// What is known of the fields of an element, by their names inside of it.
std::vector<Field> members_of(const Shape& input, const std::string& prefix) {
  std::vector<Field> members;
  for (const Field& field : input.schema.fields()) {
    if (field.name.starts_with(prefix))
      members.push_back({field.name.substr(prefix.size()), field.type});
  }
  return members;
}

}  // namespace

/// The field to explode. Nothing, and a fault: it is none, or no array.
std::optional<uint32_t> Planner::find_array(const ExplodeConfig& explode, const Shape& input) {
  const auto named = input.schema.find(explode.array.text);
  const auto raw = input.schema.find(explode.array.text + std::string(kRawArray));
  const auto array = raw ? raw : named;
  const auto can_be = [](const Field& field) {
    return field.type == Type::kJsonb || is_array(field.type);
  };
  if (array && can_be(input.schema[*array])) return array;
  std::vector<std::string> arrays;
  for (const Field& field : input.schema.fields()) {
    if (can_be(field) && !field.name.ends_with(kRawArray)) arrays.push_back(field.name);
  }
  faults_.add(
      explode.array.where,
      "there is no array \"" + explode.array.text + "\"" +
          (array ? " (its type is " + std::string(type_name(input.schema[*array].type)) + ")" : ""),
      spelling_hint(explode.array.text, arrays));
  return std::nullopt;
}

std::optional<ExplodePlan> Planner::plan_explode(const ExplodeConfig& explode, const Shape& input) {
  const auto array = find_array(explode, input);
  if (!array) return std::nullopt;
  const auto named = input.schema.find(explode.array.text);
  ExplodePlan plan;
  plan.array = *array;
  for (uint32_t i = 0; i < input.visible; ++i) {
    const Field& field = input.schema[i];
    if (is_top(field.name) && i != plan.array && i != named) add_carried(plan, field, i);
  }
  const auto scalar = input.schema.find(explode.array.text + "[]");
  const std::vector<Field> members = members_of(input, explode.array.text + "[].");
  const Type array_type = input.schema[plan.array].type;
  plan.scalar = members.empty();
  const Type element = plan.scalar && scalar                 ? input.schema[*scalar].type
                       : plan.scalar && is_array(array_type) ? element_of(array_type)
                                                             : Type::kJsonb;
  plan.as_field = add_field(plan, {explode.as.text, element}, -1, plan.scalar ? 0 : -1);
  plan.visible = plan.schema.size();
  if (plan.scalar) plan.elements.push_back({{""}, element, CellFormat::kTyped});
  for (const Field& member : members) {
    add_field(plan, {explode.as.text + "." + member.name, member.type}, -1,
              static_cast<int32_t>(plan.elements.size()));
    plan.elements.push_back({split_path(member.name), member.type, CellFormat::kTyped});
  }
  for (uint32_t i = 0; i < input.schema.size(); ++i) {
    const Field& field = input.schema[i];
    const bool hidden = i >= input.visible;
    if (hidden || (!is_top(field.name) && field.name.find("[]") == std::string::npos))
      add_carried(plan, field, i);
  }
  return plan;
}

}  // namespace millrace
