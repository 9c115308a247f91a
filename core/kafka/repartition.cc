#include "kafka/repartition.h"

#include "base/bytes.h"

namespace millrace::kafka {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kMarker = 1, kIdle = 2;

}  // namespace

std::string write_note(const RepartitionNote& note) {
  std::string bytes;
  append_u8(bytes, kVersion);
  append_u8(bytes, static_cast<uint8_t>((note.marker ? kMarker : 0) | (note.idle ? kIdle : 0)));
  append_u32(bytes, static_cast<uint32_t>(note.upstream));
  append_i64(bytes, note.time);
  if (note.marker) append_u64(bytes, note.epoch);
  return bytes;
}

std::optional<RepartitionNote> read_note(std::string_view bytes) {
  ByteReader reader(bytes);
  const uint8_t version = reader.u8(), flags = reader.u8();
  RepartitionNote note;
  note.marker = flags & kMarker;
  note.idle = flags & kIdle;
  note.upstream = static_cast<int32_t>(reader.u32());
  note.time = reader.i64();
  if (note.marker) note.epoch = reader.u64();
  if (version != kVersion || !reader.at_end() || note.upstream < 0) return std::nullopt;
  return note;
}

}  // namespace millrace::kafka
