#include "cache/cut.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"
#include "state/block_reader.h"
#include "state/block_writer.h"

namespace millrace {
namespace {

constexpr std::string_view kLayout = "cut v1: meta, copy sums, content sums, since";

}  // namespace

uint64_t Cut::base_limit() const {
  uint64_t limit = epoch;
  for (const auto& [op, first] : since) limit = std::min(limit, first - 1);
  return limit;
}

StateBlock write_cut(const Cut& cut) {
  std::string value;
  append_sized(value, cut.meta);
  append_sums(value, cut.copy);
  append_sums(value, cut.content);
  append_varint(value, cut.since.size());
  for (const auto& [op, first] : cut.since) {
    append_sized(value, op);
    append_u64(value, first);
  }
  BlockSeries series;
  series.op = kCutsOperator;
  series.slice = static_cast<int64_t>(cut.epoch);
  series.schema_hash = hash_bytes(kLayout);
  series.commit = cut.epoch;
  BlockWriter writer(series);
  writer.put(0, "", value);
  return std::move(writer.finish().front());
}

Result<Cut> read_cut(const BlockId& id, std::string_view bytes) {
  auto reader = BlockReader::open(bytes, hash_bytes(kLayout));
  if (!reader) return reader.error();
  BlockEntry entry;
  Cut cut;
  cut.epoch = static_cast<uint64_t>(id.slice);
  bool whole = reader->next(entry);
  if (whole) {
    ByteReader in(entry.value);
    cut.meta = in.sized();
    cut.copy = read_sums(in);
    cut.content = read_sums(in);
    for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
      uint64_t& first = cut.since[std::string(in.sized())];
      first = in.u64();
    }
    whole = whole && in.at_end();
  }
  if (!whole) return Error{Code::kCorrupt, to_text(id) + " does not add up"};
  return cut;
}

}  // namespace millrace
