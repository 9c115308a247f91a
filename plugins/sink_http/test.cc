#include <gtest/gtest.h>

#include <millrace/testing.hpp>

#include "sink_http/upload.h"

namespace millrace::http_sink {
namespace {

Settings settings_of(const std::string& text) {
  test::fake_host host;
  const context ctx(host.abi(), host.ctx());
  return Settings(ctx, config(ctx, text));
}

TEST(Upload, IsCutByNumberAndBySize) {
  const Settings settings =
      settings_of(R"({"url": "http://h", "batch": {"records": 3, "bytes": "20", "every": "1s"}})");
  Upload upload(settings);
  upload.add("12345", "p/1/0");
  EXPECT_TRUE(upload.fits("12345"));
  EXPECT_FALSE(upload.fits("123456789012345"));
  upload.add("12345", "p/1/1");
  upload.add("1", "p/1/2");
  EXPECT_FALSE(upload.fits("")) << "three rows";
  EXPECT_EQ(upload.body(), "12345\n12345\n1\n");
  EXPECT_EQ(upload.key(), "p/1/0");
  upload.clear();
  EXPECT_TRUE(upload.empty());
}

TEST(Upload, ArraysHaveCommas) {
  const Settings settings = settings_of(R"({"url": "http://h", "format": "json"})");
  Upload upload(settings);
  upload.add(R"({"a":1})", "");
  upload.add({}, "");
  EXPECT_EQ(upload.body(), R"([{"a":1},null])");
}

TEST(Settings, AreChecked) {
  const test::library plugin(MILLRACE_PLUGIN_FILE);
  const auto wrong = [&](const std::string& text) {
    return test::harness::validate(plugin.component("http"), text);
  };
  EXPECT_EQ(wrong(R"({"url": "http://h/x"})"), "");
  EXPECT_NE(wrong(R"({"url": "h/x"})"), "");
  EXPECT_NE(wrong(R"({"url": "http://h", "headers": {"Idempotency-Key": "mine"}})")
                .find("idempotency_header"),
            std::string::npos);
}

TEST(Component, NobodyListeningMayPass) {
  const test::library plugin(MILLRACE_PLUGIN_FILE);
  test::harness sink(plugin.component("http"), R"({"url": "http://127.0.0.1:1/"})");
  sink.open();
  sink.write({{.value = "{}"}});
  try {
    sink.prepare(1);
    FAIL() << "sent to nobody";
  } catch (const failure& f) {
    EXPECT_EQ(f.rc(), MR_E_RETRIABLE);
  }
  sink.cancel();
  sink.close();
}

}  // namespace
}  // namespace millrace::http_sink
