#include "operators/stored_emission.h"

namespace millrace {
namespace {

constexpr uint8_t kKnown = 1, kSent = 2, kChanged = 4;

}  // namespace

void append_emission(const Emission* emission, std::string& value) {
  if (!emission || !(emission->sent || emission->changed)) return append_u8(value, 0);
  append_u8(value, static_cast<uint8_t>(kKnown | (emission->sent ? kSent : 0) |
                                        (emission->changed ? kChanged : 0)));
  append_u64(value, emission->row_hash);
}

std::optional<Emission> read_emission(ByteReader& reader) {
  const uint8_t flags = reader.u8();
  if (flags == 0) return std::nullopt;
  return Emission{reader.u64(), (flags & kSent) != 0, (flags & kChanged) != 0};
}

}  // namespace millrace
