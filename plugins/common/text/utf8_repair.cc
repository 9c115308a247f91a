#include "common/text/utf8_repair.h"

#include <cstdint>
#include <cstring>

namespace millrace::text {
namespace {

/// Bytes at `at` that belong together: a whole character, or the longest start of one.
struct Piece {
  size_t length;
  bool well_formed;
};

/// How many bytes follow a lead byte, and which range the first of them must be in: that range is
/// what keeps out overlong forms, surrogates and everything above U+10FFFF.
struct Lead {
  int followers;
  uint8_t low, high;
};

Lead lead_of(uint8_t byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  return {0, 0, 0};
}

Piece piece_at(std::string_view bytes, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  if (byte(at) < 0x80) return {1, true};
  Lead lead = lead_of(byte(at));
  if (lead.followers == 0) return {1, false};
  size_t length = 1;
  for (int i = 0; i < lead.followers; ++i, ++length) {
    const size_t next = at + length;
    if (next >= bytes.size() || byte(next) < lead.low || byte(next) > lead.high) {
      return {length, false};
    }
    lead.low = 0x80;
    lead.high = 0xBF;
  }
  return {length, true};
}

/// Eight bytes at a time: most of a stream is ASCII.
size_t ascii_run(std::string_view bytes, size_t at) {
  const size_t begin = at;
  uint64_t word;
  while (bytes.size() - at >= sizeof word) {
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if (word & 0x8080808080808080u) break;
    at += sizeof word;
  }
  return at - begin;
}

/// Where the first ill-formed piece begins; npos: nowhere.
size_t first_fault(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size();) {
    at += ascii_run(bytes, at);
    if (at == bytes.size()) break;
    const Piece piece = piece_at(bytes, at);
    if (!piece.well_formed) return at;
    at += piece.length;
  }
  return std::string_view::npos;
}

}  // namespace

bool is_utf8(std::string_view bytes) { return first_fault(bytes) == std::string_view::npos; }

bool repair_utf8(std::string& bytes) {
  const size_t fault = first_fault(bytes);
  if (fault == std::string::npos) return false;
  std::string repaired = bytes.substr(0, fault);
  for (size_t at = fault; at < bytes.size();) {
    const Piece piece = piece_at(bytes, at);
    if (piece.well_formed) {
      repaired.append(bytes, at, piece.length);
    } else {
      repaired += "\xEF\xBF\xBD";
    }
    at += piece.length;
  }
  bytes = std::move(repaired);
  return true;
}

}  // namespace millrace::text
