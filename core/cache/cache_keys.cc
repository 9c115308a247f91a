#include "cache/cache_keys.h"

namespace millrace {

CacheKeys::CacheKeys(const std::string& prefix, const std::string& pipeline,
                     const std::string& state_id)
    : root_(prefix + ":{" + pipeline + ":" + state_id + ":0}") {}

std::string CacheKeys::chain(const BlockId& id) const {
  return root_ + ":b:" + std::to_string(id.slice) + ":" + std::to_string(id.shard) + ":" + id.op;
}

std::string CacheKeys::meta_pattern(const std::string& prefix, const std::string& pipeline) {
  std::string pattern;
  for (const char c : prefix + ":{" + pipeline + ":") {
    if (std::string_view("*?[]\\^").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + "*:0}:meta";
}

std::string block_field(const BlockId& id, bool base) {
  return (base ? "b" : "d") + std::to_string(id.number);
}

std::string_view operator_of(std::string_view chain_key, std::string_view root) {
  const size_t slice = root.size() + 3;  // ":b:"
  const size_t shard = chain_key.find(':', slice);
  const size_t name = shard == std::string_view::npos ? shard : chain_key.find(':', shard + 1);
  return name == std::string_view::npos ? std::string_view() : chain_key.substr(name + 1);
}

}  // namespace millrace
