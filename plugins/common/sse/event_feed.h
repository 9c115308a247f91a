#pragma once

/// The polls of a source over one stream of server-sent events: takes events one by one from the
/// client while the budget lasts, keeps back one that did not fit, ends when the stream ends.
/// The plugin says what each event becomes. Threads: one; cancel() from any.

#include <functional>
#include <memory>
#include <millrace/plugin.hpp>
#include <mutex>

#include "common/sse/sse_client.h"

namespace millrace::sse {

/// What became of an event.
enum class Took {
  kNothing,  ///< Nothing that uses up the budget.
  kRecord,
  kLater,  ///< It does not fit any more: it is offered again by the next poll.
  kLast,   ///< Nothing; and the source has read all it wanted.
};

class EventFeed {
 public:
  /// `publish` hears the counts behind each poll, whether it failed or not.
  EventFeed(const context& ctx, std::function<void(const SseCounts&)> publish)
      : ctx_(ctx), publish_(std::move(publish)) {}

  void open(const http::HttpSettings& http, const SseOptions& options, SseHooks hooks);
  /// Returns with what is at hand; waits until the budget's deadline only while there is nothing.
  /// `take` is asked about every event. Throws what SseClient::next() throws.
  flow poll(const budget& b, emitter& out, const std::function<Took(const SseEvent&)>& take);
  SseClient& client() { return *client_; }
  void close();
  void cancel() noexcept;  ///< [any]

 private:
  flow take_events(const budget& b, emitter& out, const std::function<Took(const SseEvent&)>& take);

  context ctx_;
  std::function<void(const SseCounts&)> publish_;
  bool ended_ = false;
  bool has_event_ = false;   ///< client_->event() did not fit into the last poll.
  std::mutex client_mutex_;  ///< Guards the pointer against cancel(); polls need no lock.
  std::unique_ptr<SseClient> client_;
};

}  // namespace millrace::sse
