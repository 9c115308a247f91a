#include "common/websocket/ws_inbox.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace::websocket {
namespace {

using http::Micros;

constexpr Micros kNow{1'000'000}, kLimit{500};

std::vector<std::string> drained(WsInbox& inbox) {
  std::vector<std::string> out;
  while (inbox.front().data()) {
    out.emplace_back(inbox.front());
    inbox.pop();
  }
  return out;
}

TEST(WsInbox, P7_HasRoomUpToBytesAndMessages) {
  WsInbox inbox({.bytes_max = 6, .messages_max = 3});
  inbox.push("four");
  EXPECT_TRUE(inbox.has_room(kNow));
  inbox.push("5 is more");
  EXPECT_FALSE(inbox.has_room(kNow));
  EXPECT_EQ(drained(inbox), (std::vector<std::string>{"four", "5 is more"}));
  EXPECT_TRUE(inbox.has_room(kNow));
  for (const char* one : {"a", "b", "c"}) inbox.push(one);
  EXPECT_FALSE(inbox.has_room(kNow));
  EXPECT_TRUE(inbox.is_held_up());
}

TEST(WsInbox, P7_TheOldestGoOnlyAfterTheLimit) {
  WsInbox inbox({.messages_max = 2, .drop_after = kLimit});
  inbox.push("a");
  inbox.push("b");
  EXPECT_FALSE(inbox.has_room(kNow));
  inbox.look(kNow + kLimit - Micros(1));
  EXPECT_FALSE(inbox.has_room(kNow + kLimit - Micros(1)));
  inbox.look(kNow + kLimit);
  EXPECT_TRUE(inbox.has_room(kNow + kLimit));
  inbox.push("c");
  inbox.push("d");
  EXPECT_EQ(inbox.take_dropped(), 3u);
  EXPECT_EQ(inbox.take_dropped(), 0u);
  EXPECT_EQ(drained(inbox), (std::vector<std::string>{"d"}));
}

TEST(WsInbox, P7_WhatIsLentStays) {
  WsInbox inbox({.messages_max = 2, .drop_after = kLimit});
  inbox.push("a");
  inbox.push("b");
  EXPECT_EQ(inbox.front(), "a");
  EXPECT_FALSE(inbox.has_room(kNow));
  inbox.look(kNow + kLimit);
  inbox.push("c");
  EXPECT_EQ(inbox.front(), "a");
  EXPECT_EQ(inbox.take_dropped(), 1u);
  EXPECT_EQ(drained(inbox), (std::vector<std::string>{"a", "c"}));
}

TEST(WsInbox, P7_OnceTheReaderIsBackNothingGoesBeforeTheLimit) {
  WsInbox inbox({.messages_max = 2, .drop_after = kLimit});
  inbox.push("a");
  inbox.push("b");
  EXPECT_FALSE(inbox.has_room(kNow));
  inbox.look(kNow + kLimit);
  inbox.push("c");
  EXPECT_EQ(drained(inbox), (std::vector<std::string>{"c"}));
  EXPECT_EQ(inbox.take_dropped(), 2u);
  inbox.push("d");
  inbox.push("e");
  EXPECT_FALSE(inbox.has_room(kNow + 2 * kLimit));
  EXPECT_EQ(drained(inbox), (std::vector<std::string>{"d", "e"}));
}

TEST(WsInbox, P7_BlockLosesNothing) {
  WsInbox inbox({.messages_max = 1});
  inbox.push("a");
  EXPECT_FALSE(inbox.has_room(kNow));
  inbox.look(kNow + 1000 * kLimit);
  EXPECT_FALSE(inbox.has_room(kNow + 1000 * kLimit));
  EXPECT_EQ(drained(inbox), (std::vector<std::string>{"a"}));
}

}  // namespace
}  // namespace millrace::websocket
