#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

// The published values of XXH3 (64 bits, seed 0). Shards and checksums on disk depend on them.
TEST(Hash, IsXxh3AndStaysSo) {
  EXPECT_EQ(hash_bytes(""), 0x2D06800538D394C2u);
  EXPECT_EQ(hash_bytes("a"), 0xE6C632B61E964E1Fu);
  EXPECT_EQ(hash_bytes("abc"), 0x78AF5F94892F3950u);
}

TEST(Hash, SeedZeroIsTheUnseededHash) {
  const std::string text(1000, 'x');
  EXPECT_EQ(hash_bytes(text, 0), hash_bytes(text));
  EXPECT_NE(hash_bytes(text, 1), hash_bytes(text));
}

TEST(Hash, CountsZeroBytes) {
  EXPECT_NE(hash_bytes(std::string(1, '\0')), hash_bytes(std::string(2, '\0')));
}

}  // namespace
}  // namespace millrace
