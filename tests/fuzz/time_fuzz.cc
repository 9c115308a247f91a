// Zone files and patterns of wall-clock times: nothing crashes, and a zone that is taken answers
// about any instant, with stretches that hold what was asked and readings that mean what the clock
// shows.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/local_time.h"

namespace {

using namespace millrace;

void ask(const Zone& zone, EventTime t) {
  const Zone::Stretch here = zone.at(t);
  if (here.begin > t || here.end <= t) std::abort();
  if (t < kTimestamptzMin || t > kTimeMax / 2) return;  // Arithmetic saturates there.
  const int64_t local = zone.to_local(t);
  const Zone::Instants back = zone.to_utc(local);
  if (back.reading == Zone::Reading::kSkipped || back.earlier > t || back.later < t) std::abort();
  const EventTime first = zone.first_at_or_after(local);
  if (first > back.earlier || zone.to_local(first) < local) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 10 || size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  int64_t t = 0;
  std::memcpy(&t, data, sizeof t);
  if (text[8] & 1) {
    const auto zone = Zone::parse("x", text.substr(9));
    if (!zone) return 0;
    if (t != kTimeMax) ask(**zone, t);
    ask(**zone, t % (int64_t{1} << 53));
    return 0;
  }
  const size_t middle = 9 + data[0] % (size - 9);
  const auto pattern = LocalPattern::compile(text.substr(9, middle - 9));
  if (pattern) (void)pattern->read(text.substr(middle));
  return 0;
}
