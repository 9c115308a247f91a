#include "window/input_watermarks.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

struct Inputs {
  EventTime take(std::vector<EventTime> w, std::vector<bool> idle = {false, false}) {
    return merged.take([&](size_t i) { return w[i]; },
                       [&](size_t i) { return static_cast<bool>(idle[i]); });
  }
  InputWatermarks merged{2};
};

TEST(InputWatermarks, R15_TheSlowestInputDecides) {
  Inputs in;
  EXPECT_EQ(in.take({kTimeNone, 100}), kTimeNone);
  EXPECT_EQ(in.take({50, 100}), 50);
  EXPECT_EQ(in.take({120, 100}), 100);
}

TEST(InputWatermarks, R15_AnIdleInputHoldsNothingBack) {
  Inputs in;
  EXPECT_EQ(in.take({50, 100}), 50);
  EXPECT_EQ(in.take({50, 100}, {true, false}), 100);
  EXPECT_EQ(in.take({50, 200}, {true, false}), 200);
}

TEST(InputWatermarks, R18_AllIdleHolds) {
  Inputs in;
  in.take({50, 100});
  EXPECT_EQ(in.take({70, 100}, {true, true}), 50);
}

TEST(InputWatermarks, R17_WhoWakesBehindWCountsOnlyWhenItHasCaughtUp) {
  Inputs in;
  in.take({50, 100});
  in.take({50, 100}, {true, false});
  EXPECT_EQ(in.take({60, 150}), 150) << "neither moved back nor held";
  EXPECT_EQ(in.take({149, 160}), 160);
  EXPECT_EQ(in.take({160, 200}), 160) << "caught up to the tick: it counts";
  EXPECT_EQ(in.take({159, 300}), 160) << "and W does not fall";
}

TEST(InputWatermarks, R15_WhoNeverWasIdleHoldsWBack) {
  Inputs in;
  EXPECT_EQ(in.take({100, 100}), 100);
  EXPECT_EQ(in.take({100, 300}), 100);
}

TEST(InputWatermarks, R9_TheEndIsDeliveredAndNotKept) {
  Inputs in;
  in.take({50, 100});
  EXPECT_EQ(in.take({kTimeMax, 100}), 100);
  EXPECT_EQ(in.take({kTimeMax, kTimeMax}), kTimeMax);
  EXPECT_EQ(in.merged.held(), 100);
}

TEST(InputWatermarks, R35_GoesOnAsIfItHadNotStopped) {
  Inputs in;
  in.take({50, 100});
  in.take({50, 100}, {true, false});
  Inputs again;
  again.merged.restore(in.merged.held(), in.merged.counts());
  EXPECT_EQ(again.take({60, 150}), 150);
  Inputs other;
  other.merged.restore(100, {0, 1, 1});
  EXPECT_EQ(other.take({60, 150}), 100) << "of another number of inputs: all count";
}

}  // namespace
}  // namespace millrace
