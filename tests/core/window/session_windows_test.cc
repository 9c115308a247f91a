#include "window/session_windows.h"

#include <algorithm>

#include "folding.h"

namespace millrace {
namespace {

using Session = SessionWindows::Session;

/// What a closed session was: its first and last record, and its sums.
struct Closed {
  std::string key;
  EventTime first, last;
  int64_t count;
  bool operator==(const Closed&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Closed& closed) {
  return out << closed.key << "[" << closed.first << "," << closed.last << "]x" << closed.count;
}

/// Sessions fed by hand, record by record, with W as the test says.
class Sessions {
 public:
  explicit Sessions(int64_t gap, int64_t lateness = 0, bool revises = false)
      : windows(small_layout(), gap, lateness, revises) {}

  /// False: late.
  bool record(EventTime t, EventTime w, const std::string& key = "k", double fraction = 0) {
    Session* session = windows.place(hash_bytes(key), key, t, w, [](Session&) {});
    if (session)
      fold(windows.states().layout(), SessionWindows::States::state_of(*session), 1, fraction);
    return session != nullptr;
  }
  std::vector<Closed> close(EventTime w) {
    std::vector<Session*> due;
    windows.take_due(w, due);
    std::vector<Closed> out;
    for (Session* session : due) {
      const auto sums =
          read_sums(windows.states().layout(), SessionWindows::States::state_of(*session));
      out.push_back({session->key, session->first, session->last, sums.count});
      windows.drop(*session);
    }
    return out;
  }

  SessionWindows windows;
};

TEST(SessionWindows, R6_MergesUpToTheGapAndNotBeyond) {
  for (const EventTime second : {5, 6}) {
    Sessions sessions(5);
    sessions.record(0, kTimeNone);
    sessions.record(second, kTimeNone);
    const auto closed = sessions.close(kTimeMax);
    if (second == 5) {
      EXPECT_EQ(closed, (std::vector<Closed>{{"k", 0, 5, 2}}));
    } else {
      EXPECT_EQ(closed, (std::vector<Closed>{{"k", 0, 0, 1}, {"k", 6, 6, 1}}));
    }
  }
}

TEST(SessionWindows, R6_ClosesStrictlyBehindLastPlusGap) {
  Sessions sessions(5, 3);
  sessions.record(10, kTimeNone);
  EventTime due = 0;
  ASSERT_TRUE(sessions.windows.next_due(due));
  EXPECT_EQ(due, 10 + 5 + 1 + 3);
  EXPECT_TRUE(sessions.close(18).empty());
  EXPECT_EQ(sessions.close(19).size(), 1u);
  EXPECT_FALSE(sessions.windows.next_due(due));
}

TEST(SessionWindows, R6_ShowsFirstRecordAndLastPlusGap) {
  Sessions sessions(5);
  Session* session = sessions.windows.place(1, "k", -7, kTimeNone, [](Session&) {});
  EXPECT_EQ(sessions.windows.shown_window(*session), (Span{-7, -2}));
  EXPECT_EQ(sessions.windows.end_of(session->last), -1);
}

TEST(SessionWindows, R6_IsLateByItsCandidate) {
  // Alone at 10 the candidate ends at 16, with L = 2 it is late from W = 18 on.
  for (const EventTime w : {17, 18}) EXPECT_EQ(Sessions(5, 2).record(10, w), w < 18);
  // An open session near makes the candidate longer: never late then.
  Sessions sessions(5, 2);
  sessions.record(14, 10);
  EXPECT_TRUE(sessions.record(10, 21));
  EXPECT_EQ(sessions.close(kTimeMax), (std::vector<Closed>{{"k", 10, 14, 2}}));
}

TEST(SessionWindows, R7_ABridgeJoinsTheOpenSessionOnly) {
  Sessions sessions(5);
  sessions.record(1, kTimeNone);
  EXPECT_EQ(sessions.close(9).size(), 1u);  // Ended at 7.
  sessions.record(9, 1);
  EXPECT_TRUE(sessions.record(5, 9));
  EXPECT_EQ(sessions.close(kTimeMax), (std::vector<Closed>{{"k", 5, 9, 2}}));
}

TEST(SessionWindows, R7_AnyOrderGivesTheSame) {
  std::vector<EventTime> times = {-12, -7, -1, 4, 9, 16, 21, 30};
  std::sort(times.begin(), times.end());
  const std::vector<Closed> expected = {
      {"k", -12, -7, 2}, {"k", -1, 9, 3}, {"k", 16, 21, 2}, {"k", 30, 30, 1}};
  do {
    Sessions sessions(5);
    for (EventTime t : times) sessions.record(t, kTimeNone);
    ASSERT_EQ(sessions.close(kTimeMax), expected);
  } while (std::next_permutation(times.begin(), times.begin() + 6));
}

TEST(SessionWindows, R7_TellsTheStartsThatVanish) {
  Sessions sessions(5, 0, true);
  sessions.record(0, kTimeNone);
  sessions.record(8, kTimeNone);
  Session* session = sessions.windows.place(hash_bytes("k"), "k", 4, kTimeNone, [](Session&) {});
  ASSERT_EQ(session->vanished.size(), 1u);
  EXPECT_EQ(session->vanished[0]->start, 8);
  EXPECT_EQ(session->shown->start, 0);
  session = sessions.windows.place(hash_bytes("k"), "k", -2, kTimeNone, [](Session&) {});
  ASSERT_EQ(session->vanished.size(), 2u);
  EXPECT_EQ(session->vanished[1]->start, 0);
  EXPECT_EQ(session->shown->start, -2);
}

TEST(SessionWindows, R7_ARecordAtTheFirstOnesTimeMovesNoStart) {
  Sessions sessions(5, 0, true);
  sessions.record(0, kTimeNone);
  sessions.record(3, kTimeNone);
  const Session* session =
      sessions.windows.place(hash_bytes("k"), "k", 0, kTimeNone, [](Session&) {});
  EXPECT_TRUE(session->vanished.empty());
  EXPECT_EQ(session->last, 3);
}

TEST(SessionWindows, AMergeAsksToFoldFirstAndAddsTheOlderStateFirst) {
  Sessions sessions(5);
  sessions.record(8, kTimeNone, "k", 1e16);
  sessions.record(0, kTimeNone, "k", 1.0);
  sessions.record(1, kTimeNone, "k", 1.0);
  int asked = 0;
  Session* session =
      sessions.windows.place(hash_bytes("k"), "k", 4, kTimeNone, [&](Session& swallowed) {
        EXPECT_EQ(swallowed.first, 8);
        ++asked;
      });
  EXPECT_EQ(asked, 1);
  // (1 + 1) + 1e16 and not 1e16 + 1 + 1: left to right.
  const auto sums = read_sums(small_layout(), SessionWindows::States::state_of(*session));
  EXPECT_EQ(sums.total, 2.0 + 1e16);
}

TEST(SessionWindows, R20_WhatTheEndClosedStaysClosed) {
  Sessions sessions(5);
  sessions.record(1, kTimeNone);
  sessions.close(kTimeMax);
  sessions.windows.seal_closed();
  EXPECT_EQ(sessions.windows.closed_upto(), 7);
  EXPECT_FALSE(sessions.record(1, kTimeNone));
  EXPECT_TRUE(sessions.record(2, kTimeNone));
  EXPECT_EQ(sessions.close(kTimeMax), (std::vector<Closed>{{"k", 2, 2, 1}}));
}

TEST(SessionWindows, KeysThatCloseLeaveNothingBehind) {
  Sessions sessions(5);
  size_t first = 0;
  for (EventTime t = 0; t < 20'000; ++t) {
    sessions.record(t, t, "a key longer than the room inside a string " + std::to_string(t));
    sessions.close(t);
    if (t == 2000) first = sessions.windows.bytes();
  }
  EXPECT_EQ(sessions.windows.states().entries(), 6u);
  EXPECT_LE(sessions.windows.bytes(), first + first / 4);
}

/// Gap, times of one key in log order, and the sessions that they make, all before any W. The
/// tables are those of other systems' tests, in our terms; where their answer differs the row says
/// so.
struct Row {
  const char* from;
  int64_t gap;
  std::vector<EventTime> times;
  std::vector<Closed> sessions;
};
const Row kPublished[] = {
    {"Kafka Streams, merges over the middle", 300, {0, 301, 150}, {{"k", 0, 301, 3}}},
    {"Kafka Streams, one time twice", 300, {0, 0}, {{"k", 0, 0, 2}}},
    {"Kafka Streams, one behind the gap",
     300,
     {0, 0, 301, 301, 0, 301},
     {{"k", 0, 0, 3}, {"k", 301, 301, 3}}},
    {"Flink, windows that touch are one", 3, {0, 5, 3}, {{"k", 0, 5, 3}}},
    {"Flink, 3 s apart and 1 ms more",
     3000,
     {0, 1000, 2500, 5501, 6000, 6050},
     {{"k", 0, 2500, 3}, {"k", 5501, 6050, 3}}},
    {"Beam, far apart", 10, {1, 2, 5, 9, 100, 101}, {{"k", 1, 9, 4}, {"k", 100, 101, 2}}},
    {"Beam and Spark keep records exactly the gap apart in two",
     10,
     {0, 10, 101},
     {{"k", 0, 10, 2}, {"k", 101, 101, 1}}},
    {"Spark, an earlier record opens one in front",
     10,
     {40, 41, 25},
     {{"k", 25, 25, 1}, {"k", 40, 41, 2}}},
    {"Bytewax, out of order and bridged", 10, {1, 16, 5, 8, 22}, {{"k", 1, 22, 5}}},
};

TEST(SessionWindows, R6_AgreesWithPublishedTables) {
  for (const Row& row : kPublished) {
    Sessions sessions(row.gap);
    for (EventTime t : row.times) EXPECT_TRUE(sessions.record(t, kTimeNone)) << row.from;
    EXPECT_EQ(sessions.close(kTimeMax), row.sessions) << row.from;
  }
}

/// Kafka Streams: several keys, G = 300.
TEST(SessionWindows, R6_AgreesWithKafkaStreamsOnSeveralKeys) {
  Sessions sessions(300);
  const std::pair<const char*, EventTime> records[] = {{"a", 0},   {"b", 0},   {"c", 0},
                                                       {"d", 0},   {"d", 150}, {"a", 301},
                                                       {"b", 301}, {"a", 451}, {"c", 451}};
  for (const auto& [key, t] : records) sessions.record(t, kTimeNone, key);
  auto closed = sessions.close(kTimeMax);
  std::sort(closed.begin(), closed.end(), [](const Closed& x, const Closed& y) {
    return std::pair(x.key, x.first) < std::pair(y.key, y.first);
  });
  EXPECT_EQ(closed, (std::vector<Closed>{{"a", 0, 0, 1},
                                         {"a", 301, 451, 2},
                                         {"b", 0, 0, 1},
                                         {"b", 301, 301, 1},
                                         {"c", 0, 0, 1},
                                         {"c", 451, 451, 1},
                                         {"d", 0, 150, 2}}));
}

/// Kafka Streams, gap 10: a record at 0 is in time while stream time is 10, expired at 11; one more
/// tick with a grace of 1. Its grace is our B, and our L alike (R11).
TEST(SessionWindows, R11_ExpiresWhenKafkaStreamsDoes) {
  for (const int64_t grace : {0, 1}) {
    for (const EventTime stream_time : {10, 11, 12}) {
      const bool in_time = stream_time <= 10 + grace;
      EXPECT_EQ(Sessions(10, 0).record(0, stream_time - grace), in_time);
      EXPECT_EQ(Sessions(10, grace).record(0, stream_time), in_time);
    }
  }
}

TEST(SessionWindows, TimesAtTheEndsSaturate) {
  Sessions sessions(1000);
  EXPECT_TRUE(sessions.record(kTimeMax - 5, kTimeNone));
  EXPECT_TRUE(sessions.record(kTimestamptzMin, kTimeNone));
  EXPECT_EQ(sessions.close(kTimeMax).size(), 2u);
}

}  // namespace
}  // namespace millrace
