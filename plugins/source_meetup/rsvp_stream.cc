#include "source_meetup/rsvp_stream.h"

#include "common/json/problem_text.h"
#include "common/websocket/ws_client.h"
#include "common/websocket/ws_url.h"

namespace millrace::meetup {
namespace {

using http::HttpStream;
using http::Micros;
using http::steady_now;

constexpr Micros kSlice = std::chrono::milliseconds(100);

std::string remedy(const http::Ending& ending) {
  return json::problem_text(ending.body) + http::common_remedy(ending);
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
        stream_(settings_.http, 4 << 20),
        patience_(ctx, settings_.http, http::system_random(), remedy) {}

  std::string_view next(Micros deadline) override {
    stream_.consume(std::exchange(lent_, 0));
    for (bool looked = false;; looked = true) {
      if (cancelled_) throw cancelled();
      const std::string_view line = take_line();
      if (line.data()) return line;
      const Micros now = steady_now();
      if (looked && now >= deadline) return {};
      advance(now, deadline);
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
    opened_ = last_line_ = now;
    patience_.accepted(now);
    return true;
  }

  void watch(Micros now) {
    if (!is_open_) return;
    if (stream_.bytes().size() > settings_.http.limits.line) {
      close();
      return patience_.bad_response("a line larger than max.line", now);
    }
    const Micros limit = settings_.ws.silence_timeout;
    if (limit.count() == 0 || now - last_line_ < limit) return;
    close();
    ++counts_.stalls;
    patience_.stalled("no record for " + http::duration_text(limit), settings_.http.retry.initial,
                      now);
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
  size_t lent_ = 0;
  Micros opened_{0}, last_line_{0};
};

}  // namespace

std::unique_ptr<RsvpStream> RsvpStream::make(const context& ctx, const Settings& settings,
                                             std::function<std::string()> url) {
  if (settings.mode == Mode::kWebSocket)
    return std::make_unique<Socket>(ctx, settings, std::move(url));
  return std::make_unique<Lines>(ctx, settings, std::move(url));
}

}  // namespace millrace::meetup
