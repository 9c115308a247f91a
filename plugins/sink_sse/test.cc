#include <gtest/gtest.h>

#include <millrace/testing.hpp>

#include "sink_sse/page.h"

namespace millrace::sse_sink {
namespace {

TEST(Page, ReadsTheFeed) { EXPECT_NE(std::string(kPage).find("EventSource"), std::string::npos); }

TEST(Settings, AreChecked) {
  const test::library plugin(MILLRACE_PLUGIN_FILE);
  const auto wrong = [&](const std::string& text) {
    return test::harness::validate(plugin.component("sse"), text);
  };
  EXPECT_EQ(wrong("{}"), "");
  for (const char* bad : {"8090", "localhost:1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:1x"}) {
    EXPECT_NE(wrong(std::string(R"({"listen": ")") + bad + "\"}"), "") << bad;
  }
}

}  // namespace
}  // namespace millrace::sse_sink
