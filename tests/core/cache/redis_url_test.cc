// URLs of Redis and names of keys.
#include "cache/redis_url.h"

#include <gtest/gtest.h>

#include "cache/cache_keys.h"

namespace millrace {
namespace {

TEST(RedisUrl, PartsAndWhatIsLeftOut) {
  auto url = parse_redis_url("redis://me:p%40ss:w@example.org:6400/3");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->user, "me");
  EXPECT_EQ(url->password, "p@ss:w");
  EXPECT_EQ(url->host, "example.org");
  EXPECT_EQ(url->port, 6400);
  EXPECT_EQ(url->database, 3);
  EXPECT_EQ(url->printable(), "redis://example.org:6400/3");
  url = parse_redis_url("redis://:secret@localhost");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->user, "");
  EXPECT_EQ(url->password, "secret");
  EXPECT_EQ(url->port, 6379);
  url = parse_redis_url("redis://[::1]:7000");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 7000);
}

TEST(RedisUrl, WhatIsNoneIsRefusedWithoutShowingIt) {
  for (const char* text : {"", "rediss://h", "redis://h:port", "redis://h/x", "redis://h:70000",
                           "redis://me:secret@h:-1"}) {
    const auto url = parse_redis_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, Code::kInvalidConfig);
    EXPECT_EQ(url.error().message.find("secret"), std::string::npos);
  }
}

TEST(CacheKeys, E37_NameThePipelineTheStateAndTheChain) {
  const CacheKeys keys("mr", "edits", "0123");
  EXPECT_EQ(keys.meta(), "mr:{edits:0123:0}:meta");
  const std::string chain = keys.chain({"per:minute", -60, 63, 5});
  EXPECT_EQ(chain, "mr:{edits:0123:0}:b:-60:63:per:minute");
  EXPECT_EQ(operator_of(chain, keys.root()), "per:minute");
  EXPECT_EQ(block_field({"op", 0, 0, 5}, true), "b5");
  EXPECT_EQ(block_field({"op", 0, 0, 6}, false), "d6");
  EXPECT_EQ(CacheKeys::meta_pattern("mr", "a*b"), "mr:{a\\*b:*}:meta");
}

TEST(CacheKeys, E37_EachTaskHasKeysOfItsOwn) {
  const CacheKeys keys("mr", "a:b", "0123", 12);
  EXPECT_EQ(keys.meta(), "mr:{a:b:0123:12}:meta");
  const auto name = state_of(keys.meta());
  ASSERT_TRUE(name);
  EXPECT_EQ(name->state_id, "0123");
  EXPECT_EQ(name->task, 12);
  for (const char* none : {"", "}:meta", "mr:{}:meta", "mr:{a:b:0123:12}:chains"})
    EXPECT_FALSE(state_of(none)) << none;
}

}  // namespace
}  // namespace millrace
