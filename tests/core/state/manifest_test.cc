// What a copy must hold: sums that follow every change without reading what stays.
#include "state/manifest.h"

#include "core/state/state_fixture.h"

namespace millrace {
namespace {

StateBlock block(const std::string& op, int64_t slice, uint8_t shard, const std::string& value) {
  return small_block(op, slice, shard, value);
}

TEST(Manifest, SumsAreThoseOfTheBlocksThatAreThere) {
  const StateBlock a = block("op", 1, 0, "a"), b = block("op", 2, 3, "b"),
                   c = block("other", 1, 0, "c");
  Manifest manifest;
  for (const StateBlock* one : {&a, &b, &c}) ASSERT_TRUE(manifest.put(one->id, one->bytes));
  ManifestSum expected = *sum_of_block(a.bytes);
  expected.add(*sum_of_block(b.bytes));
  EXPECT_EQ(manifest.sums().at("op"), expected);
  EXPECT_EQ(manifest.sums().at("op").blocks, 2u);
  EXPECT_EQ(manifest.sums().at("op").entries, 2u);
  manifest.erase(b.id);
  EXPECT_EQ(manifest.sums().at("op"), *sum_of_block(a.bytes));
  manifest.erase(b.id);  // It is gone.
  EXPECT_EQ(manifest.sums().at("op"), *sum_of_block(a.bytes));
  manifest.erase(a.id);
  EXPECT_FALSE(manifest.sums().contains("op"));
  EXPECT_TRUE(manifest.sums().contains("other"));
}

TEST(Manifest, AReplacedBlockCountsOnce) {
  const StateBlock before = block("op", 1, 0, "before"), after = block("op", 1, 0, "after");
  Manifest manifest;
  ASSERT_TRUE(manifest.put(before.id, before.bytes));
  ASSERT_TRUE(manifest.put(after.id, after.bytes));
  EXPECT_EQ(manifest.sums().at("op"), *sum_of_block(after.bytes));
}

TEST(Manifest, SlicesAndOperatorsAreFound) {
  Manifest manifest;
  for (const int64_t slice : {-5, 0, 7}) {
    for (const uint8_t shard : {uint8_t{0}, uint8_t{63}}) {
      const StateBlock one = block("op", slice, shard, "x"),
                       other = block("op2", slice, shard, "x");
      ASSERT_TRUE(manifest.put(one.id, one.bytes));
      ASSERT_TRUE(manifest.put(other.id, other.bytes));
    }
  }
  EXPECT_EQ(manifest.of_slice("op", -5).size(), 2u);
  EXPECT_EQ(manifest.of_slice("op", 1).size(), 0u);
  EXPECT_EQ(manifest.of_operator("op").size(), 6u);
  EXPECT_EQ(manifest.of_operator("op2").size(), 6u);
  EXPECT_EQ(manifest.of_operator("nobody").size(), 0u);
}

TEST(Manifest, ACommitErasesFirstAndThenPuts) {
  Manifest manifest;
  const StateBlock a = block("op", 1, 0, "a"), b = block("op", 2, 0, "b"),
                   c = block("gone", 1, 0, "c"), again = block("op", 1, 0, "again");
  ASSERT_TRUE(manifest.apply(commit_of(1, {a, b, c})));
  Commit second = commit_of(2, {again});
  second.erase = {b.id};
  second.erase_slices = {{"op", 1}};
  second.erase_operators = {"gone"};
  ASSERT_TRUE(manifest.apply(second));
  EXPECT_EQ(manifest.sums(), (SumsByOperator{{"op", *sum_of_block(again.bytes)}}));
}

TEST(Manifest, OfALogItIsThatOfItsBlocks) {
  const TemporaryDirectory dir;
  auto log = open_log(dir);
  const StateBlock a = block("op", 1, 0, "a"), b = block("@outbox/out", 1, 0, "b");
  must(log->commit(commit_of(1, {a, b})));
  const auto manifest = manifest_of(*log);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->sums(), (SumsByOperator{{"op", *sum_of_block(a.bytes)},
                                              {"@outbox/out", *sum_of_block(b.bytes)}}));
}

TEST(Manifest, SumsReadBack) {
  const SumsByOperator sums{{"a", {1, 2, UINT64_MAX}}, {"", {0, 300, 4}}};
  std::string bytes;
  append_sums(bytes, sums);
  ByteReader in(bytes);
  EXPECT_EQ(read_sums(in), sums);
  EXPECT_TRUE(in.at_end());
  ByteReader cut(std::string_view(bytes).substr(0, bytes.size() - 1));
  (void)read_sums(cut);
  EXPECT_FALSE(cut.ok());
}

TEST(Manifest, ADamagedBlockHasNoSum) {
  StateBlock one = block("op", 1, 0, "a");
  one.bytes.back() ^= 1;
  EXPECT_FALSE(sum_of_block(one.bytes));
  Manifest manifest;
  EXPECT_FALSE(manifest.put(one.id, one.bytes.substr(0, 20)));
  EXPECT_TRUE(manifest.sums().empty());
}

TEST(Manifest, TextOfASumReadsBack) {
  const ManifestSum sum{3, 1'000'000, UINT64_MAX};
  EXPECT_EQ(sum.to_text(), "3 1000000 18446744073709551615");
  EXPECT_EQ(parse_manifest_sum(sum.to_text()), sum);
}

}  // namespace
}  // namespace millrace
