#pragma once

/// A stream of server-sent events that outlives its connections (S20-S28): connects, checks the
/// answer, parses, watches for silence, waits and connects again. The owner supplies each request,
/// since only it knows how to resume, and takes events one by one with next().
///
/// There is no thread: everything happens inside next(), which waits at most until its deadline
/// (curl_loop.h says why). Failures that waiting may heal are handled here and logged; those that
/// it cannot heal are thrown as `fatal`.
/// Threads: one at a time; cancel() from any.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/http/http_stream.h"
#include "common/http/patience.h"
#include "common/http/stream_settings.h"
#include "common/sse/sse_parser.h"

namespace millrace::sse {

struct SseOptions : http::StreamSettings {
  SseOptions() { silence_timeout = std::chrono::seconds(30); }
};

/// What the owner brings to each connection.
struct SseRequest {
  std::string url;
  std::string last_event_id;  ///< Empty: not sent.
};

struct SseHooks {
  std::function<SseRequest()> request;  ///< May be asked for more than once per connection.
  /// An answer 400 or 404. True: the next request will be another one, so try it soon and do not
  /// count this as a refusal.
  std::function<bool(const http::Ending&)> refused;
  /// 200 and the right media type; `date` is the answer's Date header or empty.
  std::function<void(std::string_view date)> connected;
  /// Something worth adding to the sentence of a fatal status.
  std::function<std::string(const http::Ending&)> remedy;
  /// Events were dropped in front of the one that comes next.
  std::function<void()> overflowed{};
  /// A block without data moved the last event id (S15); the events before it have been taken.
  std::function<void(const std::string& id)> id_moved{};
};

struct SseCounts {
  uint64_t requests = 0;    ///< Sent.
  uint64_t reconnects = 0;  ///< Connections after the first that were accepted.
  uint64_t retries = 0;     ///< Attempts that failed before an event stream began.
  uint64_t stalls = 0;      ///< Connections given up because nothing came.
  uint64_t overflow = 0;    ///< Events that were dropped because nobody read.
};

class SseClient {
 public:
  SseClient(const context& ctx, http::HttpSettings settings, SseOptions options, SseHooks hooks,
            http::Random random = http::system_random());

  enum class Step {
    kEvent,    ///< event() is valid until the next call.
    kNothing,  ///< The deadline has passed.
    kEnd,      ///< The server said 204: never again (S24).
  };
  /// Throws cancelled after cancel(), fatal when there is no hope. A deadline in the past: takes
  /// what is there without waiting.
  Step next(http::Micros deadline);
  const SseEvent& event() const { return parser_.event(); }

  /// The owner found the stream broken (`event: error`): connect again, later.
  void reconnect(const std::string& why);
  /// Drops the connection; next() makes a new one.
  void close();
  /// [any]
  void cancel() noexcept;
  /// Undoes cancel(), before the next next().
  void reopen();

  const SseCounts& counts() const { return counts_; }

 private:
  enum class Phase { kWaiting, kOpening, kStreaming, kEnded };

  void advance(http::Micros now, http::Micros deadline);
  void begin(http::Micros now, http::Micros deadline);
  void await_head(http::Micros now, http::Micros deadline);
  void read_more(http::Micros now, http::Micros deadline);
  void note_absence(http::Micros now);
  void catch_up(http::Micros now);
  bool take_event();
  void accept(http::Micros now);
  void ended(http::Micros now);
  void stream_ended(http::Micros now);
  void status_ended(const http::Ending& ending, http::Micros now);
  void stall(const std::string& what, http::Micros now);
  void cut(const std::string& what, http::Micros now);
  void bad_response(const std::string& what, http::Micros now);
  http::Micros next_timer(http::Micros now) const;
  http::Micros reconnection_time() const;

  context ctx_;
  http::HttpSettings settings_;
  SseOptions options_;
  SseHooks hooks_;
  http::HttpStream stream_;
  SseParser parser_;
  http::Patience patience_;
  SseCounts counts_;
  std::atomic<bool> cancelled_{false};
  Phase phase_ = Phase::kWaiting;
  http::Micros opened_{0};       ///< kStreaming: since when.
  http::Micros planned_end_{0};  ///< kStreaming: max_age, shortened at random; 0: none.
  http::Micros last_event_{0};
  http::Micros last_call_{0};  ///< When next() last returned.
  std::string told_id_;        ///< The last event id that the owner knows.
  bool any_event_ = false;     ///< On this connection.
  bool after_stall_ = false;   ///< Nobody read for stall_limit: replace once drained.
};

}  // namespace millrace::sse
