#include <gtest/gtest.h>

#include <millrace/testing.hpp>

namespace millrace::http_source {
namespace {

std::string validate(const std::string& more) {
  static const test::library plugin(MILLRACE_PLUGIN_FILE);
  return test::harness::validate(plugin.component("http"),
                                 R"({"url": "http://127.0.0.1:1/" )" + more + "}");
}

TEST(Settings, KeysThatWouldNotBeUsedAreToldInsteadOfIgnored) {
  EXPECT_EQ(validate(""), "");
  const std::pair<const char*, const char*> cases[] = {
      {R"(, "auth": {"token": "t"})", "auth.kind: missing"},
      {R"(, "auth": {"user": "u", "password": "p"})", "auth.kind: missing"},
      {R"(, "paginate": {"cursor": "/next"})", "paginate.kind: missing"},
      {R"(, "paginate": {"param": "page"})", "paginate.kind: missing"},
      {R"(, "since": {"field": "t"})", "since.param: missing"},
      {R"(, "since": {"param": "t"})", "since.field: missing"},
  };
  for (const auto& [more, why] : cases) {
    EXPECT_NE(validate(more).find(why), std::string::npos) << more << ": " << validate(more);
  }
  EXPECT_EQ(validate(R"(, "auth": {"kind": "bearer", "token": "t"}, "paginate": {"kind": "page"},
                        "since": {"param": "since", "field": "t", "start": "0"})"),
            "");
}

TEST(Settings, WhatIsReadMustBeAPlaceInTheAnswer) {
  EXPECT_NE(validate(R"(, "records": "data")").find("JSON pointer"), std::string::npos);
  EXPECT_NE(validate(R"(, "paginate": {"kind": "cursor"})").find("paginate.cursor"),
            std::string::npos);
  EXPECT_NE(validate(R"(, "format": "raw", "records": "/a")").find("raw"), std::string::npos);
}

}  // namespace
}  // namespace millrace::http_source
