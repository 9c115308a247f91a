#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace millrace {
namespace {

TEST(Bytes, AreLittleEndian) {
  std::string out;
  append_u8(out, 0xfe);
  append_u16(out, 0x0102);
  append_u32(out, 0x01020304);
  append_u64(out, 0x0102030405060708);
  append_i64(out, -2);
  EXPECT_EQ(out, std::string("\xfe\x02\x01\x04\x03\x02\x01\x08\x07\x06\x05\x04\x03\x02\x01"
                             "\xfe\xff\xff\xff\xff\xff\xff\xff",
                             23));
  ByteReader reader(out);
  EXPECT_EQ(reader.u8(), 0xfe);
  EXPECT_EQ(reader.u16(), 0x0102);
  EXPECT_EQ(reader.u32(), 0x01020304u);
  EXPECT_EQ(reader.u64(), 0x0102030405060708u);
  EXPECT_EQ(reader.i64(), -2);
  EXPECT_TRUE(reader.at_end());
}

TEST(Bytes, VarintsComeBackAndSayTheirLength) {
  std::vector<uint64_t> values = {0, std::numeric_limits<uint64_t>::max()};
  for (unsigned bit = 0; bit < 64; ++bit) {
    values.push_back(uint64_t{1} << bit);
    values.push_back((uint64_t{1} << bit) - 1);
  }
  for (const uint64_t value : values) {
    std::string out;
    append_varint(out, value);
    EXPECT_EQ(out.size(), varint_bytes(value)) << value;
    append_signed_varint(out, static_cast<int64_t>(value));
    append_signed_varint(out, -static_cast<int64_t>(value >> 1));
    ByteReader reader(out);
    EXPECT_EQ(reader.varint(), value);
    EXPECT_EQ(reader.signed_varint(), static_cast<int64_t>(value));
    EXPECT_EQ(reader.signed_varint(), -static_cast<int64_t>(value >> 1));
    EXPECT_TRUE(reader.at_end()) << value;
  }
  EXPECT_EQ(varint_bytes(127), 1u);
  EXPECT_EQ(varint_bytes(128), 2u);
  EXPECT_EQ(varint_bytes(std::numeric_limits<uint64_t>::max()), 10u);
}

TEST(Bytes, RefusesVarintsBeyond64Bits) {
  const std::string nines(9, '\xff');
  EXPECT_EQ(ByteReader(nines + '\x01').varint(), std::numeric_limits<uint64_t>::max());
  for (const std::string& text : {nines + '\x02', nines + '\x81' + '\0', std::string(20, '\xff'),
                                  nines, std::string("\x80"), std::string()}) {
    ByteReader reader(text);
    EXPECT_EQ(reader.varint(), 0u);
    EXPECT_FALSE(reader.ok());
  }
}

TEST(Bytes, AFailureStays) {
  std::string out;
  append_sized(out, "abc");
  out += "tail";
  ByteReader reader(out);
  EXPECT_EQ(reader.sized(), "abc");
  EXPECT_EQ(reader.left(), "tail");
  EXPECT_EQ(reader.u64(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0) << "four bytes were left, but the reader is done for";
  EXPECT_EQ(reader.left(), "");
  EXPECT_FALSE(reader.at_end());
  EXPECT_EQ(reader.bytes(0), "");
  EXPECT_FALSE(reader.ok());
}

TEST(Bytes, ALengthBeyondTheEndFails) {
  std::string out;
  append_varint(out, std::numeric_limits<uint64_t>::max());
  out += "x";
  ByteReader reader(out);
  EXPECT_EQ(reader.sized(), "");
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace millrace
