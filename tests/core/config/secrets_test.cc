/// Secrets must not be in anything that config produces for people.

#include <gtest/gtest.h>

#include <cstdlib>

#include "loading.h"

namespace millrace {
namespace {

constexpr const char* kToken = "tok\"en-8f3a-secret";
constexpr const char* kPassword = "correct horse battery";

class Secrets : public testing::Test {
 protected:
  void SetUp() override {
    setenv("MILLRACE_TEST_TOKEN", kToken, 1);
    setenv("MILLRACE_TEST_PASSWORD", kPassword, 1);
  }
  static void expect_hidden(const std::string& text) {
    EXPECT_EQ(text.find("8f3a"), std::string::npos) << text;
    EXPECT_EQ(text.find("horse"), std::string::npos) << text;
    EXPECT_EQ(text.find("literal-pw"), std::string::npos) << text;
  }
};

TEST_F(Secrets, ArePassedToPluginsButPrintedAsStars) {
  const Loading loading = load(with_source(
      R"({"plugin": "wikipedia", "token": "${env:MILLRACE_TEST_TOKEN}", "stream": "s ${env:MILLRACE_TEST_PASSWORD}"})"));
  ASSERT_EQ(loading.faults, "");
  const std::string& handed = loading.pipeline().sources[0].plugin_config;
  EXPECT_NE(handed.find("8f3a"), std::string::npos);
  EXPECT_NE(handed.find("horse"), std::string::npos);
  expect_hidden(loading.config->printed);
  EXPECT_NE(loading.config->printed.find("\"token\": \"***\""), std::string::npos);
  EXPECT_NE(loading.config->printed.find("\"stream\": \"***\""), std::string::npos);
}

TEST_F(Secrets, AnnotatedOnesAreHiddenWhereverTheyCameFrom) {
  const Loading loading = load(with_source(R"({"plugin": "wikipedia", "token": "literal-pw"})"));
  ASSERT_EQ(loading.faults, "");
  expect_hidden(loading.config->printed);
  expect_hidden(
      load(with_source(R"({"plugin": "wikipedia"})"), {"sources.in.token=[\"literal-pw\"]"})
          .faults);
}

TEST_F(Secrets, PasswordsInUrlsAreHidden) {
  const Loading loading =
      load(with_top(R"("cache": {"redis": "redis://me:literal-pw@127.0.0.1:6379/0"})"));
  ASSERT_EQ(loading.faults, "");
  expect_hidden(loading.config->printed);
  EXPECT_NE(loading.config->printed.find("redis://me:***@127.0.0.1:6379/0"), std::string::npos);
  EXPECT_EQ(loading.pipeline().cache->redis, "redis://me:literal-pw@127.0.0.1:6379/0");
}

TEST_F(Secrets, AreInNoFault) {
  const char* kSecret = "${env:MILLRACE_TEST_PASSWORD}";
  for (const char* place : {"pipeline",
                            "contact",
                            "lanes",
                            "delivery",
                            "commit.every",
                            "commit.dir",
                            "limits.state",
                            "metrics.listen",
                            "cache.redis",
                            "sources.in.plugin",
                            "sources.in.path",
                            "sources.in.on_gap",
                            "sources.in.schema.a",
                            "sources.in.event_time.unit",
                            "sources.in.event_time.bounds",
                            "sources.in.journal.retain",
                            "sources.in.x",
                            "operators.o.from",
                            "operators.o.window.tumbling",
                            "operators.o.emit",
                            "operators.o.emit.update.every",
                            "operators.o.join.with",
                            "operators.o.late",
                            "sinks.out.from",
                            "sinks.out.plugin",
                            "sinks.out.delivery"}) {
    const Loading loading =
        load(with_operators(R"({"o": {"from": "in"}})"), {std::string(place) + "=" + kSecret});
    expect_hidden(loading.faults);
    if (loading.config) expect_hidden(loading.config->printed);
  }
}

TEST_F(Secrets, ShortOnesAreNotShownEither) {
  setenv("MILLRACE_TEST_SHORT", "q7", 1);
  for (const char* place :
       {"delivery", "commit.every", "lanes", "limits.state", "sources.in.plugin"}) {
    const Loading loading =
        load(with_operators("{}"), {std::string(place) + "=${env:MILLRACE_TEST_SHORT}"});
    EXPECT_NE(loading.faults, "");
    EXPECT_EQ(loading.faults.find("q7"), std::string::npos) << loading.faults;
  }
}

}  // namespace
}  // namespace millrace
