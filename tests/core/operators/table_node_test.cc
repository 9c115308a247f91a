// Tables over records as they come: keys, null values, and the two readers of a table (R29 to R31).
#include "operators/table_node.h"

#include "core/state/state_fixture.h"
#include "json/value.h"
#include "keyed_records.h"

namespace millrace {
namespace {

/// A source and a table over it, as the planner makes them.
struct SourceAndTable {
  explicit SourceAndTable(const std::string& key, bool versions = false) {
    SourcePlan source;
    source.fields = Schema({{"k", Type::kText}, {"v", Type::kInt8}});
    source.time.configured = true;
    source_node = graph.add(std::make_unique<SourceNode>("s", std::move(source)));
    const Schema& schema = source_node->shape().schema;
    TablePlan plan;
    plan.versions = versions;
    plan.selects = true;
    plan.fields = {{"id", Type::kText}, {"v", Type::kInt8}};
    plan.key = {0};
    plan.input.groups.push_back(*compile_expression(key, schema));
    plan.input.arguments.push_back(*compile_expression(key, schema));
    plan.input.arguments.push_back(*compile_expression("v", schema));
    plan.deletes = *compile_filter("record_is_null()", schema);
    table = graph.add(std::make_unique<TableNode>(
        "t", std::vector<Input>{{source_node, Port::kMain}}, StagePlan{}, std::move(plan)));
    finish_graph(graph);
  }
  std::string run(const std::vector<Keyed>& records, Port port = Port::kMain) {
    return play(graph, records, *table, port);
  }
  Graph graph;
  SourceNode* source_node;
  TableNode* table;
};

const char* const kTombstoneKey = "case when record_is_null() then record_key() else k end";

TEST(TableNode, R29_ANullValueDeletesItsRecordKey) {
  SourceAndTable p(kTombstoneKey);
  EXPECT_EQ(
      p.run({{"a", R"({"k":"a","v":1})"},
             {"b", R"({"k":"b","v":2})"},
             {"a", std::nullopt},
             {"b", " null "},
             {"b", "null"}}),
      "{\"id\":\"a\",\"v\":1}\n{\"id\":\"b\",\"v\":2}\n"
      "{\"op\":\"delete\",\"id\":\"a\",\"v\":null}\n{\"op\":\"delete\",\"id\":\"b\",\"v\":null}\n");
  EXPECT_EQ(p.table->counters.used, 5u);
}

TEST(TableNode, R29_ANullKeyIsAnError) {
  SourceAndTable p(kTombstoneKey);
  EXPECT_EQ(p.run({{"a", R"({"v":1})"}, {std::nullopt, "null"}, {"x", R"({"k":"x","v":3})"}}),
            "{\"id\":\"x\",\"v\":3}\n");
  EXPECT_EQ(p.table->counters.errors, 2u);
  EXPECT_EQ(p.table->counters.used, 1u);
}

TEST(TableNode, TheRecordKeyMayBeTheKeyAlone) {
  SourceAndTable p("record_key()");
  EXPECT_EQ(p.run({{"a", R"({"k":"other","v":1})"}, {"a", "null"}}),
            "{\"id\":\"a\",\"v\":1}\n{\"op\":\"delete\",\"id\":\"a\",\"v\":null}\n");
}

TEST(TableNode, R31_VersionsTellDeletesOfWhatIsNotThereAndSinksDoNotSeeThem) {
  const std::vector<Keyed> records = {
      {"a", "null"}, {"a", R"({"k":"a","v":1})"}, {"a", "null"}, {"a", "null"}};
  const std::string row = "{\"id\":\"a\",\"v\":1}\n",
                    gone = "{\"op\":\"delete\",\"id\":\"a\",\"v\":null}\n";
  EXPECT_EQ(SourceAndTable(kTombstoneKey, true).run(records, Port::kVersions),
            gone + row + gone + gone);
  EXPECT_EQ(SourceAndTable(kTombstoneKey, true).run(records), row + gone);
  EXPECT_EQ(SourceAndTable(kTombstoneKey).run(records), row + gone) << "nobody asks for versions";
}

TEST(TableNode, R34_KeysThatAreThereComeBackAndDeletedOnesAreForgotten) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  SourceAndTable before(kTombstoneKey);
  before.run({{"a", R"({"k":"a","v":1})"}, {"b", R"({"k":"b","v":2})"}, {"b", "null"}});
  const size_t bytes = before.table->state_bytes();
  Commit commit;
  commit.epoch = 1;
  commit.meta = "{}";
  JsonValue meta = JsonValue::object();
  before.table->save(1, commit, meta);
  ASSERT_TRUE(log->commit(commit));
  SourceAndTable after(kTombstoneKey);
  ASSERT_TRUE(after.table->restore(meta, *log));
  EXPECT_EQ(after.table->state_bytes(), bytes);
  EXPECT_EQ(after.run({{"b", "null"}, {"a", "null"}}),
            "{\"op\":\"delete\",\"id\":\"a\",\"v\":null}\n");
}

}  // namespace
}  // namespace millrace
