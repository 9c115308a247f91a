#include "kafka/changelog_record.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"

namespace millrace::kafka {
namespace {

constexpr uint8_t kFormatMax = 0x1f;
/// Format 1 of the commit record had no number: it began with the length of the STATE_ID.
constexpr uint8_t kFirstOfFormat1 = 32;

}  // namespace

std::string part_key(std::string_view block, uint16_t part) {
  std::string key(block);
  key += static_cast<char>(part >> 8);
  key += static_cast<char>(part & 0xff);
  return key;
}

void cut_record(std::string_view block, uint64_t commit, std::string_view bytes,
                const std::function<void(const std::string&, const std::string&)>& take) {
  const size_t parts = std::max<size_t>(1, (bytes.size() + kPartBytesMax - 1) / kPartBytesMax);
  for (size_t part = 0; part < parts; ++part) {
    std::string value;
    append_u8(value, kRecordFormat);
    append_u64(value, commit);
    append_u16(value, static_cast<uint16_t>(part));
    append_u16(value, static_cast<uint16_t>(parts));
    value += bytes.substr(part * kPartBytesMax, kPartBytesMax);
    take(part_key(block, static_cast<uint16_t>(part)), value);
  }
}

std::optional<RecordAssembly::Whole> RecordAssembly::take(std::string_view key,
                                                          std::optional<std::string_view> value) {
  if (key.size() < 3) {
    ++foreign_;
    return std::nullopt;
  }
  const std::string_view block = key.substr(0, key.size() - 2);
  const auto part = static_cast<uint16_t>(static_cast<uint8_t>(key[key.size() - 2]) << 8 |
                                          static_cast<uint8_t>(key[key.size() - 1]));
  if (!value) {
    next_part_ = 0;
    if (part != 0) return std::nullopt;
    return Whole{std::string(block), 0, std::nullopt};
  }
  ByteReader reader(*value);
  const uint8_t format = reader.u8();
  if (format > kRecordFormat && format <= kFormatMax) newer_ = format;
  const uint64_t commit = reader.u64();
  const uint16_t said = reader.u16(), parts = reader.u16();
  if (!reader.ok() || format != kRecordFormat || said != part || part >= parts) {
    ++foreign_;
    return std::nullopt;
  }
  if (part == 0) {
    open_ = {std::string(block), commit, std::string()};
    next_part_ = 0;
  }
  if (part != next_part_ || open_.block != block || open_.commit != commit) {
    next_part_ = 0;
    open_.block.clear();
    return std::nullopt;
  }
  open_.bytes->append(reader.left());
  if (++next_part_ < parts) return std::nullopt;
  next_part_ = 0;
  return std::move(open_);
}

std::string write_commit_record(const CommitRecord& record) {
  std::string bytes;
  append_u8(bytes, kCommitFormat);
  append_sized(bytes, record.state_id);
  append_i64(bytes, record.written_us);
  append_u8(bytes, record.sums ? 1 : 0);
  if (record.sums) append_sums(bytes, *record.sums);
  bytes += record.meta;
  return bytes;
}

Error other_format(uint8_t found, uint8_t read) {
  const bool newer = found > read;
  return {Code::kCorrupt,
          fmt::format("was written by {} release (format {}; this one reads {}): go on with that "
                      "release{}, or take another \"pipeline\" name, which begins anew",
                      newer ? "a newer" : "an older", found, read, newer ? " or a later one" : "")};
}

Result<CommitRecord> read_commit_record(std::string_view bytes) {
  const Error damaged{Code::kCorrupt,
                      "is damaged: restore the topic, or take another \"pipeline\" name"};
  ByteReader reader(bytes);
  const uint8_t format = reader.u8();
  if (format == kFirstOfFormat1) return other_format(1, kCommitFormat);
  if (format > kCommitFormat && format <= kFormatMax) return other_format(format, kCommitFormat);
  if (format != kCommitFormat) return damaged;
  CommitRecord record;
  record.state_id = std::string(reader.sized());
  record.written_us = reader.i64();
  const uint8_t sums = reader.u8();
  if (sums > 1) return damaged;
  if (sums == 1) record.sums = read_sums(reader);
  if (!reader.ok() || record.state_id.size() != 32) return damaged;
  record.meta = std::string(reader.left());
  return record;
}

}  // namespace millrace::kafka
