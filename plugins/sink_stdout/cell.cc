#include "cell.h"

#include <algorithm>
#include <iterator>

#include "width_table.h"

namespace millrace::stdout_sink {
namespace {

constexpr char32_t kBroken = 0xfffd;
constexpr std::string_view kEllipsis = "\u2026";

/// Of a UTF-8 character; 0 = none begins so.
std::size_t size_by_first(char32_t byte) {
  if (byte < 0x80) return 1;
  if (byte < 0xc2 || byte > 0xf4) return 0;
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/// Takes the first character off. Anything that is not UTF-8 is one kBroken per byte.
char32_t next_code(std::string_view& text) {
  const auto byte = [text](std::size_t i) -> char32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const char32_t first = byte(0);
  const std::size_t size = size_by_first(first);
  char32_t code = size <= 1 ? first : first & (0x7f >> size);
  bool good = size > 0;
  for (std::size_t i = 1; i < size; ++i) {
    good = good && (byte(i) & 0xc0) == 0x80;
    code = code << 6 | (byte(i) & 0x3f);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (!good || overlong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
    text.remove_prefix(1);
    return kBroken;
  }
  text.remove_prefix(size);
  return code;
}

template <std::size_t N>
bool is_in(char32_t code, const CodeRange (&ranges)[N]) {
  const CodeRange* found =
      std::lower_bound(std::begin(ranges), std::end(ranges), code,
                       [](const CodeRange& range, char32_t value) { return range.last < value; });
  return found != std::end(ranges) && found->first <= code;
}

std::size_t width_of(char32_t code) {
  constexpr char32_t kFirstThatMayDiffer = 0x300;
  if (code < kFirstThatMayDiffer) return 1;
  if (is_in(code, kZeroWidth)) return 0;
  return is_in(code, kDoubleWidth) ? 2 : 1;
}

/// "␀" … "␟", "␡"; the C1 controls have no pictures.
std::string_view picture_of(char32_t code) {
  static constexpr char kPictures[] =
      "\u2400\u2401\u2402\u2403\u2404\u2405\u2406\u2407\u2408\u2409\u240a\u240b\u240c\u240d\u240e"
      "\u240f\u2410\u2411\u2412\u2413\u2414\u2415\u2416\u2417\u2418\u2419\u241a\u241b\u241c\u241d"
      "\u241e\u241f";
  constexpr std::size_t kPictureBytes = 3;
  if (code < 0x20) return {kPictures + code * kPictureBytes, kPictureBytes};
  if (code == 0x7f) return "\u2421";
  // What turns the direction of all text behind it would turn the table around, too.
  const bool turns = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  const bool is_c1 = code >= 0x80 && code < 0xa0;
  return code == kBroken || is_c1 || turns ? "\ufffd" : std::string_view();
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) width += width_of(next_code(text));
  return width;
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::string_view before = text;
    const std::string_view picture = picture_of(next_code(text));
    shown += picture.empty() ? before.substr(0, before.size() - text.size()) : picture;
  }
  return shown;
}

std::string shortened(std::string text, std::size_t width) {
  if (text.size() <= width || display_width(text) <= width) return text;
  std::string_view rest = text;
  std::size_t used = 0;
  while (true) {
    std::string_view behind = rest;
    used += width_of(next_code(behind));
    if (used + 1 > width) break;  // One column is for the ellipsis.
    rest = behind;
  }
  text.resize(text.size() - rest.size());
  return text += kEllipsis;
}

}  // namespace millrace::stdout_sink
