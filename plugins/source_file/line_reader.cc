#include <cstring>

#include "record_reader.h"

namespace millrace::file_source {
namespace {

constexpr uint32_t kUsualRecordsMax = 128 << 10;

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

RecordReader::Found LineReader::find(std::string_view text, bool last) {
  const std::size_t end = text.find('\n');
  if (end == text.npos && (!last || text.empty())) return {};
  const std::size_t bytes = end == text.npos ? text.size() : end + 1;
  const std::string_view line = without_return(text.substr(0, end));
  if (line.empty() && !keep_empty_) return {What::kNothing, bytes, {}, {}};
  return {What::kRecord, bytes, line, {}};
}

Step LineReader::read(const budget& b, emitter& out) {
  if (can_read_room()) return read_room(b, out);
  return RecordReader::read(b, out);
}

/// Whole lines that wait already, lines too long for a room and lines that must wait for their time
/// go the slow way.
bool LineReader::can_read_room() const {
  constexpr std::size_t kShort = 64 << 10;
  return !plan_.gate && !skipping_ && !ended_ && pending_.size() < kShort &&
         pending_.view().find('\n') == std::string_view::npos;
}

/// The hot path: read(2) puts the bytes where the records will stay, and records are spans into
/// them. Only the front of the last, unfinished line is copied to the next room.
Step LineReader::read_room(const budget& b, emitter& out) {
  if (b.max_records == 0) return Step::kMore;
  constexpr std::size_t kLeastBytes = 4 << 10;
  std::size_t size = std::clamp<uint64_t>(b.max_bytes, kLeastBytes, plan_.chunk_bytes);
  size = std::max(size, pending_.size() * 2);
  const uint32_t records = std::min(b.max_records, usual_records_);
  const bool numbered = plan_.number != 0;
  out.batch_flags(plan_.batch_flags);
  value_room& room = out.room(records, size, MR_COL_POSITION | (numbered ? MR_COL_PARTITION : 0));
  char* base = room.data();
  std::memcpy(base, pending_.view().data(), pending_.size());
  const std::size_t got = text_->read(base + pending_.size(), size - pending_.size());
  if (got == 0) {
    if (!plan_.tail_is_record) return Step::kDry;
    ended_ = true;
    return RecordReader::read(b, out);
  }
  const std::string_view text(base, pending_.size() + got);
  const std::size_t used = take_lines(text, b, room);
  pending_.assign(text.substr(used));
  if (room.records() == room.records_max()) {
    usual_records_ = std::min<uint32_t>(usual_records_ * 2, kUsualRecordsMax);
  }
  out.commit_room();
  return Step::kMore;
}

/// Returns how much of `text` became records or was nothing.
std::size_t LineReader::take_lines(std::string_view text, const budget& b, value_room& room) {
  std::size_t begin = 0;
  uint64_t bytes = 0;
  if (place_.offset == 0 && text.starts_with("\xef\xbb\xbf")) {
    begin = 3;
    place_.offset = encoded_size(text_->encoding(), text.substr(0, begin));
  }
  const bool utf8 = text_->encoding() == Encoding::kUtf8;
  for (;;) {
    const void* found = std::memchr(text.data() + begin, '\n', text.size() - begin);
    if (!found) return begin;
    const std::size_t end = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    std::size_t length = end - begin;
    if (length > 0 && text[end - 1] == '\r') --length;
    const uint64_t size =
        utf8 ? end + 1 - begin
             : encoded_size(text_->encoding(), text.substr(begin, end + 1 - begin));
    if (length > 0 || keep_empty_) {
      if (length > plan_.max_record) return begin;
      if (room.records() > 0 && bytes + length > b.max_bytes) return begin;
      if (!room.add(begin, length, place_.offset + size, plan_.number)) return begin;
      bytes += length;
    }
    place_.offset += size;
    place_.line += place_.line > 0;
    begin = end + 1;
  }
}

}  // namespace millrace::file_source
