#include "state/block_writer.h"

#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "state/block_layout.h"

namespace millrace {
namespace {

template <class T>
void overwrite(std::string& bytes, std::size_t at, T value) {
  for (unsigned i = 0; i < sizeof(T); ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

char* write_sized(char* out, std::string_view bytes) {
  out = write_varint(out, bytes.size());
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

}  // namespace

BlockWriter::BlockWriter(BlockSeries series) : series_(std::move(series)) {
  MILLRACE_ASSERT(series_.op.size() <= kOperatorBytesMax);
  MILLRACE_ASSERT(series_.shard < kShards);
  MILLRACE_ASSERT(series_.base() || series_.previous_number < series_.first_number);
}

void BlockWriter::put(uint32_t ordinal, std::optional<std::string_view> key,
                      std::string_view value) {
  add(EntryKind::kPut, ordinal, key, value);
}

void BlockWriter::append(uint32_t ordinal, std::optional<std::string_view> key,
                         std::string_view value) {
  add(EntryKind::kAppend, ordinal, key, value);
}

void BlockWriter::erase(uint32_t ordinal) { add(EntryKind::kErase, ordinal, std::nullopt, {}); }

void BlockWriter::add(EntryKind kind, uint32_t ordinal, std::optional<std::string_view> key,
                      std::string_view value) {
  using namespace block_layout;
  const uint64_t tag = (static_cast<uint64_t>(ordinal) << kTagBits) | (key ? kKeyBit : 0) |
                       static_cast<uint64_t>(kind);
  std::size_t size = varint_bytes(tag);
  if (key) size += varint_bytes(key->size()) + key->size();
  if (kind != EntryKind::kErase) size += varint_bytes(value.size()) + value.size();

  // A count beyond 32 bits cannot happen: an entry takes two bytes and a block ends at 64 KiB.
  if (entries_ > 0 && bytes_.size() + size > kBlockBytesMax) end_block(false);
  if (entries_ == 0) start_block();

  // One step of the string per entry: with an append per part, a million entries take twice as
  // long.
  const std::size_t at = bytes_.size();
  bytes_.resize(at + size);
  char* out = write_varint(bytes_.data() + at, tag);
  if (key) out = write_sized(out, *key);
  if (kind != EntryKind::kErase) out = write_sized(out, value);
  ++entries_;
}

std::vector<StateBlock> BlockWriter::finish() {
  if (entries_ > 0) end_block(true);
  return std::move(blocks_);
}

void BlockWriter::start_block() {
  const auto index = static_cast<uint32_t>(blocks_.size());
  const uint32_t number = series_.first_number + index;
  MILLRACE_ASSERT(number >= series_.first_number);  // 2^32 blocks of one shard.
  const uint32_t before = index == 0 ? series_.previous_number : number - 1;
  bytes_.clear();
  bytes_.append(block_layout::kMagic);
  append_u16(bytes_, block_layout::kVersion);
  append_u8(bytes_, series_.base() ? block_layout::kFlagBase : 0);
  append_u8(bytes_, series_.shard);
  append_u64(bytes_, series_.schema_hash);
  append_u64(bytes_, series_.commit);
  append_i64(bytes_, series_.slice);
  append_u32(bytes_, number);
  append_u32(bytes_, series_.base_number);
  append_u32(bytes_, before);
  append_u32(bytes_, 0);  // Entries, payload bytes and checksum: end_block() knows them.
  append_u64(bytes_, 0);
  append_u64(bytes_, 0);
  append_u16(bytes_, static_cast<uint16_t>(series_.op.size()));
  bytes_.append(series_.op);
}

void BlockWriter::end_block(bool last) {
  const std::size_t payload_at = block_layout::kFixedBytes + series_.op.size();
  if (last) bytes_[block_layout::kFlagsAt] |= static_cast<char>(block_layout::kFlagLast);
  overwrite(bytes_, block_layout::kEntriesAt, entries_);
  overwrite(bytes_, block_layout::kPayloadBytesAt, uint64_t{bytes_.size() - payload_at});
  overwrite(bytes_, block_layout::kChecksumAt, block_layout::checksum(bytes_, payload_at));
  entries_ = 0;
  const uint32_t number = series_.first_number + static_cast<uint32_t>(blocks_.size());
  // A copy of the exact size: blocks wait for the commit, and spare capacity would wait with them.
  blocks_.push_back({{series_.op, series_.slice, series_.shard, number}, std::string(bytes_)});
}

}  // namespace millrace
