// What rows say in headers: their own, and why they are in a side output (R13, contract).
#include "nodes/row_headers.h"

#include "core/nodes/chunks.h"
#include "expr/compile.h"
#include "nodes/error_rows.h"
#include "nodes/late_rows.h"
#include "nodes/stateless_node.h"

namespace millrace {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Only has shapes.
struct Owner final : Node {
  explicit Owner(bool late_has_bytes) : Node("op", {}) {
    Shape stage;
    stage.schema.add("a", Type::kInt8);
    stage.visible = 1;
    shape_of(Port::kMain).has_bytes = true;
    shape_of(Port::kLate) = late_shape(stage, late_has_bytes);
    shape_of(Port::kErrors) = ErrorRows::shape();
  }
  void prepare(Chunk&) const override {}
  Result<void> apply(Chunk&, Range) override { return {}; }
  void demand(size_t, std::vector<bool>&) const override {}
};

/// Row `row` of `rows`, which left `node` by `port`.
void add(RowHeaders& headers, uint32_t i, const Input& from, const Rows& rows, uint32_t row) {
  const Shape& shape = from.node->shape(from.port);
  headers.add(i, shape, RowHeaders::Reasons(shape), rows, row);
}

/// Two records with headers: {h: "v", h: null} and none.
BatchRef two_records() {
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = 2;
  need.value_bytes = 4;
  need.columns = MR_COL_HEADERS;
  need.headers = 2;
  need.header_bytes = 3;
  mr_room room{};
  room.struct_size = sizeof room;
  BatchBuilder builder;
  EXPECT_EQ(builder.reserve(need, room), MR_OK);
  std::memcpy(room.value, "{}{}", 4);
  std::memcpy(room.header_bytes, "hvh", 3);
  room.value_spans[0] = {0, 2};
  room.value_spans[1] = {2, 2};
  room.headers[0] = {{0, 1}, {1, 1}};
  room.headers[1] = {{2, 1}, {0, MR_NULL_LEN}};
  room.header_first[0] = 0;
  room.header_first[1] = room.header_first[2] = 2;
  EXPECT_EQ(builder.commit(2), MR_OK);
  return builder.take().batches.at(0).batch;
}

/// Rows [first, behind) of `headers` as a sink gets them.
std::vector<Headers> sent(const RowHeaders& headers, uint32_t first, uint32_t behind) {
  mr_need need{};
  need.struct_size = sizeof need;
  need.records = behind - first;
  headers.ask(first, behind, need);
  mr_room room{};
  room.struct_size = sizeof room;
  BatchBuilder builder;
  EXPECT_EQ(builder.reserve(need, room), MR_OK);
  for (uint32_t i = 0; i < need.records; ++i) room.value_spans[i] = {0, 0};
  headers.write(first, behind, room);
  EXPECT_EQ(builder.commit(need.records), MR_OK);
  const BatchRef batch = builder.take().batches.at(0).batch;
  std::vector<Headers> out(need.records);
  for (uint32_t i = 0; i < need.records; ++i) {
    for (const mr_header& one : batch.headers(i)) {
      const std::string_view value = batch.header_text(one.value);
      out[i].emplace_back(batch.header_text(one.name), value.data() ? value : "NULL");
    }
  }
  return out;
}

struct Late {
  explicit Late(bool has_bytes) : op(has_bytes) {
    stage.batch = two_records();
    stage.count = 2;
    stage.columns = {&number};
    for (const EventTime time : {5000, 6000}) stage.own_time.push_back(time);
    stage.time = stage.own_time.data();
    number.reset(Type::kInt8, 2);
    LateRows late;
    late.add({0, 1'500'000, {0, 1'000'000}, 1'000'000});
    late.add({1, 2'000'000, {0, 1'000'000}, 1'000'000, true});
    late.finish("op", stage, op.shape(Port::kLate), {&number}, true, rows);
  }
  Owner op;
  Column number;
  Rows stage, rows;
};

const Headers kSaid = {{"millrace.operator", "op"},
                       {"millrace.watermark", "1970-01-01T00:00:01.5Z"},
                       {"millrace.window_start", "1970-01-01T00:00:00Z"},
                       {"millrace.window_end", "1970-01-01T00:00:01Z"},
                       {"millrace.late_by_ms", "500"},
                       {"millrace.reason", "window closed"}};

TEST(RowHeaders, R13_LateRecordsKeepTheirsAndSayWhyTheyAreLate) {
  Late late(true);
  RowHeaders headers;
  headers.start(2);
  for (uint32_t i = 0; i < 2; ++i) add(headers, i, {&late.op, Port::kLate}, late.rows, i);
  Headers first = {{"h", "v"}, {"h", "NULL"}};
  first.insert(first.end(), kSaid.begin(), kSaid.end());
  const auto both = sent(headers, 0, 2);
  EXPECT_EQ(both[0], first);
  ASSERT_EQ(both[1].size(), kSaid.size());
  EXPECT_EQ(both[1].back().second, "window closed while its partition was idle");
  EXPECT_EQ(sent(headers, 1, 2)[0], both[1]) << "alone as among others";
}

TEST(RowHeaders, R13_ALateRowThatWasRewrittenHasNoneOfTheRecord) {
  Late late(false);
  RowHeaders headers;
  headers.start(1);
  add(headers, 0, {&late.op, Port::kLate}, late.rows, 0);
  EXPECT_EQ(sent(headers, 0, 1)[0], kSaid);
}

/// One row of `.errors` of "op".
void write_error(Rows& rows) {
  FailedRow failed;
  failed.reason = "no number";
  failed.bytes = "{";
  ErrorRows errors;
  errors.write({failed}, rows, "op");
}

TEST(RowHeaders, ErrorsSayWhose) {
  Owner op(true);
  Rows rows;
  write_error(rows);
  RowHeaders headers;
  headers.start(1);
  add(headers, 0, {&op, Port::kErrors}, rows, 0);
  EXPECT_EQ(sent(headers, 0, 1)[0],
            (Headers{{"millrace.operator", "op"}, {"millrace.reason", "no number"}}));
}

/// A filter or a projection behind `from`, whose rows are `rows`; what its rows say.
std::vector<Headers> said_behind(const Input& from, Rows& rows, std::optional<SelectPlan> select,
                                 std::optional<Program> filter = std::nullopt) {
  StagePlan stage;
  stage.filter = std::move(filter);
  StatelessNode node("behind", {from}, std::move(stage), std::move(select));
  node.set_index(1);
  const RowHeaders::Reasons reasons(node.shape());
  std::vector<bool> wanted(node.shape().schema.size());
  reasons.demand(wanted);
  node.set_wanted(wanted);
  Chunk chunk;
  chunk.work.push_back(std::make_unique<NodeWork>());
  chunk.work.push_back(node.make_work());
  std::swap(chunk.work[0]->ports[from.port], rows);
  node.prepare(chunk);
  const Rows& out = chunk.work[1]->ports[Port::kMain];
  const Selection live = out.selection();
  RowHeaders headers;
  headers.start(live.count);
  for (uint32_t i = 0; i < live.count; ++i) headers.add(i, node.shape(), reasons, out, live[i]);
  return sent(headers, 0, live.count);
}

Program compiled(const std::string& text, const Schema& schema) {
  auto program = compile_expression(text, schema);
  EXPECT_TRUE(program) << text;
  return std::move(*program);
}

TEST(RowHeaders, R45_BehindASelectTheRowsStillSayWhy) {
  Late late(true);
  const Schema& schema = late.op.shape(Port::kLate).schema;
  SelectPlan select;
  select.names = {"b"};
  select.programs.push_back(compiled("a + 1", schema));
  const auto both = said_behind({&late.op, Port::kLate}, late.rows, std::move(select));
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0], kSaid) << "and have none of the record, which was rewritten";
  EXPECT_EQ(both[1].back().second, "window closed while its partition was idle");
}

TEST(RowHeaders, R45_BehindAFilterTheyKeepTheirOwnToo) {
  Late late(true);
  late.number.ints[0] = 0;
  late.number.ints[1] = 7;
  const Schema& schema = late.op.shape(Port::kLate).schema;
  const auto one =
      said_behind({&late.op, Port::kLate}, late.rows, std::nullopt, compiled("a = 0", schema));
  ASSERT_EQ(one.size(), 1u);
  Headers all = {{"h", "v"}, {"h", "NULL"}};
  all.insert(all.end(), kSaid.begin(), kSaid.end());
  EXPECT_EQ(one[0], all);
}

TEST(RowHeaders, R45_ErrorsSayWhoseBehindASelectWithoutThoseFields) {
  Owner op(true);
  Rows rows;
  write_error(rows);
  const Schema& schema = op.shape(Port::kErrors).schema;
  SelectPlan select;
  select.names = {"reason"};
  select.programs.push_back(compiled("'mine'", schema));
  EXPECT_EQ(
      said_behind({&op, Port::kErrors}, rows, std::move(select)),
      (std::vector<Headers>{{{"millrace.operator", "op"}, {"millrace.reason", "no number"}}}));
}

TEST(RowHeaders, OrdinaryRowsHaveOnlyTheirOwnAndAskForNothingWithout) {
  Late late(true);
  RowHeaders headers;
  headers.start(2);
  for (uint32_t i = 0; i < 2; ++i) add(headers, i, {&late.op, Port::kMain}, late.rows, i);
  EXPECT_EQ(sent(headers, 0, 2)[0], (Headers{{"h", "v"}, {"h", "NULL"}}));
  mr_need need{};
  headers.ask(1, 2, need);
  EXPECT_EQ(need.columns, 0u);
}

}  // namespace
}  // namespace millrace
