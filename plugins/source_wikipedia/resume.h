#pragma once

/// Where the stream goes on: kept in the snapshot, turned into requests, coarser when the service
/// refuses (WK7-WK9). Pure: the caller brings the time.
///
///   by header   times of all topics minus the overlap; the normal case
///   by since    before anything was seen, after the stream list changed, or when the header was
///               refused
///   live        at first start, or when `since` was refused as well: what is lost then is a gap

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/sse/sse_client.h"
#include "source_wikipedia/event_id.h"
#include "source_wikipedia/retention_watch.h"
#include "source_wikipedia/settings.h"
#include "source_wikipedia/topic_times.h"

namespace millrace::wikipedia {

class Resume {
 public:
  /// `settings` must outlive this.
  explicit Resume(const Settings& settings) : settings_(settings) {}

  /// `state`: a snapshot, or empty for a first start. False: it is not one of ours.
  bool begin(std::string_view state, int64_t now_ms);

  /// For the next connection.
  sse::SseRequest request() const;
  /// The service answered 400 or 404. True: the next request is a coarser one.
  bool refused(int status);
  /// The stream runs. `server_ms`: its clock.
  void connected(int64_t server_ms);

  /// All topics of an event's id.
  void named(const std::vector<TopicPosition>& positions);
  /// An event is about to be returned. The loss before it, if there was one.
  std::optional<RetentionWatch::Gap> saw(std::string_view topic, int64_t partition,
                                         int64_t kafka_ms, bool is_canary);

  /// The position of the next record: a local sequence (WK12).
  uint64_t take_position() { return ++position_; }
  uint64_t position() const { return position_; }
  const TopicTimes& times() const { return times_; }
  std::string snapshot() const;

 private:
  enum class Way { kHeader, kSince, kLive };
  Way way() const;
  std::optional<int64_t> since_ms() const;
  void connected_since();
  void connected_live(int64_t server_ms);

  const Settings& settings_;
  uint64_t position_ = 0;
  TopicTimes times_;
  std::optional<int64_t> origin_ms_;  ///< Where to begin while no event was seen.
  bool is_first_start_ = true;        ///< Nothing was asked for yet, so nothing can be lost.
  std::optional<Way> fallback_;       ///< After a refusal, until the next connection.
  RetentionWatch watch_;
};

}  // namespace millrace::wikipedia
