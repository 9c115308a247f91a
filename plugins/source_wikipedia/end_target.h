#pragma once

/// When `--until-end` is done: everything that existed at the start of the run has been returned.
/// Per stream, that is when its active topic has reached the start time. A stream has one topic per
/// data centre; the active one is where ordinary events come. As long as only canaries came, which
/// go to both, both topics must have got there. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "source_wikipedia/topic_times.h"

namespace millrace::wikipedia {

class EndTarget {
 public:
  explicit EndTarget(int64_t start_ms) : start_ms_(start_ms) {}

  void saw(std::string_view topic, int64_t kafka_ms, bool is_canary);
  /// `times` names all topics there are.
  bool is_reached(const TopicTimes& times) const;

 private:
  struct Stream {
    std::string active;  ///< Topic; empty: not known yet.
    std::map<std::string, int64_t, std::less<>> reached_ms;
  };
  static std::string_view stream_of(std::string_view topic);
  bool has_reached(const Stream& stream, std::string_view topic) const;

  int64_t start_ms_;
  std::map<std::string, Stream, std::less<>> streams_;
};

}  // namespace millrace::wikipedia
