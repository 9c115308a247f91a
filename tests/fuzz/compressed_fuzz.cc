// A compressed file gives the same bytes, or the same refusal, however it is cut into reads; and
// what our own compressor wrote comes back.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/compress/codec.h"

namespace {

using namespace millrace::compress;

constexpr size_t kOutMax = 1 << 20;  // A few bytes may stand for very many.

/// Decodes reads of `step` bytes; "corrupt" stands for what was refused.
std::string decoded(Compression kind, std::string_view file, size_t step) {
  const auto decoder = make_decompressor(kind);
  std::string out;
  std::array<char, 997> room;
  try {
    for (std::string_view rest = file; !rest.empty() && out.size() < kOutMax;) {
      std::string_view in = rest.substr(0, step);
      rest.remove_prefix(in.size());
      for (bool full = true; (full || !in.empty()) && out.size() < kOutMax;) {
        std::span<char> free(room);
        decoder->decode(in, free);
        full = free.empty();
        out.append(room.data(), room.size() - free.size());
      }
    }
    return out + (decoder->between_frames() ? " end" : " open");
  } catch (const Corrupt&) {
    return "corrupt";
  }
}

void check_round_trip(Compression kind, std::string_view text) {
  const auto encoder = make_compressor(kind);
  std::string file;
  encoder->encode(text.substr(0, text.size() / 2), file);
  encoder->end_frame(file);
  encoder->encode(text.substr(text.size() / 2), file);
  encoder->end_frame(file);
  if (decoded(kind, file, 13) != std::string(text) + " end") std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 4096) return 0;
  const Compression kind = data[0] & 1 ? Compression::kGzip : Compression::kZstd;
  const std::string_view file(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = decoded(kind, file, file.size() + 1);
  const std::string cut = decoded(kind, file, 1 + data[0] / 2);
  if (whole.size() < kOutMax && cut != whole) std::abort();
  check_round_trip(kind, file);
  return 0;
}
