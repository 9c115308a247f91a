// A stream of server-sent events means the same however it is cut into reads, whatever it holds.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/sse/sse_parser.h"
#include "common/text/utf8_repair.h"

namespace {

using millrace::sse::SseParser;

/// Everything that a reader of the stream can see, as one text.
std::string read(std::string_view stream, const std::vector<size_t>& cuts) {
  SseParser parser({.line = 256, .message = 512});
  std::string seen;
  size_t from = 0;
  for (const size_t cut : cuts) {
    std::string_view piece = stream.substr(from, cut - from);
    from = cut;
    auto got = SseParser::Got::kNothing;
    while ((got = parser.next(piece)) == SseParser::Got::kEvent) {
      const auto& event = parser.event();
      if (!millrace::text::is_utf8(event.data) || !millrace::text::is_utf8(event.id)) std::abort();
      if (event.data.size() > 3 * 512) std::abort();
      seen.append(event.type).append("\x01").append(event.data).append("\x02").append(event.id);
    }
    if (got == SseParser::Got::kTooLong) return seen + "too long";
    if (!piece.empty()) std::abort();
  }
  return seen + "\x03" + parser.last_event_id();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  const std::string whole = read(stream, {size});
  std::vector<size_t> every, some;
  for (size_t at = 1; at <= size; ++at) every.push_back(at);
  for (size_t at = 0; at < size; at += 1 + data[at] % 7) some.push_back(at);
  some.push_back(size);
  if (read(stream, every) != whole || read(stream, some) != whole) std::abort();
  return 0;
}
