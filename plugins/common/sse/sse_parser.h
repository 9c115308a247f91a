#pragma once

/// Server-sent events out of bytes: the rules S1-S17 (WHATWG HTML, "9.2 Server-sent events") and
/// nothing else; no I/O, no clock. The reader pulls: next() stops behind each event, so whoever
/// resumes a stream knows exactly which events were taken, and a full consumer simply stops asking.
/// Input may be cut anywhere. Threads: one.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::sse {

struct SseLimits {
  size_t line = 8u << 20;      ///< Bytes of one line.
  size_t message = 16u << 20;  ///< Bytes of one event's data.
};

/// Lent by SseParser::event() until the next call of next().
struct SseEvent {
  std::string_view type;  ///< `message` unless the stream said otherwise.
  std::string_view data;
  std::string_view id;  ///< The last event id as of this event; empty: none.
};

class SseParser {
 public:
  explicit SseParser(SseLimits limits = {}) : limits_(limits) {}

  enum class Got {
    kEvent,    ///< event() holds it; there may be more in `input`.
    kNothing,  ///< `input` is used up.
    kTooLong,  ///< A limit was broken (S17): give up this stream; restart() begins another.
  };
  /// Takes bytes from the front of `input`, at most up to the end of one event.
  Got next(std::string_view& input);
  const SseEvent& event() const { return event_; }

  /// The resume position (S14): moves with every dispatch, also of a block without data.
  const std::string& last_event_id() const { return last_event_id_; }
  /// What the last valid `retry:` asked for, within 100 ms and 10 min (S12); nullopt: none yet.
  std::optional<std::chrono::milliseconds> reconnection_time() const { return reconnection_time_; }

  /// The stream ended, another begins: what is pending is dropped (S16). The resume position and
  /// the reconnection time stay.
  void restart();

 private:
  bool take_line(std::string_view& input, std::string_view& line, bool& too_long);
  void skip_byte_order_mark(std::string_view& line);
  bool take_field(std::string_view line);
  void set_retry(std::string_view value);
  bool dispatch();

  SseLimits limits_;
  std::string partial_;  ///< A line whose end has not come yet.
  bool first_line_ = true;
  bool after_cr_ = false;  ///< An LF that comes now belongs to the CR before it (S3).
  std::string type_, data_, id_buffer_;
  std::string last_event_id_;
  std::optional<std::chrono::milliseconds> reconnection_time_;
  std::string event_type_, event_data_;
  SseEvent event_;
};

}  // namespace millrace::sse
