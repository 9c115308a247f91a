#pragma once

/// A WebSocket feed that outlives its connections (W12): connects, subscribes, watches for silence
/// and for pongs of the service's own kind (W13), waits and connects again. A planned replacement
/// is made before the old connection is broken, so a feed that cannot replay loses nothing by it;
/// what both bring twice is for the duplicate filter.
///
/// Everything happens inside next(); while nobody calls it the connection keeps itself alive and
/// reads into its buffer (ws_connection.h). Failures that waiting may heal are handled
/// here and logged; those that it cannot heal are thrown as `fatal`.
/// Threads: one at a time; cancel() from any.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/http/patience.h"
#include "common/http/stream_settings.h"
#include "common/websocket/ws_connection.h"

namespace millrace::websocket {

struct WsOptions : http::StreamSettings {
  http::Micros overlap = std::chrono::seconds(10);  ///< Of two connections, at most.
  http::Micros ping_every{0};                       ///< 0: no pings of the service's own.
  http::Micros pong_timeout = std::chrono::seconds(20);
  std::string ping_text;
  std::string subprotocol;
};

struct WsHooks {
  std::function<std::string()> url{};  ///< http or https (ws_url.h).
  /// What to send after each handshake.
  std::function<std::vector<std::string>()> subscribe{};
  /// What a message is; false positives of kPong keep a dead feed alive.
  enum class Kind { kRecord, kPong, kOther };
  std::function<Kind(std::string_view)> kind{};
  /// The connection stands and is subscribed. `is_first`: of this client.
  std::function<void(bool is_first)> connected{};
  /// A connection was lost, without another one beside it.
  std::function<void()> lost{};
  /// Messages were dropped in front of the one that comes next.
  std::function<void()> overflowed{};
  http::Patience::Remedy remedy{};
};

struct WsCounts {
  uint64_t requests = 0, reconnects = 0, retries = 0, stalls = 0;
  uint64_t overflow = 0;  ///< Messages that were dropped.
};

class WsClient {
 public:
  WsClient(const context& ctx, http::HttpSettings settings, WsOptions options, WsHooks hooks,
           http::Random random = http::system_random());

  /// The next record, or other message that is no pong; lent until the next call. data() null: the
  /// deadline has passed. Throws cancelled, and fatal when there is no hope.
  std::string_view next(http::Micros deadline);
  /// Sent on the connection that is in use, if there is one.
  void send(const std::string& text);
  bool is_open() const { return live_ && live_->connection.state() == WsConnection::State::kOpen; }
  /// [any]
  void cancel() noexcept;
  const WsCounts& counts() const { return counts_; }

 private:
  struct Line {
    Line(const http::HttpSettings& settings, const WsBuffer& buffer)
        : connection(settings, buffer) {}
    WsConnection connection;
    http::Micros opened{0}, last_record{0}, planned_end{0};
    http::Micros pinged{0};  ///< 0: no pong is awaited.
    http::Micros next_ping{0};
    bool is_subscribed = false, has_record = false;
  };

  bool take(Line& line);
  void note_dropped(Line& line);
  void advance(http::Micros now, http::Micros deadline);
  void connect(http::Micros now, http::Micros deadline);
  std::unique_ptr<Line> opened_line();
  void subscribe(Line& line, http::Micros now);
  bool serve(Line& line, http::Micros now);
  void replace(http::Micros now);
  void ended(http::Micros now);
  void stall(const std::string& what, http::Micros now);
  void drop();
  void note_absence(http::Micros now);
  http::Micros next_timer(http::Micros now) const;
  http::Micros shortened(http::Micros duration);

  context ctx_;
  http::HttpSettings settings_;
  WsOptions options_;
  WsHooks hooks_;
  http::Patience patience_;
  WsCounts counts_;
  std::atomic<bool> cancelled_{false};
  std::unique_ptr<Line> live_;  ///< The connection that feeds.
  std::unique_ptr<Line> heir_;  ///< Its replacement while both are open.
  http::Micros both_until_{0};
  bool was_open_ = false, after_stall_ = false;
  bool closed_by_refusal_ = false;  ///< The last connection: a handshake alone does not forgive it.
  Line* popped_ = nullptr;          ///< Whose message is lent out.
  http::Micros last_call_{0};
  http::CurlLoop pause_;  ///< Waits while there is no connection.
};

}  // namespace millrace::websocket
