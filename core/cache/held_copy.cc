#include "cache/held_copy.h"

#include <map>

namespace millrace {
namespace {

using Names = std::set<std::string>;
using Chains = std::map<std::string, Names>;

Chains fields_by_chain(const CacheKeys& keys, const Manifest& manifest) {
  Chains out;
  for (const auto& [op, sum] : manifest.sums()) {
    for (const BlockId& id : manifest.of_operator(op)) {
      bool base = false;
      manifest.find(id, base);
      out[keys.chain(id)].insert(block_field(id, base));
    }
  }
  return out;
}

Names keys_of(const Chains& chains) {
  Names out;
  for (const auto& [chain, fields] : chains) out.insert(chain);
  return out;
}

Names texts_of(const RedisValue& list) {
  Names out;
  for (const RedisValue& one : list.items) out.insert(one.text);
  return out;
}

/// What the copy says of itself.
bool says(const RedisValue& meta, uint64_t epoch, const SumsByOperator& sums) {
  SumsByOperator said;
  bool whole = false;
  for (size_t i = 0; i + 1 < meta.items.size(); i += 2) {
    const std::string &field = meta.items[i].text, &value = meta.items[i + 1].text;
    if (field == "complete_to") whole = value == std::to_string(epoch);
    if (field.starts_with(kManifestField))
      said[field.substr(kManifestField.size())] = parse_manifest_sum(value);
  }
  return whole && said == sums;
}

}  // namespace

std::set<std::string> chains_of(const CacheKeys& keys, const Manifest& manifest) {
  return keys_of(fields_by_chain(keys, manifest));
}

Result<bool> holds(CacheConnection& connection, const CacheKeys& keys, uint64_t epoch,
                   const Manifest& manifest) {
  const std::string meta_key = keys.meta(), chains_key = keys.chains();
  auto meta = connection.command({"HGETALL", meta_key});
  if (!meta) return meta.error();
  if (!says(*meta, epoch, manifest.sums())) return false;
  const Chains wanted = fields_by_chain(keys, manifest);
  auto chains = connection.command({"SMEMBERS", chains_key});
  if (!chains) return chains.error();
  if (texts_of(*chains) != keys_of(wanted)) return false;
  for (const auto& [chain, fields] : wanted) {
    auto found = connection.command({"HKEYS", chain});
    if (!found) return found.error();
    if (texts_of(*found) != fields) return false;
  }
  return true;
}

}  // namespace millrace
