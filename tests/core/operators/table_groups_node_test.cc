// Aggregates over a table whose values cannot be taken back (semantics R30): the rows that are left
// are folded anew, in the order of their last changes.
#include "operators/table_groups_node.h"

#include "core/state/state_fixture.h"
#include "json/value.h"
#include "keyed_records.h"
#include "operators/table_node.h"

namespace millrace {
namespace {

/// The sum of float8 left to right, without what could retract: its last bits tell the order.
const AggregateFunction& rounded_sum() {
  static const AggregateFunction function = [] {
    for (const AggregateFunction& one : aggregate_functions()) {
      if (one.name != "sum" || one.argument != Type::kFloat8) continue;
      AggregateFunction plain = one;
      plain.over_table = nullptr;
      return plain;
    }
    return AggregateFunction{};
  }();
  return function;
}

struct Groups {
  Groups() {
    SourcePlan source;
    source.fields = Schema({{"k", Type::kText}, {"g", Type::kText}, {"x", Type::kFloat8}});
    source.time.configured = true;
    Node* source_node = graph.add(std::make_unique<SourceNode>("s", std::move(source)));
    TablePlan table;
    table.fields = source_node->shape().schema.fields();
    table.fields.resize(3);
    table.from = {0, 1, 2};
    table.key = {0};
    table.input.groups.push_back(*compile_expression("k", source_node->shape().schema));
    table.deletes = *compile_filter("g is null", source_node->shape().schema);
    Node* table_node = graph.add(std::make_unique<TableNode>(
        "t", std::vector<Input>{{source_node, Port::kMain}}, StagePlan{}, std::move(table)));
    GroupedText text;
    text.group_by = {{"g", "g"}};
    text.select = {{"s", "sum(x)"}};
    TableGroupsPlan plan;
    plan.grouped.select = *compile_grouped(text, table_node->shape().schema);
    plan.grouped.select.calls[0].function = &rounded_sum();
    plan.grouped.group_names = {"g"};
    plan.grouped.windowed = false;
    plan.grouped.over_table = true;
    plan.grouped.mode = plan.emit.mode = EmitConfig::Mode::kUpdate;
    groups = graph.add(std::make_unique<TableGroupsNode>(
        "o", std::vector<Input>{{table_node, Port::kMain}}, StagePlan{}, std::move(plan)));
    finish_graph(graph);
  }
  std::string run(const std::vector<std::string>& values) {
    std::vector<Keyed> records;
    for (const std::string& value : values) records.push_back({std::nullopt, value});
    return play(graph, records, *groups);
  }
  void save(CommitLog& log, JsonValue& metas) {
    Commit commit;
    commit.epoch = last_epoch(log) + 1;
    commit.meta = "{}";
    for (const auto& node : graph.nodes)
      node->save(commit.epoch, commit, metas.set(node->name(), JsonValue::object()));
    ASSERT_TRUE(log.commit(commit));
  }
  void restore(CommitLog& log, const JsonValue& metas) {
    for (const auto& node : graph.nodes) ASSERT_TRUE(node->restore(*metas.find(node->name()), log));
  }
  Graph graph;
  TableGroupsNode* groups;
};

// 0.1 + 0.2 + 0.3 is 0.6000000000000001; 0.2 + 0.3 + 0.1 is 0.6.
const std::vector<std::string> kThree = {
    R"({"k":"a","g":"x","x":0.1})", R"({"k":"b","g":"x","x":0.2})", R"({"k":"c","g":"x","x":0.3})"};
const std::string kAgain = R"({"k":"a","g":"x","x":0.1})";

TEST(TableGroupsNode, R30_RowsThatAreLeftAreFoldedInTheOrderOfTheirLastChanges) {
  Groups p;
  EXPECT_EQ(p.run(kThree),
            "{\"g\":\"x\",\"s\":0.1}\n{\"g\":\"x\",\"s\":0.30000000000000004}\n{\"g\":\"x\",\"s\":"
            "0.6000000000000001}\n");
  EXPECT_EQ(p.run({kAgain}), "{\"g\":\"x\",\"s\":0.6}\n");
  EXPECT_EQ(p.run({R"({"k":"b"})", R"({"k":"c","g":"y","x":1})", R"({"k":"a"})"}),
            "{\"g\":\"x\",\"s\":0.4}\n{\"g\":\"x\",\"s\":0.1}\n{\"g\":\"y\",\"s\":1}\n{\"op\":"
            "\"delete\",\"g\":\"x\",\"s\":null}\n");
}

TEST(TableGroupsNode, R34_ARestartDoesNotShow) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  JsonValue metas = JsonValue::object();
  {
    Groups before;
    before.run(kThree);
    before.run({kAgain});
    before.save(*log, metas);
  }
  Groups after;
  after.restore(*log, metas);
  EXPECT_EQ(after.run({kAgain}), "") << "as it was sent last (R28)";
  EXPECT_EQ(after.run({R"({"k":"b","g":"x","x":0.2})"}),
            "{\"g\":\"x\",\"s\":0.6000000000000001}\n");
}

}  // namespace
}  // namespace millrace
