#include "core/nodes/chunks.h"
#include "nodes/processing_time_node.h"

namespace millrace {
namespace {

/// A source with the clock behind it; chunks come at times of the test's own.
class ProcessingTime : public ::testing::Test {
 protected:
  ProcessingTime() : source_(plain_source("in")), clock_("op", {source_.get(), Port::kMain}) {
    clock_.set_index(1);
    clock_.set_wanted(std::vector<bool>(clock_.shape().schema.size()));
  }

  /// Times of the rows, then W before each place and behind the last.
  std::vector<EventTime> apply(const std::vector<EventTime>& event_times, EventTime arrival,
                               bool end = false) {
    auto chunk = chunk_of(*source_, at_times(event_times), end);
    chunk->arrival_us = arrival;
    chunk->work.push_back(clock_.make_work());
    EXPECT_TRUE(source_->apply(*chunk, {0, chunk->records, true}));
    EXPECT_TRUE(clock_.apply(*chunk, {0, chunk->records, true}));
    const RowsView& view = chunk->work[1]->now[Port::kMain];
    std::vector<EventTime> out;
    for (uint32_t i = 0; i < view.live.count; ++i) out.push_back(view.rows->time[view.live[i]]);
    const EventTime* w = clock_.watermarks(*chunk);
    out.insert(out.end(), w, w + chunk->places() + 1);
    return out;
  }

  std::unique_ptr<SourceNode> source_;
  ProcessingTimeNode clock_;
};

using Times = std::vector<EventTime>;

TEST_F(ProcessingTime, R38_RowsHaveTheTimeAtWhichTheyCome) {
  EXPECT_EQ(apply({5, 900}, 1000), (Times{1000, 1000, 1000, 1000, 1000, 1000}));
  EXPECT_EQ(clock_.watermark(), 1000);
}

TEST_F(ProcessingTime, R38_AnEmptyChunkMovesTheClock) {
  EXPECT_EQ(apply({}, 1000), (Times{1000, 1000}));
  EXPECT_EQ(apply({}, 1100), (Times{1100, 1100}));
}

TEST_F(ProcessingTime, R38_TheClockNeverGoesBack) {
  apply({1}, 1000);
  EXPECT_EQ(apply({1}, 400), (Times{1000, 1000, 1000, 1000}));
  clock_.restore_clock(5000);  // Of the last commit.
  EXPECT_EQ(apply({1}, 2000), (Times{5000, 5000, 5000, 5000}));
}

TEST_F(ProcessingTime, R20_TheEndOfBoundedInputIsTheEndOfTheClock) {
  EXPECT_EQ(apply({}, 1000, true), (Times{1000, kTimeMax}));
  EXPECT_EQ(clock_.watermark(), kTimeMax);
  EXPECT_EQ(clock_.clock(), 1000);
}

}  // namespace
}  // namespace millrace
