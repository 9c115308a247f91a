#include "state/block_reader.h"

#include <fmt/core.h>

#include <limits>
#include <utility>

#include "state/block_layout.h"

namespace millrace {
namespace {

using namespace block_layout;

Error corrupt(std::string_view what) {
  return {Code::kCorrupt, fmt::format("state block is damaged: {}", what)};
}

struct Parsed {
  BlockHeader header;
  uint8_t flags = 0;
  uint64_t payload_bytes = 0, stored_checksum = 0;
  std::string_view payload;
};

/// What the header claims, and what follows it.
Result<Parsed> parse_claims(std::string_view block) {
  ByteReader reader(block);
  const std::string_view magic = reader.bytes(kMagic.size());
  if (magic != kMagic) return corrupt("it does not begin with MRSB");
  const uint16_t version = reader.u16();
  // Judged before anything else is read: behind the version a later format may differ.
  if (reader.ok() && version > kVersion) {
    return Error{Code::kFailed,
                 fmt::format("state block has format {}, this release reads up to {}: run the "
                             "newer release that wrote it, or start anew with --fresh",
                             version, kVersion)};
  }
  if (reader.ok() && version == 0) return corrupt("format 0 does not exist");
  Parsed parsed;
  BlockHeader& header = parsed.header;
  parsed.flags = reader.u8();
  header.base = (parsed.flags & kFlagBase) != 0;
  header.last = (parsed.flags & kFlagLast) != 0;
  header.id.shard = reader.u8();
  header.schema_hash = reader.u64();
  header.commit = reader.u64();
  header.id.slice = reader.i64();
  header.id.number = reader.u32();
  header.base_number = reader.u32();
  header.previous_number = reader.u32();
  header.entries = reader.u32();
  parsed.payload_bytes = reader.u64();
  parsed.stored_checksum = reader.u64();
  header.id.op = std::string(reader.bytes(reader.u16()));
  if (!reader.ok()) return corrupt("it is cut short");
  parsed.payload = reader.left();
  return parsed;
}

/// The bytes are those that were written; numbers may still be nonsense.
Result<Parsed> parse(std::string_view block) {
  auto parsed = parse_claims(block);
  if (!parsed) return parsed;
  if (parsed->payload.size() < parsed->payload_bytes) return corrupt("it is cut short");
  if (parsed->payload.size() > parsed->payload_bytes) return corrupt("bytes follow its end");
  if (checksum(block, block.size() - parsed->payload.size()) != parsed->stored_checksum) {
    return corrupt("its checksum does not match");
  }
  if ((parsed->flags & ~(kFlagBase | kFlagLast)) != 0) return corrupt("it has unknown flags");
  return parsed;
}

/// The checksum holds, but a checksum can be made: what follows is true of all blocks we write.
Result<void> check_numbers(const BlockHeader& header) {
  if (header.id.op.size() > kOperatorBytesMax) return corrupt("its operator's name is too long");
  if (header.id.shard >= kShards) return corrupt("its shard does not exist");
  if (header.entries == 0) return corrupt("it has no entries");
  const uint32_t number = header.id.number;
  if (header.base_number > number || header.previous_number > number) {
    return corrupt("it points at blocks after itself");
  }
  if (header.previous_number < header.base_number) {
    return corrupt("the block before it is older than its base");
  }
  const bool first = header.previous_number == number;
  if (first != (header.base_number == number) || (first && !header.base)) {
    return corrupt("its numbers contradict each other");
  }
  return {};
}

/// False at the end and when the bytes are no entry; `reader` tells which.
bool read_entry(ByteReader& reader, BlockEntry& entry) {
  const uint64_t tag = reader.varint();
  const uint64_t ordinal = tag >> kTagBits;
  entry.kind = static_cast<EntryKind>(tag & kKindMask);
  entry.ordinal = static_cast<uint32_t>(ordinal);
  entry.has_key = (tag & kKeyBit) != 0;
  entry.key = entry.has_key ? reader.sized() : std::string_view();
  entry.value = entry.kind != EntryKind::kErase ? reader.sized() : std::string_view();
  const bool erase_with_key = entry.kind == EntryKind::kErase && entry.has_key;
  return reader.ok() && (tag & kKindMask) != 0 && !erase_with_key &&
         ordinal <= std::numeric_limits<uint32_t>::max();
}

Result<void> check_entries(const BlockHeader& header, std::string_view payload) {
  ByteReader reader(payload);
  BlockEntry entry;
  for (uint32_t i = 0; i < header.entries; ++i) {
    if (!read_entry(reader, entry)) {
      return corrupt(fmt::format("entry {} of {} is not readable", i + 1, header.entries));
    }
    if (header.base && entry.kind == EntryKind::kErase) return corrupt("its base erases a key");
  }
  if (!reader.at_end()) return corrupt("it has more entries than it says");
  return {};
}

}  // namespace

Result<BlockHeader> read_block_header(std::string_view bytes) {
  auto parsed = parse(bytes);
  if (!parsed) return std::move(parsed.error());
  MILLRACE_TRY(check_numbers(parsed->header));
  return std::move(parsed->header);
}

Result<BlockHeader> claimed_block_header(std::string_view bytes) {
  auto parsed = parse_claims(bytes);
  if (!parsed) return std::move(parsed.error());
  return std::move(parsed->header);
}

Result<BlockReader> BlockReader::open(std::string_view bytes, uint64_t schema_hash) {
  auto parsed = parse(bytes);
  if (!parsed) return std::move(parsed.error());
  const BlockHeader& header = parsed->header;
  MILLRACE_TRY(check_numbers(header));
  // Before the entries: their values have the other layout, but they are not damaged.
  if (header.schema_hash != schema_hash) {
    return Error{Code::kInvalidConfig,
                 fmt::format("the stored state of {0} has another layout than this configuration "
                             "asks for: undo the change, or drop that state with --forget {0}",
                             header.id.op)};
  }
  MILLRACE_TRY(check_entries(header, parsed->payload));
  return BlockReader(std::move(parsed->header), parsed->payload);
}

BlockReader::BlockReader(BlockHeader header, std::string_view payload)
    : header_(std::move(header)), payload_(payload) {}

bool BlockReader::next(BlockEntry& entry) {
  // open() has read every entry once; at its end the tag is 0, which is none.
  return !payload_.at_end() && read_entry(payload_, entry);
}

}  // namespace millrace
