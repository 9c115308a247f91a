// The C++ layer and the harness, against each other.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <millrace/plugin.hpp>
#include <millrace/testing.hpp>

namespace {

using millrace::failure;
using millrace::test::harness;
using millrace::test::library;
using millrace::test::row;
using testing::ElementsAre;
using testing::HasSubstr;

const library& plugin() {
  static const library examples(MILLRACE_PLUGIN_FILE);
  return examples;
}

std::vector<std::string> values_of(const std::vector<row>& rows) {
  std::vector<std::string> values;
  for (const row& r : rows) values.push_back(r.value.value_or("NULL"));
  return values;
}

std::string temporary_file(const std::string& text) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const auto path = std::filesystem::temp_directory_path() /
                    ("millrace_sdk_" + std::string(test->name()) + std::to_string(getpid()));
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

TEST(Module, SaysWhatItIs) {
  const mr_module& module = plugin().module();
  EXPECT_EQ(module.count, 3u);
  EXPECT_EQ(module.abi_minor, MR_ABI_MINOR);
  const mr_component& lines = plugin().component("lines");
  EXPECT_STREQ(lines.title, "Lines");
  EXPECT_EQ(lines.status, MR_STATUS_BETA);
  EXPECT_EQ(lines.kind, MR_SOURCE);
  EXPECT_STREQ(plugin().component("echo").title, "echo");
  EXPECT_EQ(plugin().component("memory").caps, MR_CAP_TWO_PHASE);
}

TEST(Module, OffersOnlyWhatAClassOverrides) {
  const auto& lines = *static_cast<const mr_source*>(plugin().component("lines").ops);
  EXPECT_EQ(lines.seek, nullptr);
  EXPECT_EQ(lines.ack, nullptr);
  EXPECT_EQ(plugin().component("lines").life->validate, nullptr);
  EXPECT_EQ(plugin().component("lines").life->cancel, nullptr);
  EXPECT_NE(plugin().component("lines").life->traits, nullptr);
  const auto& echo = *static_cast<const mr_processor*>(plugin().component("echo").ops);
  EXPECT_NE(echo.watermark, nullptr);
  EXPECT_NE(echo.snapshot, nullptr);
}

TEST(Module, SchemaIsTheFileByteForByte) {
  std::ifstream file(MILLRACE_SCHEMA_FILE);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(plugin().component("lines").config_schema, text);
  EXPECT_STREQ(plugin().component("echo").config_schema, "{\"description\": \"another; file\"}\n");
}

TEST(RoomSource, ReadsWithoutCopiesWhateverTheCut) {
  std::string text;
  std::vector<std::string> lines;
  for (int i = 0; i < 500; ++i) {
    lines.push_back(std::string(static_cast<size_t>(i * 7 % 90), 'a') + std::to_string(i));
    text += lines.back() + (i < 499 ? "\n" : "");
  }
  const std::string path = temporary_file(text);
  for (int piece : {1, 7, 64, 4096, 1 << 20}) {
    harness source(plugin().component("lines"),
                   "{\"path\":\"" + path + "\",\"piece\":" + std::to_string(piece) + "}");
    source.open();
    ASSERT_EQ(source.poll_all(11, 1000000), MR_END);
    EXPECT_EQ(values_of(source.out.rows), lines) << piece;
    EXPECT_EQ(source.out.rows.back().position, text.size());
    EXPECT_THAT(source.out.faults, testing::IsEmpty());
  }
  std::filesystem::remove(path);
}

TEST(RoomSource, ResumesBehindEveryRecord) {
  const std::string path = temporary_file("one\ntwo\n\nfour\nfive");
  const std::string config = "{\"path\":\"" + path + "\",\"piece\":\"6B\"}";
  for (uint32_t first = 1; first <= 5; ++first) {
    harness before(plugin().component("lines"), config), after(plugin().component("lines"), config);
    before.open();
    while (before.out.rows.size() < first) before.poll(first - before.out.rows.size());
    after.open(before.snapshot(1), 1);
    after.poll_all();
    auto all = values_of(before.out.rows);
    for (const auto& value : values_of(after.out.rows)) all.push_back(value);
    EXPECT_THAT(all, ElementsAre("one", "two", "", "four", "five")) << first;
  }
  std::filesystem::remove(path);
}

TEST(Failures, KeepTheirCodeAndText) {
  harness source(plugin().component("lines"), R"({"path":"/nowhere/x"})");
  try {
    source.open();
    FAIL();
  } catch (const failure& f) {
    EXPECT_EQ(f.rc(), MR_E_RETRIABLE);
    EXPECT_EQ(f.retry_after_ms(), 1000u);
    EXPECT_STREQ(f.what(), "open: cannot open /nowhere/x");
  }
  for (const char* config : {"{}", R"({"path":5})", R"({"path":"x","piece":"many"})", "{"}) {
    try {
      harness bad(plugin().component("lines"), config);
      FAIL() << config;
    } catch (const failure& f) {
      EXPECT_EQ(f.rc(), MR_E_CONFIG) << f.what();
    }
  }
}

TEST(Emitter, KeepsKeysHeadersAndNulls) {
  harness echo(plugin().component("echo"), R"({"extra":["e"],"many":3000})");
  echo.open();
  echo.process({{.value = "v", .headers = {{"a", "1"}, {"b", std::nullopt}}},
                {.value = std::nullopt, .key = "k"},
                {.value = ""}});
  ASSERT_EQ(echo.out.rows.size(), 3003u);
  EXPECT_EQ(echo.out.rows[0].headers,
            (decltype(row::headers){{"a", "1"}, {"b", std::nullopt}, {"index", "e"}}));
  EXPECT_EQ(echo.out.rows[0].key, std::nullopt);
  EXPECT_EQ(echo.out.rows[1].key, "k");
  EXPECT_EQ(echo.out.rows[1].value, std::nullopt);
  EXPECT_EQ(echo.out.rows[2].value, "");
  EXPECT_EQ(echo.out.rows[3].key, std::nullopt);
  EXPECT_EQ(echo.out.rows[3002].key, "odd");
  EXPECT_THAT(echo.host.logs(), ElementsAre("processed"));
  echo.watermark(5);
  EXPECT_EQ(echo.out.rows.back().time_us, 5);
  EXPECT_EQ(echo.snapshot(1), "v");
}

/// How many rooms three hundred records of a KiB take.
int rooms_for_three_hundred(bool expected) {
  static int rooms;
  static mr_rc (*reserve)(mr_out*, const mr_need*, mr_room*);
  rooms = 0;
  millrace::test::output kept;
  mr_out counting = *kept.abi();
  reserve = counting.reserve;
  counting.reserve = [](mr_out* out, const mr_need* need, mr_room* room) noexcept {
    ++rooms;
    return reserve(out, need, room);
  };
  const std::string value(1024, 'v'), key = "k";
  millrace::emitter out(&counting, nullptr);
  if (expected) out.expect(300, 300 * value.size(), 300 * key.size());
  for (int i = 0; i < 300; ++i) out.append({.value = value, .key = key});
  out.flush();
  EXPECT_EQ(kept.rows.size(), 300u);
  EXPECT_EQ(kept.rows[299].value, value);
  EXPECT_EQ(kept.rows[299].key, key);
  return rooms;
}

TEST(Emitter, TakesWhatWasExpectedIntoOneRoom) {
  EXPECT_EQ(rooms_for_three_hundred(true), 1);
  EXPECT_GT(rooms_for_three_hundred(false), 1);
}

TEST(Emitter, TakesMoreThanExpected) {
  millrace::test::output kept;
  millrace::emitter out(kept.abi(), nullptr);
  out.expect(1, 1);
  for (int i = 0; i < 100; ++i) out.append({.value = std::to_string(i), .key = "key"});
  out.flush();
  ASSERT_EQ(kept.rows.size(), 100u);
  EXPECT_EQ(kept.rows[99].value, "99");
  EXPECT_THAT(kept.faults, testing::IsEmpty());
}

TEST(Sink, PreparesAndCommits) {
  harness sink(plugin().component("memory"), "{}");
  sink.open();
  sink.write({{.value = "a"}, {.value = std::nullopt, .position = 9}, {.value = "b"}});
  ASSERT_EQ(sink.out.rejects.size(), 1u);
  EXPECT_EQ(sink.out.rejects[0].position, 9u);
  EXPECT_EQ(sink.prepare(1), "2");
  sink.commit(1);
  EXPECT_EQ(sink.host.metric("visible"), 2);
  EXPECT_EQ(millrace::test::made_batch::alive(), 1);  // The sink keeps one.
  sink.close();
  EXPECT_EQ(millrace::test::made_batch::alive(), 0);
}

TEST(FakeHost, OldHostsWithholdExtensions) {
  millrace::test::fake_host host;
  host.withhold(MR_EXT_JSON);
  char text[128];
  mr_err err{sizeof err, 0, 0, sizeof text, 0, 0, text};
  mr_self* self = nullptr;
  const mr_component& echo = plugin().component("echo");
  EXPECT_EQ(echo.life->create(host.abi(), host.ctx(), {"{}", 2}, &self, &err), MR_E_CONFIG);
  EXPECT_THAT(std::string(text, err.msg_len), HasSubstr("does not offer millrace.json/1"));
}

TEST(Config, DurationsAreThoseOfTheConfiguration) {
  using millrace::parse_duration;
  using std::chrono::microseconds;
  EXPECT_EQ(parse_duration("14m30s"), microseconds(870'000'000));
  EXPECT_EQ(parse_duration("1d2h3m4s5ms6us"), microseconds(93'784'005'006));
  EXPECT_EQ(parse_duration("1.5h"), microseconds(5'400'000'000));
  EXPECT_EQ(parse_duration("250ms"), microseconds(250'000));
  EXPECT_EQ(parse_duration("0"), microseconds(0));
  for (const char* bad : {"", "5", "s", "-5s", "5 s", "1w", "5s3", "3s2m", "1s1s", "1..2s", "nan",
                          "1e3s", "99999999999999d"}) {
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
  }
  millrace::test::fake_host host;
  const millrace::context ctx(host.abi(), host.ctx());
  const millrace::config cfg(ctx, R"({"a": "1m30s", "b": "0", "c": "soon"})");
  EXPECT_EQ(cfg.duration("a"), microseconds(90'000'000));
  EXPECT_EQ(cfg.duration("b", microseconds(7)), microseconds(0));
  EXPECT_EQ(cfg.duration("none", microseconds(7)), microseconds(7));
  EXPECT_THROW(cfg.duration("c"), failure);
}

TEST(Json, ReadsWhatTheRfcSays) {
  using millrace::test::json_reader;
  EXPECT_EQ(json_reader(R"("\u00e4\ud83d\udca7\n")").read()->text, "ä💧\n");
  EXPECT_EQ(json_reader(" [1, -2.5e3 , null]\n").read()->items.at(1)->text, "-2.5e3");
  for (const char* bad :
       {"", "{", "[1,]", "{\"a\"}", "tru", "\"\\x\"", "1 2", "\"a", "nan", "+1"}) {
    EXPECT_THROW(json_reader(bad).read(), failure) << bad;
  }
  EXPECT_THROW(json_reader(std::string(100000, '[')).read(), failure);
}

}  // namespace
