// A select with aggregates: split into what runs per record, per group and per emitted row.

#include <algorithm>
#include <map>

#include "expr/binder.h"
#include "expr/compile.h"
#include "expr/grouped_keep.h"
#include "expr/nearest.h"

namespace millrace {
namespace {

ExprError named(ExprError error, std::string_view part, std::string_view name) {
  error.part = part;
  error.name = name;
  return error;
}

/// Cuts `word` off the end of `text`, whatever its capitals; false: it does not end so.
bool take_last_word(std::string_view& text, std::string_view word) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.size() <= word.size() || text[text.size() - word.size() - 1] != ' ') return false;
  const std::string_view tail = text.substr(text.size() - word.size());
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  if (!std::equal(tail.begin(), tail.end(), word.begin(), same)) return false;
  text.remove_suffix(word.size() + 1);
  return true;
}

/// Reads `[asc|desc] [nulls first|last]` off the end; the rest is the expression.
std::string_view take_direction(std::string_view text, GroupedSelect::Order& order) {
  std::optional<bool> first;
  std::string_view rest = text;
  for (const bool is_first : {true, false}) {
    std::string_view tried = text;
    if (!take_last_word(tried, is_first ? "first" : "last") || !take_last_word(tried, "nulls"))
      continue;
    first = is_first;
    rest = tried;
  }
  order.descending = take_last_word(rest, "desc");
  if (!order.descending) take_last_word(rest, "asc");
  order.nulls_first = first.value_or(order.descending);
  return rest;
}

/// Compiles one grouped select. The steps stand in the order of compile().
class GroupedCompiler {
 public:
  GroupedCompiler(const GroupedText& text, const Schema& schema) : text_(text), schema_(schema) {}

  Compiled<GroupedSelect> compile() {
    // Each step leaves its fault in error_.
    if (parse_all() && bind_groups() && collect_calls() && bind_outputs() && bind_having() &&
        bind_order()) {
      return std::move(result_);
    }
    return std::move(*error_);
  }

 private:
  struct Part {
    std::string_view part;
    std::string_view name;
    ParsedExpression expression;
  };

  bool fail(ExprError error, std::string_view part, std::string_view name) {
    error_ = named(std::move(error), part, name);
    return false;
  }

  bool parse_into(std::vector<Part>& parts, std::string_view part, std::string_view name,
                  std::string_view text) {
    auto parsed = parse_expression(text);
    if (!parsed) return fail(parsed.error(), part, name);
    parts.push_back({part, name, std::move(*parsed)});
    return true;
  }

  bool parse_all() {
    for (const NamedText& group : text_.group_by) {
      if (!parse_into(groups_, "group_by", group.name, group.text)) return false;
    }
    for (const NamedText& output : text_.select) {
      if (!parse_into(outputs_, "select", output.name, output.text)) return false;
    }
    for (const std::string& text : text_.order_by) {
      result_.order.emplace_back();
      const auto key = take_direction(text, result_.order.back());
      if (parse_into(order_, "order_by", text, key)) continue;
      error_->hint = "an entry is \"EXPRESSION [asc|desc] [nulls first|last]\"";
      return false;
    }
    for (const std::string& text : text_.limit_by) {
      if (!parse_into(limit_by_, "limit_by", text, text)) return false;
    }
    return text_.having.empty() || parse_into(having_, "having", "", text_.having);
  }

  /// An expression over the input, where aggregates are refused.
  std::optional<Program> bind_input(const ParsedExpression& expression, std::string_view part,
                                    std::string_view name, std::string where,
                                    std::optional<Type> wanted = std::nullopt) {
    Scope scope;
    scope.schema = &schema_;
    scope.where = std::move(where);
    auto program = Binder(expression, scope).bind(wanted);
    if (program) return std::move(*program);
    fail(program.error(), part, name);
    return std::nullopt;
  }

  bool bind_groups() {
    for (const Part& group : groups_) {
      auto program = bind_input(group.expression, group.part, group.name, "group_by");
      if (!program) return false;
      const uint32_t column = result_.derived.add(std::string(group.name), program->type());
      scope_.names.emplace(group.name, column);
      scope_.subtrees.emplace(canonical_tree(group.expression.tree),
                              Scope::Subtree{column, {}, {}, {}});
      result_.groups.push_back(std::move(*program));
    }
    return true;
  }

  bool collect_calls() {
    for (const auto* parts : {&outputs_, &having_, &order_, &limit_by_}) {
      for (const Part& part : *parts) {
        for (const JsonValue* tree : aggregate_calls(part.expression.tree)) {
          if (!add_call(part, *tree)) return false;
        }
      }
    }
    if (text_.windowed) {
      result_.window_start = result_.derived.add("window_start", Type::kTimestamptz);
      const uint32_t end = result_.derived.add("window_end", Type::kTimestamptz);
      scope_.names.insert_or_assign("window_start", result_.window_start);
      scope_.names.insert_or_assign("window_end", end);
    }
    if (text_.sessions) {
      result_.session_last = result_.derived.add("session_last", Type::kTimestamptz);
      // A group of that name was asked for by the user.
      scope_.names.emplace("session_last", *result_.session_last);
    }
    const bool numbered = std::any_of(outputs_.begin(), outputs_.end(), [](const Part& part) {
      return part.expression.text.find("row_number") != std::string::npos;
    });
    if (numbered) result_.row_number = result_.derived.add("row_number()", Type::kInt8);
    return true;
  }

  bool add_call(const Part& part, const JsonValue& tree) {
    const std::string key = canonical_tree(tree);
    if (scope_.subtrees.contains(key)) return true;
    auto read = read_grouped_call(part.expression, tree);
    if (!read) return fail(read.error(), part.part, part.name);
    const auto refuse = [&](std::string message) {
      return fail(expression_fault(part.expression, tree_node(tree).place(), std::move(message)),
                  part.part, part.name);
    };
    const std::string& name = read->name;
    GroupedSelect::Call call{};
    std::optional<Type> type;
    if (!add_argument(part, *read, call, type)) return false;
    call.function = find_aggregate(name, type);
    if (!call.function) {
      return refuse("aggregate does not exist: " + name + "(" +
                    (type ? std::string(type_name(*type)) : "*") + ")");
    }
    if (type && !fit_argument(part, *read, call, type)) return false;
    Scope::Subtree column;
    column.finish = call.function->finish;
    if (column.finish == "percentile disc") column.finish += " " + std::string(type_name(*type));
    column.extras = read->extras;
    if (!read->order.empty()) {
      if (const auto why = keep_ordered(*read, type, call, column); !why.empty())
        return refuse(name + why);
    } else if (read->distinct && !keep_distinct(*call.function, type, call, column)) {
      return refuse(name + "(distinct …) is not supported for this argument");
    }
    if (read->filter) {
      call.filter =
          input_program(part, *read->filter, filters_, result_.filters, name, {Type::kBool});
      if (!call.filter) return false;
    }
    column.column = column_of(call);
    scope_.subtrees.emplace(key, std::move(column));
    return true;
  }

  /// The argument as it is written, and its type; none of count(*).
  bool add_argument(const Part& part, const GroupedCall& read, GroupedSelect::Call& call,
                    std::optional<Type>& type) {
    if (!read.argument) return true;
    call.argument = input_program(part, *read.argument, arguments_, result_.arguments, read.name);
    if (call.argument) type = result_.arguments[*call.argument].type();
    return call.argument.has_value();
  }

  /// The argument in the form and type that the function takes, where that is another one.
  bool fit_argument(const Part& part, const GroupedCall& read, GroupedSelect::Call& call,
                    std::optional<Type>& type) {
    const AggregateFunction& function = *call.function;
    const bool as_it_is = function.any_argument || function.argument == type || function.stamped;
    if (as_it_is && !function.stamped && read.order.empty()) return true;
    const ArgumentPacking packing{as_it_is ? std::nullopt : function.argument, function.stamped,
                                  read.order};
    call.argument =
        input_program(part, *read.argument, arguments_, result_.arguments, read.name, packing);
    if (call.argument && !as_it_is) type = function.argument;
    return call.argument.has_value();
  }

  /// The column of `derived` for a call; equal ones share it.
  uint32_t column_of(const GroupedSelect::Call& call) {
    for (size_t i = 0; i < result_.calls.size(); ++i) {
      const GroupedSelect::Call& known = result_.calls[i];
      if (known.function == call.function && known.argument == call.argument &&
          known.filter == call.filter) {
        return static_cast<uint32_t>(result_.groups.size() + i);
      }
    }
    std::string column("#");
    column += std::to_string(result_.calls.size());
    result_.calls.push_back(call);
    return result_.derived.add(std::move(column), call.function->result);
  }

  /// The program of an argument or filter; equal ones are shared.
  std::optional<uint32_t> input_program(const Part& part, const JsonValue& tree,
                                        std::map<std::string, uint32_t>& known,
                                        std::vector<Program>& programs, const std::string& name,
                                        const ArgumentPacking& packing = {}) {
    const auto [found, fresh] =
        known.try_emplace(packing.key_of(tree), static_cast<uint32_t>(programs.size()));
    if (!fresh) return found->second;
    const ParsedExpression expression{part.expression.text, tree};
    Scope scope;
    scope.schema = &schema_;
    scope.where = name + "()";
    Binder binder(expression, scope);
    auto program = packing.bind(binder);
    if (!program) {
      fail(program.error(), part.part, part.name);
      return std::nullopt;
    }
    programs.push_back(std::move(*program));
    return found->second;
  }

  bool bind_outputs() {
    scope_.grouped = true;
    scope_.schema = &result_.derived;
    scope_.input = &schema_;
    // A column like any other, for select only: the order is not known before.
    std::string row_number;
    if (auto parsed = parse_expression("row_number()"); parsed && result_.row_number) {
      row_number = canonical_tree(parsed->tree);
      scope_.subtrees.emplace(row_number, Scope::Subtree{*result_.row_number, {}, {}, {}});
    }
    for (const Part& output : outputs_) {
      auto program = Binder(output.expression, scope_).bind(std::nullopt);
      if (!program) return fail(program.error(), output.part, output.name);
      result_.output_names.emplace_back(output.name);
      result_.outputs.push_back(std::move(*program));
    }
    scope_.subtrees.erase(row_number);
    return true;
  }

  bool bind_having() {
    for (const Part& output : outputs_) {
      scope_.aliases.emplace(output.name, &output.expression);
    }
    if (having_.empty()) return true;
    auto program = Binder(having_[0].expression, scope_).bind(Type::kBool);
    if (!program) return fail(program.error(), "having", "");
    result_.having = std::move(*program);
    return true;
  }

  bool bind_order() {
    for (size_t i = 0; i < order_.size(); ++i) {
      auto program = Binder(order_[i].expression, scope_).bind(std::nullopt);
      if (!program) return fail(program.error(), "order_by", order_[i].name);
      result_.order[i].key = std::move(*program);
    }
    for (const Part& part : limit_by_) {
      auto program = Binder(part.expression, scope_).bind(std::nullopt);
      if (!program) return fail(program.error(), "limit_by", part.name);
      result_.limit_by.push_back(std::move(*program));
    }
    return true;
  }

  const GroupedText& text_;
  const Schema& schema_;
  std::vector<Part> groups_, outputs_, having_, order_, limit_by_;
  std::map<std::string, uint32_t> arguments_, filters_;  ///< canonical tree → program.
  Scope scope_;                                          ///< Of outputs and having.
  GroupedSelect result_;
  std::optional<ExprError> error_;
};

}  // namespace

Compiled<GroupedSelect> compile_grouped(const GroupedText& text, const Schema& schema) {
  return GroupedCompiler(text, schema).compile();
}

}  // namespace millrace
