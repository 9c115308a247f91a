#include "common/http/settings.h"

#include <gtest/gtest.h>

#include <millrace/testing.hpp>

namespace millrace::http {
namespace {

HttpSettings read(const std::string& text) {
  test::fake_host host;
  const context ctx(host.abi(), host.ctx());
  return read_http_settings(config(ctx, text), "agent");
}

TEST(HttpSettings, HaveDefaults) {
  const HttpSettings settings = read("{}");
  EXPECT_EQ(settings.user_agent, "agent");
  EXPECT_EQ(settings.connect_timeout, Micros(std::chrono::seconds(10)));
  EXPECT_EQ(settings.retry.max, Micros(std::chrono::minutes(2)));
  EXPECT_EQ(settings.limits.header, 32u << 10);
  EXPECT_EQ(settings.proxy, std::nullopt);
  EXPECT_TRUE(settings.tls.verify);
  EXPECT_NO_THROW(check_http_settings(settings));
}

TEST(HttpSettings, ReadEveryKey) {
  const HttpSettings settings = read(R"({
    "headers": {"X-A": "1", "X-B": "2"}, "user_agent": "me", "connect_timeout": "1s", "tls_timeout": "2s",
    "header_timeout": "3s", "read_timeout": "0", "proxy": "",
    "retry": {"initial": "10ms", "max": "20ms", "max_after": "30ms", "multiplier": 1.5, "jitter": "none",
              "reset_after": "40ms", "give_up_after": "50ms"},
    "auth_grace": {"attempts": 7, "over": "60ms"}, "max": {"header": "1KiB", "line": "2KiB", "message": 3000, "redirects": 1},
    "tls": {"verify": false, "insecure": true, "min": "1.3", "server_name": "n"}})");
  ASSERT_EQ(settings.headers.size(), 2u);
  EXPECT_EQ(settings.headers[1].name, "X-B");
  EXPECT_EQ(settings.headers[1].value, "2");
  EXPECT_EQ(settings.user_agent, "me");
  EXPECT_EQ(settings.read_timeout, Micros(0));
  EXPECT_EQ(settings.proxy, "");
  EXPECT_EQ(settings.retry.multiplier, 1.5);
  EXPECT_FALSE(settings.retry.full_jitter);
  EXPECT_EQ(settings.retry.give_up_after, Micros(50'000));
  EXPECT_EQ(settings.grace.attempts, 7u);
  EXPECT_EQ(settings.limits.message, 3000u);
  EXPECT_EQ(settings.limits.redirects, 1u);
  EXPECT_EQ(settings.tls.min, "1.3");
  EXPECT_NO_THROW(check_http_settings(settings));
}

TEST(HttpSettings, RefuseWhatIsUnsafe) {
  EXPECT_THROW(check_http_settings(read(R"({"tls": {"verify": false}})")), config_error);
  EXPECT_THROW(check_http_settings(read(R"({"tls": {"ca_file": "/nonexistent.pem"}})")),
               config_error);
  EXPECT_THROW(check_http_settings(read(R"({"headers": {"A": "x\r\nB: y"}})")), config_error);
  EXPECT_THROW(check_http_settings(read(R"({"headers": {"A:": "x"}})")), config_error);
  EXPECT_THROW(check_http_settings(read(R"({"headers": {"A B": "x"}})")), config_error);
  EXPECT_THROW(check_http_settings(read(R"({"proxy": "ftp://127.0.0.1:21"})")), config_error);
  for (const char* proxy : {"", "proxy:3128", "HTTP://proxy:3128", "socks5h://u:p@proxy:1080"}) {
    const std::string text = std::string(R"({"proxy": ")") + proxy + "\"}";
    EXPECT_NO_THROW(check_http_settings(read(text.c_str()))) << proxy;
  }
  EXPECT_THROW(check_http_settings(read(R"({"user_agent": "a\nb"})")), config_error);
  EXPECT_THROW(read(R"({"connect_timeout": "soon"})"), config_error);
}

TEST(HttpSettings, UserAgentNamesTheContact) {
  test::fake_host host;
  const context ctx(host.abi(), host.ctx());
  EXPECT_EQ(default_user_agent(ctx, ""), "millrace/1.0.0");
  EXPECT_EQ(default_user_agent(ctx, "me@example.org"), "millrace/1.0.0 (me@example.org)");
  EXPECT_EQ(default_user_agent(ctx, "https://example.org"),
            "millrace/1.0.0 (+https://example.org)");
}

}  // namespace
}  // namespace millrace::http
