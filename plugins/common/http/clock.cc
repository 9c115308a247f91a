#include "common/http/clock.h"

#include <memory>
#include <random>

namespace millrace::http {

std::string duration_text(Micros duration) {
  const int64_t ms = (duration.count() + 500) / 1000;
  if (ms < 1000) return std::to_string(ms) + " ms";
  const int64_t tenths = (ms + 50) / 100;
  const bool is_whole = tenths % 10 == 0 || tenths >= 100;
  return std::to_string(tenths / 10) + (is_whole ? "" : "." + std::to_string(tenths % 10)) + " s";
}

Random system_random() {
  auto engine = std::make_shared<std::mt19937_64>(std::random_device{}());
  return [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
}

}  // namespace millrace::http
