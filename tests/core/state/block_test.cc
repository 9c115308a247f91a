#include "state/block.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "state/block_layout.h"
#include "state/block_reader.h"
#include "state/block_writer.h"

namespace millrace {
namespace {

constexpr uint64_t kSchema = 0x1122334455667788;

BlockSeries base_series(std::string op = "per_minute") {
  BlockSeries series;
  series.op = std::move(op);
  series.slice = -60'000'000;
  series.shard = 63;
  series.schema_hash = kSchema;
  series.commit = 9;
  return series;
}

BlockSeries delta_series() {
  BlockSeries series = base_series();
  series.base_number = 4;
  series.previous_number = 6;
  series.first_number = 7;
  return series;
}

BlockReader open_block(std::string_view bytes) {
  auto reader = BlockReader::open(bytes, kSchema);
  EXPECT_TRUE(reader) << reader.error().message;
  return std::move(*reader);
}

/// `put 7 "key" = "value"` and the like, one per line.
std::string text_of(std::string_view bytes) {
  BlockReader reader = open_block(bytes);
  std::string text;
  BlockEntry entry;
  while (reader.next(entry)) {
    text += entry.kind == EntryKind::kPut      ? "put "
            : entry.kind == EntryKind::kAppend ? "append "
                                               : "erase ";
    text += std::to_string(entry.ordinal);
    if (entry.has_key) text += " \"" + std::string(entry.key) + "\"";
    if (entry.kind != EntryKind::kErase) text += " = \"" + std::string(entry.value) + "\"";
    text += "\n";
  }
  return text;
}

std::string message_of(std::string_view bytes, uint64_t schema = kSchema) {
  auto reader = BlockReader::open(bytes, schema);
  return reader ? "opened" : reader.error().message;
}

/// With a checksum that holds again after a change.
std::string resealed(std::string bytes, std::size_t op_bytes) {
  const uint64_t sum = block_layout::checksum(bytes, block_layout::kFixedBytes + op_bytes);
  for (unsigned i = 0; i < 8; ++i) {
    bytes[block_layout::kChecksumAt + i] = static_cast<char>(sum >> (8 * i));
  }
  return bytes;
}

std::string one_delta() {
  BlockWriter writer(delta_series());
  writer.put(0, std::nullopt, "value");
  writer.append(17, "new key", std::string("more\0bytes", 10));
  writer.erase(3);
  return writer.finish().front().bytes;
}

TEST(Block, EntriesComeBackInOrder) {
  BlockWriter writer(delta_series());
  writer.put(0, std::nullopt, "a");
  writer.put(std::numeric_limits<uint32_t>::max(), "", "");
  writer.append(16, "key", "b");
  writer.append(16, std::nullopt, "");
  writer.erase(300);
  const auto blocks = writer.finish();
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_EQ(text_of(blocks[0].bytes),
            "put 0 = \"a\"\n"
            "put 4294967295 \"\" = \"\"\n"
            "append 16 \"key\" = \"b\"\n"
            "append 16 = \"\"\n"
            "erase 300\n");
}

TEST(Block, HeaderSaysWhatTheSeriesSaid) {
  const BlockHeader header = open_block(one_delta()).header();
  EXPECT_EQ(header.id, (BlockId{"per_minute", -60'000'000, 63, 7}));
  EXPECT_EQ(header.schema_hash, kSchema);
  EXPECT_EQ(header.commit, 9u);
  EXPECT_EQ(header.base_number, 4u);
  EXPECT_EQ(header.previous_number, 6u);
  EXPECT_EQ(header.entries, 3u);
  EXPECT_FALSE(header.base);
  EXPECT_TRUE(header.last);
  EXPECT_EQ(to_text(header.id), "per_minute slice -60000000 shard 63 block 7");
}

TEST(Block, NothingWrittenIsNoBlock) { EXPECT_TRUE(BlockWriter(base_series()).finish().empty()); }

TEST(Block, AnyNameUpTo255Bytes) {
  for (const std::size_t length : {0, 1, 255}) {
    BlockWriter writer(base_series(std::string(length, 'n')));
    writer.put(0, "k", "v");
    const auto blocks = writer.finish();
    EXPECT_EQ(open_block(blocks[0].bytes).header().id.op.size(), length);
  }
}

// The bytes of version 1. If this fails, the format changed: raise kVersion and keep reading 1.
TEST(Block, BytesOfVersionOneStay) {
  BlockWriter writer(base_series("o"));
  writer.put(1, "k", "v");
  const std::string bytes = writer.finish()[0].bytes;
  const std::string start(
      "MRSB\x01\x00\x03\x3f\x88\x77\x66\x55\x44\x33\x22\x11"
      "\x09\x00\x00\x00\x00\x00\x00\x00\x00\x79\x6c\xfc\xff\xff\xff\xff"
      "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00"
      "\x05\x00\x00\x00\x00\x00\x00\x00",
      56);
  ASSERT_EQ(bytes.size(), 72u);
  EXPECT_EQ(bytes.substr(0, 56), start);
  EXPECT_EQ(bytes.substr(64), std::string("\x01\x00o\x0d\x01k\x01v", 8));
}

TEST(Block, SplitsAtTheLimitAndNumbersOn) {
  BlockWriter writer(delta_series());
  const std::string value(1000, 'v');
  for (uint32_t i = 0; i < 1000; ++i) writer.put(i, std::nullopt, value);
  const auto blocks = writer.finish();
  ASSERT_EQ(blocks.size(), 16u);
  uint32_t next = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_LE(blocks[i].bytes.size(), kBlockBytesMax);
    if (i + 1 < blocks.size()) {
      EXPECT_GT(blocks[i].bytes.size(), kBlockBytesMax - 1010);
    }
    EXPECT_EQ(blocks[i].id.number, 7 + i);
    BlockReader reader = open_block(blocks[i].bytes);
    EXPECT_EQ(reader.header().id, blocks[i].id);
    EXPECT_EQ(reader.header().previous_number, 6 + i);
    EXPECT_EQ(reader.header().base_number, 4u);
    EXPECT_EQ(reader.header().last, i + 1 == blocks.size());
    BlockEntry entry;
    while (reader.next(entry)) EXPECT_EQ(entry.ordinal, next++);
  }
  EXPECT_EQ(next, 1000u);
}

TEST(Block, FillsToTheLastByte) {
  const std::size_t room = kBlockBytesMax - block_layout::kFixedBytes - 10;
  for (const std::size_t spare : {std::size_t{0}, std::size_t{1}}) {
    BlockWriter writer(base_series());
    writer.put(0, std::nullopt, std::string(room - 4 - 3 + spare, 'x'));  // Tag 1, length 3.
    writer.put(1, std::nullopt, "y");                                     // 3 bytes.
    const auto blocks = writer.finish();
    ASSERT_EQ(blocks.size(), spare == 0 ? 1u : 2u);
    EXPECT_EQ(blocks[0].bytes.size() == kBlockBytesMax, spare == 0);
  }
}

TEST(Block, AnEntryLargerThanABlockHasItsOwn) {
  BlockWriter writer(base_series());
  writer.put(0, "a", "small");
  writer.put(1, "b", std::string(200'000, 'x'));
  writer.put(2, "c", "small");
  const auto blocks = writer.finish();
  ASSERT_EQ(blocks.size(), 3u);
  EXPECT_GT(blocks[1].bytes.size(), 200'000u);
  EXPECT_EQ(open_block(blocks[1].bytes).header().entries, 1u);
  EXPECT_TRUE(open_block(blocks[1].bytes).header().base);
  EXPECT_EQ(open_block(blocks[2].bytes).header().previous_number, 1u);
  EXPECT_EQ(text_of(blocks[2].bytes), "put 2 \"c\" = \"small\"\n");
}

TEST(Block, EveryFlippedBitIsNoticed) {
  const std::string good = one_delta();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      auto reader = BlockReader::open(bad, kSchema);
      ASSERT_FALSE(reader) << "byte " << at << " bit " << bit;
      // The version's bits: a newer release, or one that never was.
      const bool version = at == 4 || at == 5;
      ASSERT_TRUE(reader.error().code == Code::kCorrupt ||
                  (version && reader.error().code == Code::kFailed))
          << "byte " << at << ": " << reader.error().message;
    }
  }
}

TEST(Block, EveryShorterOrLongerCopyIsNoticed) {
  const std::string good = one_delta();
  for (std::size_t length = 0; length < good.size(); ++length) {
    auto reader = BlockReader::open(std::string(good, 0, length), kSchema);
    ASSERT_FALSE(reader) << length;
    ASSERT_EQ(reader.error().code, Code::kCorrupt) << length;
  }
  EXPECT_EQ(message_of(good + "x"), "state block is damaged: bytes follow its end");
  EXPECT_EQ(message_of(good.substr(0, good.size() - 1)), "state block is damaged: it is cut short");
  EXPECT_EQ(message_of(""), "state block is damaged: it does not begin with MRSB");
}

TEST(Block, ANewerVersionIsRefusedByName) {
  std::string bytes = one_delta();
  bytes[4] = 2;
  auto reader = BlockReader::open(bytes, kSchema);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Code::kFailed);
  EXPECT_EQ(reader.error().message,
            "state block has format 2, this release reads up to 1: run the newer release that "
            "wrote it, or start anew with --fresh");
  EXPECT_EQ(message_of(bytes.substr(0, 6)), reader.error().message) << "whatever follows it";
}

TEST(Block, AnotherSchemaIsAMatterOfConfiguration) {
  auto reader = BlockReader::open(one_delta(), kSchema + 1);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Code::kInvalidConfig);
  EXPECT_NE(reader.error().message.find("--forget per_minute"), std::string::npos);
  EXPECT_TRUE(read_block_header(one_delta())) << "a look at the header needs no schema";
}

TEST(Block, NumbersThatContradictEachOtherAreRefused) {
  const std::string good = one_delta();
  const auto with = [&](std::size_t at, std::initializer_list<int> bytes) {
    std::string bad = good;
    std::size_t i = at;
    for (const int byte : bytes) bad[i++] = static_cast<char>(byte);
    return message_of(resealed(bad, 10));
  };
  const std::string damaged = "state block is damaged: ";
  EXPECT_EQ(with(0, {'M'}), "opened") << "resealing works";
  EXPECT_EQ(with(6, {4}), damaged + "it has unknown flags");
  EXPECT_EQ(with(7, {64}), damaged + "its shard does not exist");
  EXPECT_EQ(with(36, {8}), damaged + "it points at blocks after itself");
  EXPECT_EQ(with(40, {8}), damaged + "it points at blocks after itself");
  EXPECT_EQ(with(40, {3}), damaged + "the block before it is older than its base");
  EXPECT_EQ(with(40, {7}), damaged + "its numbers contradict each other");
  EXPECT_EQ(with(36, {7, 0, 0, 0, 7}), damaged + "its numbers contradict each other");
  EXPECT_EQ(with(44, {0}), damaged + "it has no entries");
  EXPECT_EQ(with(44, {2}), damaged + "it has more entries than it says");
  EXPECT_EQ(with(44, {4}), damaged + "entry 4 of 4 is not readable");
  EXPECT_EQ(with(44, {0xff, 0xff, 0xff, 0xff}), damaged + "entry 4 of 4294967295 is not readable");
}

TEST(Block, EntriesThatAreNoneAreRefused) {
  const auto message = [](std::string_view payload, uint8_t flags = 0) {
    std::string bytes = one_delta().substr(0, block_layout::kFixedBytes + 10);
    bytes.append(payload);
    bytes[block_layout::kFlagsAt] = static_cast<char>(flags);
    bytes[44] = 1;
    bytes[48] = static_cast<char>(payload.size());
    return message_of(resealed(bytes, 10));
  };
  const std::string unreadable = "state block is damaged: entry 1 of 1 is not readable";
  using namespace std::string_view_literals;
  EXPECT_EQ(message("\x03"sv), "opened") << "erase 0";
  EXPECT_EQ(message("\x00\x00"sv), unreadable) << "kind 0";
  EXPECT_EQ(message("\x07\x01k"sv), unreadable) << "an erase with a key";
  EXPECT_EQ(message("\x01\x05"
                    "abc"sv),
            unreadable)
      << "a value beyond the end";
  EXPECT_EQ(message("\x05\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv), unreadable)
      << "a key of 2^64 - 1 bytes";
  EXPECT_EQ(message("\x83\x80\x80\x80\x80\x01"sv), unreadable) << "an ordinal of 33 bits";
  EXPECT_EQ(message("\xfb\xff\xff\xff\x7f"sv), "opened") << "the last ordinal";
  EXPECT_EQ(message("\x80"sv), unreadable) << "a number without an end";
  EXPECT_EQ(message("\x03"sv, block_layout::kFlagBase),
            "state block is damaged: its base erases a key");
}

// A small brother of the fuzz target: garbage behind checksums that hold.
TEST(Block, GarbageNeverOpensTheDoorTooFar) {
  std::mt19937 random(20240229);
  const std::string good = one_delta();
  unsigned opened = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string bytes = good;
    const unsigned changes = 1 + random() % 3;
    for (unsigned i = 0; i < changes; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    if (random() % 8 == 0) bytes.resize(random() % bytes.size());
    if (bytes.size() >= block_layout::kFixedBytes + 10) bytes = resealed(bytes, 10);
    auto reader = BlockReader::open(bytes, kSchema);
    if (!reader) continue;
    ++opened;
    BlockEntry entry;
    uint32_t entries = 0;
    while (reader->next(entry)) ++entries;
    ASSERT_EQ(entries, reader->header().entries);
  }
  EXPECT_GT(opened, 0u);
}

}  // namespace
}  // namespace millrace
