#include "window/aggregate_layout.h"

#include "folding.h"

namespace millrace {
namespace {

/// One initialised slot.
class Slot {
 public:
  explicit Slot(const AggregateLayout& layout) : layout_(layout), bytes_(layout.slot_bytes() + 16) {
    void* at = bytes_.data();
    size_t space = bytes_.size();
    slot_ = static_cast<std::byte*>(std::align(16, layout.slot_bytes(), at, space));
    layout_.init(slot_);
  }
  ~Slot() { layout_.destroy(slot_); }
  Slot(const Slot&) = delete;
  std::byte* at() const { return slot_; }

 private:
  const AggregateLayout& layout_;
  std::vector<std::byte> bytes_;
  std::byte* slot_;
};

TEST(AggregateLayout, PlacesStatesAlignedAndApart) {
  const AggregateLayout layout = small_layout();
  ASSERT_EQ(layout.size(), 3u);
  size_t end = 0;
  for (size_t i = 0; i < layout.size(); ++i) {
    EXPECT_EQ(layout.offset(i) % layout.function(i).kernel.align, 0u);
    EXPECT_GE(layout.offset(i), end);
    end = layout.offset(i) + layout.function(i).kernel.state_bytes;
  }
  EXPECT_EQ(layout.slot_bytes(), end);
}

TEST(AggregateLayout, DescribesNamesTypesAndVersions) {
  EXPECT_EQ(small_layout().describe(), "count()v1;sum(int8)v1;sum(float8)v1;");
  EXPECT_EQ(AggregateLayout({}).describe(), "");
}

TEST(AggregateLayout, EncodedStatesComeBack) {
  const AggregateLayout layout = small_layout();
  const Slot from(layout), into(layout);
  fold(layout, from.at(), 5, 0.5);
  fold(layout, from.at(), -7, 0.25);
  fold(layout, into.at(), 1000, 1000);
  std::string bytes;
  layout.encode(from.at(), bytes);
  ASSERT_TRUE(layout.decode(into.at(), bytes));
  EXPECT_EQ(read_sums(layout, into.at()), (Sums{2, -2, 0.75}));
}

TEST(AggregateLayout, RefusesOtherBytes) {
  const AggregateLayout layout = small_layout();
  const Slot slot(layout);
  std::string bytes;
  layout.encode(slot.at(), bytes);
  EXPECT_TRUE(layout.decode(slot.at(), bytes));
  EXPECT_FALSE(layout.decode(slot.at(), bytes + "x"));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(layout.decode(slot.at(), bytes.substr(0, size))) << size;
  }
}

TEST(AggregateLayout, MergesEachStateWithItsLike) {
  const AggregateLayout layout = small_layout();
  const Slot first(layout), second(layout);
  fold(layout, first.at(), 1, 0.5);
  fold(layout, second.at(), 2, 0.25);
  fold(layout, second.at(), 3, 0.125);
  layout.merge(first.at(), second.at());
  EXPECT_EQ(read_sums(layout, first.at()), (Sums{3, 6, 0.875}));
  EXPECT_EQ(read_sums(layout, second.at()), (Sums{2, 5, 0.375}));
}

}  // namespace
}  // namespace millrace
