#include "common/sse/sse_parser.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/text/utf8_repair.h"

namespace millrace::sse {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr int64_t kRetryMinMs = 100, kRetryMaxMs = 10 * 60 * 1000;

/// Position of the first CR or LF. Two memchr beat one loop: lines of kilobytes without a CR are
/// the rule, and the search for it stops at the LF.
size_t line_end(std::string_view text) {
  const void* lf = std::memchr(text.data(), '\n', text.size());
  const size_t before =
      lf ? static_cast<size_t>(static_cast<const char*>(lf) - text.data()) : text.size();
  const void* cr = std::memchr(text.data(), '\r', before);
  if (cr) return static_cast<size_t>(static_cast<const char*>(cr) - text.data());
  return lf ? before : std::string_view::npos;
}

}  // namespace

SseParser::Got SseParser::next(std::string_view& input) {
  std::string_view line;
  bool too_long = false;
  while (take_line(input, line, too_long)) {
    skip_byte_order_mark(line);
    const bool emitted = line.empty() && dispatch();
    const bool fits = line.empty() || take_field(line);
    partial_.clear();
    if (!fits) return Got::kTooLong;
    if (emitted) return Got::kEvent;
  }
  return too_long ? Got::kTooLong : Got::kNothing;
}

/// A whole line without its end. It lies in `input`, or in partial_ if it came in pieces. A line
/// without an end goes to partial_; false then.
bool SseParser::take_line(std::string_view& input, std::string_view& line, bool& too_long) {
  if (after_cr_ && !input.empty()) {
    if (input.front() == '\n') input.remove_prefix(1);
    after_cr_ = false;
  }
  if (input.empty()) return false;
  const size_t end = line_end(input);
  const size_t length = std::min(end, input.size());
  if (partial_.size() + length > limits_.line) {
    too_long = true;
    return false;
  }
  if (end == input.npos) {
    partial_.append(input);
    input = {};
    return false;
  }
  line = input.substr(0, end);
  if (!partial_.empty()) line = partial_.append(line);
  after_cr_ = input[end] == '\r';
  input.remove_prefix(end + 1);
  return true;
}

void SseParser::skip_byte_order_mark(std::string_view& line) {
  if (std::exchange(first_line_, false) && line.substr(0, 3) == kByteOrderMark) {
    line.remove_prefix(3);
  }
}

/// One line that is not empty. False: the event grew over the limit.
bool SseParser::take_field(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == 0) return true;
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (name == "data") {
    if (data_.size() + value.size() + 1 > limits_.message) return false;
    data_.append(value).push_back('\n');
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == value.npos) id_buffer_ = value;
  } else if (name == "retry") {
    set_retry(value);
  }
  return true;
}

void SseParser::set_retry(std::string_view value) {
  if (value.empty()) return;
  int64_t ms = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return;
    ms = std::min<int64_t>(ms * 10 + (c - '0'), kRetryMaxMs);
  }
  reconnection_time_ = std::chrono::milliseconds(std::max(ms, kRetryMinMs));
}

/// S14. True: event_ is new.
bool SseParser::dispatch() {
  last_event_id_ = id_buffer_;
  text::repair_utf8(last_event_id_);
  const bool emits = !data_.empty();
  if (emits) {
    data_.pop_back();
    std::swap(event_data_, data_);
    text::repair_utf8(event_data_);
    event_type_ = type_.empty() ? "message" : type_;
    text::repair_utf8(event_type_);
    event_ = {event_type_, event_data_, last_event_id_};
  }
  data_.clear();
  type_.clear();
  return emits;
}

void SseParser::restart() {
  partial_.clear();
  data_.clear();
  type_.clear();
  id_buffer_ = last_event_id_;
  first_line_ = true;
  after_cr_ = false;
}

}  // namespace millrace::sse
