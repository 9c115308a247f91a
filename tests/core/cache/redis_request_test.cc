// Commands as pieces: together they are Redis's protocol, and what is long is not copied.
#include "cache/redis_request.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace millrace {
namespace {

std::string rest_of(const RedisRequest& request) {
  std::string text;
  for (size_t i = 0; i < request.count(); ++i)
    text.append(static_cast<const char*>(request.pieces()[i].iov_base),
                request.pieces()[i].iov_len);
  return text;
}

const std::string kLong(2000, 'x'), kLonger(70'000, 'y');

std::string wanted() {
  return "*6\r\n$4\r\nEVAL\r\n$0\r\n\r\n$2000\r\n" + kLong + "\r\n$70000\r\n" + kLonger +
         "\r\n$2\r\n\r\n\r\n$2000\r\n" + kLong + "\r\n";
}
std::vector<std::string_view> words() { return {"EVAL", "", kLong, kLonger, "\r\n", kLong}; }

TEST(RedisRequest, PiecesAreTheProtocolsText) {
  const RedisRequest request(words());
  EXPECT_EQ(rest_of(request), wanted());
  EXPECT_EQ(rest_of(RedisRequest({"PING"})), "*1\r\n$4\r\nPING\r\n");
}

TEST(RedisRequest, WhatIsLongIsNotCopied) {
  const RedisRequest request(words());
  const auto lent = [&](const std::string& word) {
    return std::count_if(request.pieces(), request.pieces() + request.count(),
                         [&](const iovec& piece) { return piece.iov_base == word.data(); });
  };
  EXPECT_EQ(lent(kLong), 2);
  EXPECT_EQ(lent(kLonger), 1);
}

TEST(RedisRequest, GoesOnWhereASocketStopped) {
  for (const size_t step : {size_t{1}, size_t{7}, size_t{4096}, wanted().size()}) {
    RedisRequest request(words());
    std::string text;
    while (request.count() > 0) {
      const std::string rest = rest_of(request);
      const size_t sent = std::min(step, rest.size());
      text += rest.substr(0, sent);
      request.sent(sent);
    }
    EXPECT_EQ(text, wanted()) << step;
  }
}

}  // namespace
}  // namespace millrace
