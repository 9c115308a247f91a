#include "source_meetup/rsvp_stream.h"

#include "common/websocket/ws_client.h"
#include "common/websocket/ws_url.h"

namespace millrace::meetup {
namespace {

using http::HttpStream;
using http::Micros;
using http::steady_now;

constexpr Micros kSlice = std::chrono::milliseconds(100);

std::string remedy(const http::Ending& ending) {
  return http::usual_remedy(ending, "\"headers\" and the address");
}

class Socket final : public RsvpStream {
 public:
  Socket(const context& ctx, const Settings& settings, std::function<std::string()> url)
      : client_(ctx, settings.http, settings.ws,
                {.url = [url] { return *websocket::web_url(url()); },
                 .subscribe = [] { return std::vector<std::string>(); },
                 .remedy = remedy}) {}

  std::string_view next(Micros deadline) override { return client_.next(deadline); }
  void cancel() noexcept override { client_.cancel(); }
  StreamCounts counts() const override {
    const websocket::WsCounts& c = client_.counts();
    return {c.requests, c.reconnects, c.retries, c.stalls};
  }

 private:
  websocket::WsClient client_;
};

/// Lines end at LF, whatever the chunks are; blank ones keep the connection alive.
class Lines final : public RsvpStream {
 public:
  Lines(const context& ctx, const Settings& settings, std::function<std::string()> url)
      : settings_(settings),
        url_(std::move(url)),
        stream_(settings_.http, settings_.ws.buffer),
        patience_(ctx, settings_.http, http::system_random(), remedy) {}

  std::string_view next(Micros deadline) override {
    stream_.consume(std::exchange(lent_, 0));
    note_absence(steady_now());
    for (bool looked = false;; looked = true) {
      if (cancelled_) throw cancelled();
      const std::string_view line = take_line();
      if (line.data()) return line;
      last_call_ = steady_now();
      if (looked && last_call_ >= deadline) return {};
      advance(last_call_, deadline);
    }
  }
  void cancel() noexcept override {
    cancelled_ = true;
    stream_.wake();
  }
  StreamCounts counts() const override { return counts_; }

 private:
  std::string_view take_line() {
    while (is_open_) {
      const std::string_view bytes = stream_.bytes();
      const size_t end = bytes.find('\n');
      if (end == bytes.npos) return {};
      std::string_view line = bytes.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.find_first_not_of(" \t") != line.npos) {
        lent_ = end + 1;
        last_line_ = steady_now();
        return line;
      }
      stream_.consume(end + 1);
    }
    return {};
  }

  /// P7: once what had arrived is read, the service is asked to send the rest again.
  void note_absence(Micros now) {
    const bool was_away = last_call_.count() > 0 && now - last_call_ > settings_.ws.stall_limit;
    after_stall_ |= was_away && is_open_;
  }

  void advance(Micros now, Micros deadline) {
    const Micros left = std::max(std::min(deadline - now, kSlice), Micros(0));
    if (stream_.state() == HttpStream::State::kClosed) {
      patience_.aim(url_());
      const Micros due = patience_.due();
      if (now < due) return void(stream_.step(std::min(left, due - now)));
      ++counts_.requests;
      stream_.open({url_(), {{"Accept", "application/json"}}});
    }
    const auto state = stream_.step(left);
    now = steady_now();
    const bool ran = state == HttpStream::State::kEnded &&
                     stream_.ending().why != http::Ending::Why::kStatus &&
                     stream_.head().status == 200;
    if (!is_open_ && (state == HttpStream::State::kOpen || ran) && !accept(now)) return;
    if (is_open_ && stream_.bytes().find('\n') != std::string_view::npos) return;
    if (state == HttpStream::State::kEnded) return ended(now);
    watch(now);
  }

  /// False: a sign-in page or a proxy's words, not the service (S21, H11).
  bool accept(Micros now) {
    const http::Head& head = stream_.head();
    const std::string_view coding = head.find("content-encoding");
    const bool is_packed = !coding.empty() && coding != "identity";
    if (is_packed || head.media_type() == "text/html") {
      close();
      ++counts_.retries;
      patience_.bad_response(
          is_packed ? "a packed answer, which nobody asked for" : "a page of HTML instead of RSVPs",
          now);
      return false;
    }
    if (opened_.count() > 0) ++counts_.reconnects;
    is_open_ = true;
    after_stall_ = false;
    opened_ = last_line_ = now;
    planned_end_ = now + shortened(settings_.ws.max_age);
    patience_.accepted(now);
    return true;
  }

  void watch(Micros now) {
    if (!is_open_) return;
    if (stream_.bytes().size() > settings_.http.limits.line) {
      close();
      return patience_.bad_response("a line larger than max.line", now);
    }
    if (after_stall_) {
      close();
      return patience_.cut(
          "reading was held up for more than " + http::duration_text(settings_.ws.stall_limit),
          now - opened_, settings_.http.retry.initial, now);
    }
    if (settings_.ws.max_age.count() > 0 && now >= planned_end_) {
      close();
      return patience_.planned(Micros(0), now);
    }
    const Micros limit = settings_.ws.silence_timeout;
    if (limit.count() == 0 || now - last_line_ < limit) return;
    close();
    ++counts_.stalls;
    patience_.stalled("no record for " + http::duration_text(limit), settings_.http.retry.initial,
                      now);
  }

  Micros shortened(Micros duration) {
    const double part = 1 - 0.1 * patience_.random();
    return Micros(static_cast<int64_t>(static_cast<double>(duration.count()) * part));
  }

  /// A last line without its end is half a record: the resume brings it whole.
  void ended(Micros now) {
    const http::Ending ending = stream_.ending();
    const bool was_open = is_open_;
    close();
    if (!was_open) {
      ++counts_.retries;
      return patience_.attempt_failed(ending, now);
    }
    if (ending.body_bytes == 0)
      return patience_.stalled("an empty answer", settings_.http.retry.initial, now);
    patience_.cut(ending.text, now - opened_, settings_.http.retry.initial, now);
  }

  void close() {
    stream_.close();
    is_open_ = false;
    lent_ = 0;
  }

  const Settings& settings_;
  std::function<std::string()> url_;
  http::HttpStream stream_;
  http::Patience patience_;
  StreamCounts counts_;
  std::atomic<bool> cancelled_{false};
  bool is_open_ = false;
  bool after_stall_ = false;  ///< Nobody read for stall_limit.
  size_t lent_ = 0;
  Micros opened_{0}, last_line_{0}, planned_end_{0}, last_call_{0};
};

}  // namespace

std::unique_ptr<RsvpStream> RsvpStream::make(const context& ctx, const Settings& settings,
                                             std::function<std::string()> url) {
  if (settings.mode == Mode::kWebSocket)
    return std::make_unique<Socket>(ctx, settings, std::move(url));
  return std::make_unique<Lines>(ctx, settings, std::move(url));
}

}  // namespace millrace::meetup
