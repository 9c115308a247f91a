#include "state/block_key.h"

#include "base/assert.h"

namespace millrace {
namespace {

constexpr std::size_t kTailBytes = 8 + 1 + 4;

void append_big_endian(std::string& out, uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i)));
}

uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = (value << 8) | static_cast<uint8_t>(byte);
  return value;
}

/// Negative slices (before 1970) sort below the others.
uint64_t biased(int64_t slice) { return static_cast<uint64_t>(slice) ^ (uint64_t{1} << 63); }

}  // namespace

std::string operator_prefix(std::string_view op) {
  MILLRACE_ASSERT(op.size() <= kOperatorBytesMax);
  std::string key(kBlocksPrefix);
  key.push_back(static_cast<char>(op.size()));
  key.append(op);
  return key;
}

std::string slice_prefix(std::string_view op, int64_t slice) {
  std::string key = operator_prefix(op);
  append_big_endian(key, biased(slice), 8);
  return key;
}

std::string block_key(const BlockId& id) {
  std::string key = slice_prefix(id.op, id.slice);
  append_big_endian(key, id.shard, 1);
  append_big_endian(key, id.number, 4);
  return key;
}

std::optional<BlockId> parse_block_key(std::string_view key) {
  if (key.size() < 2 || !key.starts_with(kBlocksPrefix)) return std::nullopt;
  const std::size_t name_bytes = static_cast<uint8_t>(key[1]);
  if (key.size() != 2 + name_bytes + kTailBytes) return std::nullopt;
  const std::string_view tail = key.substr(2 + name_bytes);
  BlockId id;
  id.op = std::string(key.substr(2, name_bytes));
  id.slice = static_cast<int64_t>(big_endian(tail.substr(0, 8)) ^ (uint64_t{1} << 63));
  id.shard = static_cast<uint8_t>(tail[8]);
  id.number = static_cast<uint32_t>(big_endian(tail.substr(9, 4)));
  return id;
}

}  // namespace millrace
