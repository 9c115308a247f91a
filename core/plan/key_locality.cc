#include "plan/key_locality.h"

#include <algorithm>

namespace millrace {
namespace {

std::string unquoted(const std::string& field) {
  const bool quoted = field.size() > 2 && field.front() == '"' && field.back() == '"';
  return quoted ? field.substr(1, field.size() - 2) : field;
}

/// The field that `alias` of a list is, if it is one; else nothing.
std::string field_behind(const ExpressionList& list, const std::string& alias) {
  for (const NamedExpression& entry : list.entries) {
    if (entry.alias.text != alias) continue;
    return unquoted(list.fields_only ? entry.alias.text : entry.expression.text);
  }
  return "";
}

bool all_carry(const PipelineConfig& config, const OperatorConfig& op, const std::string& field) {
  return !op.from.empty() &&
         std::all_of(op.from.begin(), op.from.end(), [&](const InputRef& input) {
           return input.side == SideOutput::kNone && carries_key(config, input.name, field);
         });
}

bool any_carries(const PipelineConfig& config, const OperatorConfig& op,
                 const std::vector<Text>& fields) {
  return std::any_of(fields.begin(), fields.end(), [&](const Text& field) {
    return all_carry(config, op, unquoted(field.text));
  });
}

}  // namespace

bool carries_key(const PipelineConfig& config, const std::string& name, const std::string& field) {
  if (field.empty()) return false;
  if (const SourceConfig* source = config.find_source(name))
    return source->key.text == field || config.commit.together_by == field;
  const OperatorConfig* op = config.find_operator(name);
  if (!op || !op->plugin.empty() || op->join) return false;
  std::string behind = field;
  if (op->group_by) {
    behind = field_behind(*op->group_by, field);
  } else if (op->select) {
    behind = field_behind(*op->select, field);
  }
  return all_carry(config, *op, behind);
}

bool sees_whole_groups(const PipelineConfig& config, const OperatorConfig& op) {
  if (op.join) {
    return std::any_of(op.join->on_fields.begin(), op.join->on_fields.end(),
                       [&](const Text& field) {
                         return all_carry(config, op, field.text) &&
                                carries_key(config, op.join->with.name, field.text);
                       });
  }
  if (op.dedupe) return any_carries(config, op, op.dedupe->by);
  if (op.group_by) {
    return std::any_of(op.group_by->entries.begin(), op.group_by->entries.end(),
                       [&](const NamedExpression& entry) {
                         return all_carry(config, op, field_behind(*op.group_by, entry.alias.text));
                       });
  }
  if (op.table) return any_carries(config, op, op.table->key);
  return !op.window;
}

bool ranks_within_key(const PipelineConfig& config, const OperatorConfig& op) {
  return std::any_of(op.limit_by.begin(), op.limit_by.end(), [&](const Text& field) {
    return carries_key(config, op.name.text, unquoted(field.text));
  });
}

}  // namespace millrace
