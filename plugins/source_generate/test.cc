#include <gtest/gtest.h>

#include <millrace/testing.hpp>
#include <set>

#include "source_generate/settings.h"

namespace millrace::generate {
namespace {

const mr_component& component() {
  static const test::library plugin(MILLRACE_PLUGIN_FILE);
  return plugin.component("generate");
}

std::vector<std::string> values(const std::string& config, uint32_t budget = 1000) {
  test::harness source(component(), config);
  source.open();
  source.poll_all(budget);
  EXPECT_TRUE(source.out.faults.empty());
  std::vector<std::string> out;
  for (const auto& row : source.out.rows) out.push_back(*row.value);
  return out;
}

constexpr const char* kShop =
    R"({"records": 300, "seed": 5, "interval": "1m", "disorder": "5m", "key": "user",
  "late": {"share": 0.1, "by": "2h"}, "fields": {
  "id": {"sequence": {"start": 10, "step": 5}}, "user": {"label": "user_{}", "of": 9, "skew": 1},
  "amount": {"uniform": [1, 5], "decimals": 2}, "n": {"integer": [-3, 3]}, "g": {"normal": [20, 2], "decimals": 1},
  "w": {"exponential": 4}, "state": {"choice": ["a", 2, null], "weights": [5, 1, 0]}, "ok": {"bool": 0.25},
  "at": {"time": "rfc3339"}, "kind": {"value": {"x": [1, true]}}, "maybe": {"value": 1, "null": 0.5},
  "inner": {"object": {"z": {"integer": [7, 7]}}}, "list": {"array": {"integer": [0, 9]}, "length": [0, 4]}}})";

TEST(Generate, IsAPureFunctionOfConfigurationAndNumber) {
  const auto whole = values(kShop);
  EXPECT_EQ(whole.size(), 300u);
  EXPECT_EQ(values(kShop, 7), whole);
  // Kept, so that a change of the generator is seen: people compare results by seed.
  EXPECT_EQ(whole[0].substr(0, 11), R"({"id":10,"u)");
  std::string other = kShop;
  other.replace(other.find("\"seed\": 5"), 9, "\"seed\": 6");
  EXPECT_NE(values(other), whole);
}

TEST(Generate, ResumesBehindAnyRecord) {
  const auto whole = values(kShop);
  test::harness first(component(), kShop);
  first.open();
  first.poll(123);
  test::harness second(component(), kShop);
  second.open(first.snapshot(1), 1);
  second.poll_all();
  ASSERT_EQ(second.out.rows.size(), 177u);
  EXPECT_EQ(*second.out.rows[0].value, whole[123]);
  EXPECT_EQ(second.out.rows[0].position, 124u);
}

TEST(Generate, FieldsAreWhatTheySay) {
  test::fake_host host;
  const context ctx(host.abi(), host.ctx());
  test::harness source(component(), kShop);
  source.open();
  source.poll_all();
  std::set<std::string> users, states;
  double sum = 0;
  int nulls = 0, truths = 0, late = 0;
  int64_t newest = 0;
  for (const auto& row : source.out.rows) {
    const config value(ctx, *row.value);
    users.insert(value.str("user"));
    EXPECT_EQ(row.key, value.str("user"));
    states.insert(value.type("state") == MR_JSON_STRING ? value.str("state")
                                                        : std::to_string(value.i64("state")));
    EXPECT_TRUE(value.f64("amount") >= 1 && value.f64("amount") <= 5);
    EXPECT_TRUE(value.i64("n") >= -3 && value.i64("n") <= 3);
    EXPECT_EQ(value.i64("/inner/z"), 7);
    EXPECT_LE(value.list("list").size(), 4u);
    sum += value.f64("g");
    nulls += value.type("maybe") == MR_JSON_NULL;
    truths += value.flag("ok");
    late += row.time_us < newest - 3'600'000'000;
    newest = std::max(newest, row.time_us);
  }
  EXPECT_EQ(users.size(), 9u);
  EXPECT_EQ(states, (std::set<std::string>{"2", "a"}));
  EXPECT_NEAR(sum / 300, 20, 0.5);
  EXPECT_NEAR(nulls, 150, 40);
  EXPECT_NEAR(truths, 75, 30);
  EXPECT_NEAR(late, 30, 20);
}

TEST(Generate, TimesRiseByTheInterval) {
  test::harness source(component(),
                       R"({"records": 3, "interval": "20ms", "start": "1969-12-31T23:59:59.990Z",
      "fields": {"a": {"time": "ms"}, "b": {"time": "rfc3339"}}})");
  source.open();
  source.poll_all();
  EXPECT_EQ(source.out.rows[0].value, R"({"a":-10,"b":"1969-12-31T23:59:59.990Z"})");
  EXPECT_EQ(source.out.rows[1].value, R"({"a":10,"b":"1970-01-01T00:00:00.010Z"})");
  EXPECT_EQ(source.out.rows[2].time_us, 30'000);
}

TEST(Generate, RateHoldsRecordsBack) {
  test::harness source(component(),
                       R"({"records": 0, "rate": 20, "fields": {"a": {"sequence": {}}}})");
  source.open();
  EXPECT_EQ(source.traits().bounded, 0u);
  source.poll();
  EXPECT_EQ(source.out.rows.size(), 1u);
  const auto begun = std::chrono::steady_clock::now();
  while (source.out.rows.size() < 6) source.poll();
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(150));
}

TEST(Generate, SaysWhatIsWrong) {
  const auto wrong = [](const std::string& fields) {
    return test::harness::validate(component(), "{\"fields\": " + fields + "}");
  };
  EXPECT_NE(wrong(R"({"a": {}})").find("fields.a: one of sequence"), std::string::npos);
  EXPECT_NE(wrong(R"({"a": {"bool": 1, "value": 2}})").find("fields.a: both"), std::string::npos);
  EXPECT_NE(wrong(R"({"a": {"integer": [3, 1]}})").find("fields.a"), std::string::npos);
  EXPECT_NE(wrong(R"({"a": {"choice": [1], "weights": [0]}})").find("weights"), std::string::npos);
  EXPECT_NE(wrong(R"({"a": {"object": {"b": {"label": "x"}}}})").find("fields.a.b"),
            std::string::npos);
  EXPECT_NE(wrong("{}"), "");
  EXPECT_EQ(wrong(R"({"a": {"bool": 1}})"), "");
}

}  // namespace
}  // namespace millrace::generate
