#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <millrace/testing.hpp>

#include "common/feed/board.h"
#include "common/feed/server.h"

namespace millrace::feed {
namespace {

TEST(Board, RowsAreEventsWithRisingIds) {
  Board board(2);
  board.add(R"({"a":1})");
  board.add("two\r\nlines");
  board.add("");
  uint64_t id = 1;
  EXPECT_EQ(board.text_from(id, 1 << 20),
            "id: 1\ndata: {\"a\":1}\n\nid: 2\ndata: two\ndata: lines\n\nid: 3\ndata: \n\n");
  EXPECT_EQ(id, 4u);
}

TEST(Board, ReadersBeginWithHistoryOrBehindTheirLastEvent) {
  Board board(2);
  EXPECT_EQ(board.start(), 1u);
  for (int i = 0; i < 5; ++i) board.add("x");
  EXPECT_EQ(board.start(), 4u);
  EXPECT_EQ(board.start_behind("2"), 3u);
  EXPECT_EQ(board.start_behind("5"), 6u);
  for (const char* unknown : {"", "6", "99999999999999999999", "-1", "x", "2x"}) {
    EXPECT_EQ(board.start_behind(unknown), std::nullopt) << unknown;
  }
}

TEST(Board, EventsHaveNamesAndIdsOfThisProcessAlone) {
  Board board(0, "a-");
  board.add("1\n2", "rows");
  uint64_t id = board.start();
  EXPECT_EQ(id, 2u);
  EXPECT_EQ(board.text_from(--id, 1), "id: a-1\nevent: rows\ndata: 1\ndata: 2\n\n");
  EXPECT_EQ(board.start_behind("a-1"), 2u);
  EXPECT_EQ(board.start_behind("b-1"), std::nullopt);
  EXPECT_EQ(board.start_behind("1"), std::nullopt);
}

TEST(Board, LargeEventsAreKeptByTheirBytes) {
  Board board(0);
  for (int i = 0; i < 200; ++i) board.add(std::string(1 << 20, 'x'));
  EXPECT_EQ(board.start_behind("100"), std::nullopt);
  EXPECT_EQ(board.start_behind("199"), 200u);
}

TEST(Board, MemoryIsBounded) {
  Board board(3);
  for (int i = 0; i < 30'000; ++i) board.add("x");
  uint64_t id = 1;
  board.text_from(id, 1);
  EXPECT_EQ(id, 20'002u);
}

class Served : public testing::Test {
 protected:
  static ServerOptions options() {
    ServerOptions made;
    made.address = {"127.0.0.1", 0};
    made.clients_max = 3;
    made.stale_event = "event: stale\ndata:\n\n";
    return made;
  }
  Served()
      : ctx_(host_.abi(), host_.ctx()),
        server_(ctx_, options(), Board(100), [](const Board& board) {
          return "<p>page " + board.id_text(board.next_id()) + "</p>";
        }) {
    server_.start();
  }
  void add(std::string_view row) {
    server_.change([&](Board& board) { board.add(row); });
  }
  /// What comes until `wanted` is in it, or nothing for 2 s.
  std::string ask(const std::string& request, const std::string& wanted) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server_.port());
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    const timeval patience{2, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)!send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    std::string got;
    char bytes[4096];
    ssize_t n = 0;
    while (got.find(wanted) == got.npos && (n = recv(fd, bytes, sizeof bytes, 0)) > 0)
      got.append(bytes, static_cast<size_t>(n));
    open_.push_back(fd);
    return got;
  }
  ~Served() override {
    for (const int fd : open_) close(fd);
  }
  test::fake_host host_;
  context ctx_;
  Server server_;
  std::vector<int> open_;
};

TEST_F(Served, AStreamHasHistoryAndWhatComes) {
  add("old");
  const std::string got = ask("GET /events HTTP/1.1\r\nHost: x\r\n\r\n", "data: old\n\n");
  EXPECT_NE(got.find("200 OK\r\nContent-Type: text/event-stream"), std::string::npos);
  EXPECT_NE(got.find("data: old\n\n"), std::string::npos);
  add("new");
  const std::string again =
      ask("GET /events HTTP/1.1\r\nlast-event-ID:  1 \r\n\r\n", "data: new\n\n");
  EXPECT_EQ(again.find("data: old"), std::string::npos);
  EXPECT_NE(again.find("id: 2\ndata: new\n\n"), std::string::npos);
}

TEST_F(Served, APageGoesOnBehindWhatItHolds) {
  for (const char* row : {"one", "two", "three"}) add(row);
  const std::string got = ask("GET /events?after=2 HTTP/1.1\r\n\r\n", "data: three\n\n");
  EXPECT_EQ(got.find("two"), std::string::npos);
  EXPECT_NE(ask("GET /events?after=9 HTTP/1.1\r\n\r\n", "stale\n").find("event: stale"),
            std::string::npos);
}

TEST_F(Served, PagesAndRefusals) {
  EXPECT_NE(ask("GET / HTTP/1.1\r\n\r\n", "</p>").find("page 1"), std::string::npos);
  EXPECT_NE(ask("GET /x HTTP/1.1\r\n\r\n", "here").find("404"), std::string::npos);
  EXPECT_NE(ask("POST / HTTP/1.1\r\n\r\n", "only").find("405"), std::string::npos);
}

TEST_F(Served, TooManyReadersAreToldToComeAgain) {
  for (int i = 0; i < 3; ++i) ask("GET /events HTTP/1.1\r\n\r\n", ":ok");
  EXPECT_EQ(server_.readers(), 3u);
  EXPECT_NE(ask("GET /events HTTP/1.1\r\n\r\n", "readers").find("503"), std::string::npos);
}

TEST_F(Served, AHeadWithoutAnEndIsCut) {
  EXPECT_EQ(ask("GET /" + std::string(20'000, 'x'), "never"), "");
}

}  // namespace
}  // namespace millrace::feed
