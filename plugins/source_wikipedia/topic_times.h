#pragma once

/// How far each topic has been read, as the largest Kafka time that was returned, and what is sent
/// to resume from there. The service's own id is never sent back: it skips messages that share a
/// millisecond, messages stamped out of order, and after a switch-over the whole new topic (WK7).
/// Instead every topic ever seen is named with its time minus an overlap, and the host drops the
/// repeats. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json_reader.h"

namespace millrace::wikipedia {

class TopicTimes {
 public:
  struct Topic {
    std::string name;
    int64_t partition = 0;
    std::optional<int64_t> last_ms;  ///< Absent: listed in ids, no event yet.
  };

  /// An event of this topic was returned.
  void saw(std::string_view topic, int64_t partition, int64_t kafka_ms);
  /// The topic exists.
  void named(std::string_view topic, int64_t partition);

  const std::vector<Topic>& topics() const { return topics_; }
  bool any_seen() const { return newest() != nullptr; }
  /// The topic with the largest time: the active one, as far as one can tell. Null: none was seen.
  const Topic* newest() const;
  /// The smallest of the topics' times.
  std::optional<int64_t> oldest_ms() const;
  std::optional<int64_t> last_ms(std::string_view topic, int64_t partition) const;

  /// Last-Event-ID that resumes `overlap_ms` earlier; empty if nothing was seen. A topic without
  /// events gets the oldest time of the others: one that is not named is not served at all (D14).
  std::string resume_header(int64_t overlap_ms) const;

  /// {"topic":{"0":ms}}, null for a topic without events.
  std::string to_json() const;
  /// False: `text` is something else.
  bool restore(std::string_view text);

 private:
  Topic& at(std::string_view topic, int64_t partition);
  std::vector<Topic> topics_;
};

}  // namespace millrace::wikipedia
