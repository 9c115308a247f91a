#include "state/block_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace millrace {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

TEST(BlockKey, ComesBack) {
  for (const std::string& op :
       {std::string(), std::string("a"), std::string("a\0b", 3), std::string(255, 'x')}) {
    for (const int64_t slice : {kLeast, int64_t{-1}, int64_t{0}, int64_t{1}, kMost}) {
      const BlockId id{op, slice, 63, 0xffffffff};
      ASSERT_EQ(parse_block_key(block_key(id)), id);
      EXPECT_LE(block_key(id).size(), 511u) << "LMDB's longest key";
    }
  }
}

TEST(BlockKey, BytesSortAsTheBlocksOfAnOperatorDo) {
  std::vector<BlockId> ids;
  for (const int64_t slice :
       {kLeast, int64_t{-256}, int64_t{-1}, int64_t{0}, int64_t{255}, kMost}) {
    for (const uint8_t shard : {0, 1, 63}) {
      for (const uint32_t number : {0u, 1u, 255u, 256u, 0xffffffffu}) {
        ids.push_back({"op", slice, shard, number});
      }
    }
  }
  ASSERT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end(), [](const BlockId& a, const BlockId& b) {
    return block_key(a) < block_key(b);
  }));
}

TEST(BlockKey, NoOperatorIsAnothersPrefix) {
  EXPECT_FALSE(block_key({"ab", 0, 0, 0}).starts_with(operator_prefix("a")));
  EXPECT_FALSE(block_key({"", 0, 0, 0}).starts_with(operator_prefix(std::string(1, '\0'))));
  EXPECT_TRUE(block_key({"a", -5, 1, 2}).starts_with(slice_prefix("a", -5)));
  EXPECT_FALSE(block_key({"a", -5, 1, 2}).starts_with(slice_prefix("a", -4)));
}

TEST(BlockKey, OtherBytesAreNone) {
  const std::string key = block_key({"op", 1, 2, 3});
  for (std::size_t length = 0; length < key.size(); ++length) {
    EXPECT_FALSE(parse_block_key(key.substr(0, length))) << length;
  }
  EXPECT_FALSE(parse_block_key(key + "x"));
  EXPECT_FALSE(parse_block_key("m"));
}

}  // namespace
}  // namespace millrace
