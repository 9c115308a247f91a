// Rows by slices of event time.
#include "window/time_slices.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

struct Row : SliceRow {
  EventTime time = 0;
};
using Slices = TimeSlices<Row>;

Row at(EventTime t) {
  Row row;
  row.time = t;
  return row;
}

TEST(TimeSlices, ASliceGoesOnceAllItsTimesAreBefore) {
  Slices slices(32);  // Slices of 4.
  for (EventTime t : {-1, 0, 3, 4}) slices.add(t, at(t));
  EXPECT_EQ(slices.slice_of(-1), -4);
  EXPECT_EQ(slices.slice_of(3), 0);
  EXPECT_EQ(slices.drop_before(-1).size(), 0u);
  EXPECT_EQ(slices.drop_before(0).size(), 1u);
  EXPECT_EQ(slices.drop_before(3).size(), 0u) << "it holds 3";
  EXPECT_EQ(slices.drop_before(4).size(), 1u);
  EXPECT_EQ(slices.rows(), 1u);
  EXPECT_EQ(slices.take_dropped(), (std::vector<EventTime>{-4, 0}));
  EXPECT_EQ(slices.take_dropped(), std::vector<EventTime>{});
}

}  // namespace
}  // namespace millrace
