#include <gtest/gtest.h>

#include <millrace/testing.hpp>

namespace millrace::websocket_source {
namespace {

std::string validate(const std::string& more, const std::string& url = "ws://127.0.0.1:1/feed") {
  static const test::library plugin(MILLRACE_PLUGIN_FILE);
  return test::harness::validate(plugin.component("websocket"),
                                 R"({"url": ")" + url + "\"" + more + "}");
}

TEST(Settings, WhatWouldNotWorkIsToldAtOnce) {
  const std::pair<const char*, const char*> cases[] = {
      {R"(, "records": "data")", "not a JSON pointer"},
      {R"(, "format": "raw", "key": "id")", "raw"},
      {R"(, "resume": {"field": "seq", "send": {"op": "resume"}})", "{position}"},
      {R"(, "ping": {"every": "30s", "text": "ping"})", "ping.expect"},
  };
  for (const auto& [more, why] : cases) {
    EXPECT_NE(validate(more).find(why), std::string::npos) << more << ": " << validate(more);
  }
  EXPECT_EQ(validate(R"(, "records": "/data/*", "resume": {"field": "seq", "send": "{position}"})"),
            "");
}

TEST(Settings, AUserInTheUrlIsRefusedSinceItWouldNotBeSent) {
  for (const char* url : {"ws://u:p@127.0.0.1:1/", "wss://u@example.org", "ws://u:p@h?x=1"}) {
    EXPECT_NE(validate("", url).find("Authorization"), std::string::npos) << url;
  }
  for (const char* url : {"ws://127.0.0.1:1/@a", "wss://example.org?to=a@b", "ws://h/#@"}) {
    EXPECT_EQ(validate("", url), "") << url;
  }
}

}  // namespace
}  // namespace millrace::websocket_source
