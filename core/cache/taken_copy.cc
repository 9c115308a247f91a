#include "cache/taken_copy.h"

#include <cstdlib>

#include "state/block_reader.h"

namespace millrace {
namespace {

void take_chain(const RedisValue& fields, TakenCopy& copy) {
  for (size_t i = 1; i < fields.items.size(); i += 2) {
    const std::string& bytes = fields.items[i].text;
    const auto header = read_block_header(bytes);
    // A writer that died half way has begun with blocks of the commit behind.
    if (!header || header->commit > copy.complete_to) continue;
    if (!is_durable_operator(header->id.op)) copy.blocks.push_back({header->id, bytes});
  }
}

}  // namespace

Result<TakenCopy> take_copy(CacheConnection& connection, const CacheKeys& keys) {
  const std::string meta = keys.meta(), chains = keys.chains();
  auto complete_to = connection.command({"HGET", meta, "complete_to"});
  if (!complete_to) return complete_to.error();
  if (complete_to->kind != RedisValue::Kind::kText)
    return Error{Code::kFailed, "Redis holds no whole copy of the state"};
  TakenCopy copy;
  copy.complete_to = std::strtoull(complete_to->text.c_str(), nullptr, 10);
  auto members = connection.command({"SMEMBERS", chains});
  if (!members) return members.error();
  for (const RedisValue& chain : members->items) {
    auto fields = connection.command({"HGETALL", chain.text});
    if (!fields) return fields.error();
    take_chain(*fields, copy);
  }
  return copy;
}

SumsByOperator copy_sums(const std::vector<StateBlock>& blocks) {
  SumsByOperator sums;
  for (const StateBlock& block : blocks) {
    if (auto sum = sum_of_block(block.bytes)) sums[block.id.op].add(*sum);
  }
  return sums;
}

}  // namespace millrace
