#include "common/text/printable.h"

#include "common/text/utf8_repair.h"

namespace millrace::text {
namespace {

constexpr size_t kLongest = 200;

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  repair_utf8(out);  // The cut may have hit a character.
  return out;
}

}  // namespace millrace::text
