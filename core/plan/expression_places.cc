#include "plan/expression_places.h"

#include <fmt/format.h>

namespace millrace {
namespace {

std::string names_of(const std::vector<Text>& fields) {
  std::string out;
  for (const Text& field : fields) out += (out.empty() ? "" : ", ") + field.text;
  return out;
}

std::string texts_of(const ExpressionList& list) {
  std::string out;
  for (const NamedExpression& entry : list.entries)
    out += (out.empty() ? "" : ", ") + entry.expression.text;
  return out;
}

bool is_grouped(const OperatorConfig& op) {
  return op.group_by || op.window || !op.having.empty() || op.emit || !op.order_by.empty();
}

void add_join(const JoinConfig& join, std::vector<std::string>& out) {
  const std::string on = join.on.empty() ? names_of(join.on_fields) : join.on.text;
  out.push_back(fmt::format(
      "join on `{}`: its equalities are keys, computed per record of each input beside the "
      "decoder; the rest of it per pair of equal keys",
      on));
}

void add_grouped(const OperatorConfig& op, std::vector<std::string>& out) {
  if (op.group_by) {
    out.push_back(fmt::format("group_by `{}`: per record that the filter kept, beside the decoder",
                              texts_of(*op.group_by)));
  }
  if (op.select) {
    out.push_back(
        "arguments and filters of aggregates: beside the decoder; aggregates: in the order of the "
        "log, into the state of their group; the rest of select: per row that comes out");
  }
  if (!op.having.empty())
    out.push_back(fmt::format("having `{}`: per row that comes out", op.having.text));
  if (!op.order_by.empty())
    out.push_back(
        fmt::format("order_by `{}`, limit: on the rows of one firing", names_of(op.order_by)));
}

}  // namespace

std::vector<std::string> expression_places(const OperatorConfig& op) {
  std::vector<std::string> out;
  if (!op.plugin.empty()) return out;
  if (op.join) add_join(*op.join, out);
  if (op.explode) {
    out.push_back(fmt::format("explode `{}`: beside the decoder; elements are decoded once",
                              op.explode->array.text));
  }
  if (!op.filter.empty()) {
    out.push_back(op.join ? fmt::format("filter `{}`: per joined row", op.filter.text)
                          : fmt::format("filter `{}`: beside the decoder, before all that follows; "
                                        "each of its conditions sees what the one before kept",
                                        op.filter.text));
  }
  if (op.dedupe) {
    out.push_back(
        fmt::format("dedupe by `{}`: keys beside the decoder, the ids in the order of "
                    "the log",
                    names_of(op.dedupe->by)));
  }
  if (is_grouped(op)) {
    add_grouped(op, out);
  } else if (op.select) {
    out.push_back(op.join ? "select: per joined row that the filter kept"
                          : "select: per record that the filter kept, beside the decoder");
  }
  return out;
}

}  // namespace millrace
