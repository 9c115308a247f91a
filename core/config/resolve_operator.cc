#include <algorithm>

#include "base/time.h"
#include "config/resolve.h"

namespace millrace {
namespace {

constexpr std::array<const char*, 3> kLate = {"stream", "drop", "fail"};
constexpr std::array<const char*, 2> kWhich = {"first", "last"};
/// What a processor plugin leaves room for.
constexpr std::array<const char*, 7> kBesidePlugin = {
    "from", "plugin", "config", "schema", "reset", "event_time", "max_task_idle"};
/// Fields that the host adds to rows (E27).
constexpr std::array<const char*, 4> kTakenAliases = {"window_start", "window_end", "final", "op"};

template <size_t kCount>
bool is_one_of(const std::string& text, const std::array<const char*, kCount>& words) {
  return std::any_of(words.begin(), words.end(), [&](const char* word) { return text == word; });
}

std::optional<ExpressionList> read_expressions(const ConfigNode& node, Faults& faults) {
  if (!node.is_object() && !node.is_array()) return std::nullopt;
  ExpressionList out;
  out.where = node.where_key();
  out.fields_only = node.is_array();
  for (const ConfigNode& item : node.items()) {
    if (item.is_string()) out.entries.push_back({item.text(), item.text()});
  }
  for (const ConfigNode& member : node.members()) {
    if (!member.is_string()) continue;
    const std::string alias = member.key();
    if (is_one_of(alias, kTakenAliases)) {
      faults.add(member.where_key(), "the name \"" + alias + "\" is taken",
                 "rows have a field of that name already; choose another");
    } else if (alias.empty()) {
      faults.add(member.where_key(), "the name must not be empty");
    }
    out.entries.push_back({{alias, member.where_key()}, member.text()});
  }
  return out;
}

std::optional<ExplodeConfig> read_explode(const ConfigNode& node) {
  if (!node.is_object()) return std::nullopt;
  return ExplodeConfig{node.text("array"), node.text("as")};
}

std::optional<DedupeConfig> read_dedupe(const ConfigNode& node) {
  if (!node.is_object()) return std::nullopt;
  DedupeConfig out;
  out.where = node.where_key();
  out.by = node.texts("by");
  out.keep_us = node.duration("keep").value_or(out.keep_us);
  out.which = node.word<DedupeConfig::Which>("which", kWhich).value_or(DedupeConfig::Which::kFirst);
  return out;
}

std::optional<TableConfig> read_table(const ConfigNode& node) {
  if (!node.is_object()) return std::nullopt;
  return TableConfig{node.where_key(), node.texts("key"), node.text("delete")};
}

/// Keys whose company decides whether they mean anything.
void check_company(const ConfigNode& node, const OperatorConfig& out, Faults& faults) {
  if (!out.limit_by.empty() && !node.has("limit")) {
    faults.add(node.child("limit_by").where_key(), "needs \"limit\"", "how many rows per group?");
  }
  if (!out.plugin.empty()) {
    for (const WrittenKey& key : out.written) {
      if (is_one_of(key.key, kBesidePlugin)) continue;
      faults.add(key.where, "has no meaning beside \"plugin\"",
                 "put it on an operator before or behind this one");
    }
    return;
  }
  for (const char* key : {"config", "schema"}) {
    if (const Where* where = find_written(out.written, key)) {
      faults.add(*where, "has a meaning only beside \"plugin\"");
    }
  }
}

void read_windowing(const ConfigNode& node, OperatorConfig& out, Faults& faults) {
  const ConfigNode window = node.child("window");
  if (window.is_object()) out.window = resolve_window(window, faults);
  out.having = node.text("having");
  out.order_by = node.texts("order_by");
  out.limit = node.integer("limit");
  out.limit_by = node.texts("limit_by");
  out.emit = resolve_emit(node.child("emit"));
  out.complete_max_rows = node.integer("complete_max_rows").value_or(out.complete_max_rows);
  out.allowed_lateness_us = node.duration("allowed_lateness").value_or(0);
  out.late = node.word<OperatorConfig::Late>("late", kLate).value_or(OperatorConfig::Late::kStream);
}

std::optional<int64_t> read_idle(const ConfigNode& node) {
  if (node.text("max_task_idle").text == "unlimited") return kTimeMax;
  return node.duration("max_task_idle");
}

}  // namespace

OperatorConfig resolve_operator(const ConfigNode& node, Faults& faults) {
  OperatorConfig out;
  out.name = {node.key(), node.where_key()};
  out.written = node.written();
  out.settings_hash = node.hash();
  out.from = resolve_inputs(node.child("from"));
  out.explode = read_explode(node.child("explode"));
  out.filter = node.text("filter");
  out.select = read_expressions(node.child("select"), faults);
  out.group_by = read_expressions(node.child("group_by"), faults);
  read_windowing(node, out, faults);
  out.join = resolve_join(node.child("join"), faults);
  out.dedupe = read_dedupe(node.child("dedupe"));
  out.table = read_table(node.child("table"));
  const ConfigNode time = node.child("event_time");
  if (time.is_object()) out.event_time = resolve_event_time(time, faults);
  out.max_task_idle_us = read_idle(node);
  out.reset = node.boolean("reset", false);
  out.plugin = node.text("plugin");
  out.schema = resolve_field_types(node.child("schema"));
  check_company(node, out, faults);
  return out;
}

}  // namespace millrace
