#pragma once

/// For tests: what a parser makes of a stream, when it comes whole, in two pieces cut at every
/// byte, and byte by byte. All must agree.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/sse/sse_parser.h"

namespace millrace::sse {

struct Reading {
  struct Event {
    std::string type, data, id;
    bool operator==(const Event&) const = default;
  };
  std::vector<Event> events;
  std::string last_event_id;
  int64_t retry_ms = -1;  ///< -1: none was asked for.
  bool too_long = false;
  bool operator==(const Reading&) const = default;
};

inline void PrintTo(const Reading& reading, std::ostream* out) {
  for (const auto& e : reading.events) {
    *out << "{type " << e.type << ", data \"" << e.data << "\", id \"" << e.id << "\"} ";
  }
  *out << "last id \"" << reading.last_event_id << "\", retry " << reading.retry_ms
       << (reading.too_long ? ", too long" : "");
}

inline Reading read_pieces(const std::vector<std::string_view>& pieces, SseLimits limits = {}) {
  SseParser parser(limits);
  Reading reading;
  for (std::string_view piece : pieces) {
    auto got = SseParser::Got::kEvent;
    while (got == SseParser::Got::kEvent) {
      got = parser.next(piece);
      if (got != SseParser::Got::kEvent) break;
      const SseEvent& e = parser.event();
      reading.events.push_back({std::string(e.type), std::string(e.data), std::string(e.id)});
    }
    reading.too_long = got == SseParser::Got::kTooLong;
    if (reading.too_long) break;
  }
  reading.last_event_id = parser.last_event_id();
  if (parser.reconnection_time()) reading.retry_ms = parser.reconnection_time()->count();
  return reading;
}

/// The reading of the whole stream; fails the test where a cut changes it.
inline Reading read_cut_everywhere(std::string_view stream, SseLimits limits = {}) {
  const Reading whole = read_pieces({stream}, limits);
  for (size_t at = 0; at <= stream.size(); ++at) {
    EXPECT_EQ(read_pieces({stream.substr(0, at), stream.substr(at)}, limits), whole)
        << "cut at " << at;
  }
  std::vector<std::string_view> bytes;
  for (size_t at = 0; at < stream.size(); ++at) bytes.push_back(stream.substr(at, 1));
  EXPECT_EQ(read_pieces(bytes, limits), whole) << "byte by byte";
  return whole;
}

}  // namespace millrace::sse
