#include "cache/taken_copy.h"

#include <cstdlib>

#include "state/block_reader.h"

namespace millrace {
namespace {

Result<std::optional<uint64_t>> number_at(CacheConnection& connection, const std::string& key,
                                          const char* field) {
  auto answer = connection.command({"HGET", key, field});
  if (!answer) return answer.error();
  if (answer->kind != RedisValue::Kind::kText) return std::optional<uint64_t>();
  return std::optional<uint64_t>(std::strtoull(answer->text.c_str(), nullptr, 10));
}

Result<void> read_chain(const RedisValue& fields, uint64_t complete_to,
                        const CommitLog::BlockVisitor& visit) {
  for (size_t i = 1; i < fields.items.size(); i += 2) {
    const std::string& bytes = fields.items[i].text;
    const auto header = read_block_header(bytes);
    // A writer that died half way has begun with blocks of the commit behind.
    if (!header || header->commit > complete_to) continue;
    MILLRACE_TRY(visit(header->id, bytes));
  }
  return {};
}

}  // namespace

Result<CopyClaim> read_copy(CacheConnection& connection, const CacheKeys& keys,
                            const CommitLog::BlockVisitor& visit) {
  const std::string meta = keys.meta(), chains = keys.chains();
  // In this order: beside a writer `next` is then rather too early than too late.
  auto next = number_at(connection, meta, "next");
  if (!next) return next.error();
  auto complete_to = number_at(connection, meta, "complete_to");
  if (!complete_to) return complete_to.error();
  if (!*complete_to) return Error{Code::kFailed, "Redis holds no whole copy of the state"};
  auto members = connection.command({"SMEMBERS", chains});
  if (!members) return members.error();
  for (const RedisValue& chain : members->items) {
    auto fields = connection.command({"HGETALL", chain.text});
    if (!fields) return fields.error();
    MILLRACE_TRY(read_chain(*fields, **complete_to, visit));
  }
  return CopyClaim{**complete_to, *next};
}

Result<TakenCopy> take_copy(CacheConnection& connection, const CacheKeys& keys) {
  TakenCopy copy;
  auto claim = read_copy(connection, keys, [&](const BlockId& id, std::string_view bytes) {
    if (!is_durable_operator(id.op)) copy.blocks.push_back({id, std::string(bytes)});
    return Result<void>();
  });
  if (!claim) return claim.error();
  copy.complete_to = claim->complete_to;
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
