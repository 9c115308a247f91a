#include "cache/cache_keys.h"

#include <cstdlib>

namespace millrace {

CacheKeys::CacheKeys(const std::string& prefix, const std::string& pipeline,
                     const std::string& state_id, int32_t task)
    : root_(prefix + ":{" + pipeline + ":" + state_id + ":" + std::to_string(task) + "}") {}

std::string CacheKeys::chain(const BlockId& id) const {
  return root_ + ":b:" + std::to_string(id.slice) + ":" + std::to_string(id.shard) + ":" + id.op;
}

std::string CacheKeys::meta_pattern(const std::string& prefix, const std::string& pipeline) {
  std::string pattern;
  for (const char c : prefix + ":{" + pipeline + ":") {
    if (std::string_view("*?[]\\^").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + "*}:meta";
}

std::optional<StateName> state_of(std::string_view meta_key) {
  constexpr std::string_view kEnd = "}:meta";
  if (!meta_key.ends_with(kEnd)) return std::nullopt;
  meta_key.remove_suffix(kEnd.size());
  const size_t task = meta_key.rfind(':');
  if (task == std::string_view::npos || task == 0) return std::nullopt;
  const size_t id = meta_key.rfind(':', task - 1);
  if (id == std::string_view::npos) return std::nullopt;
  return StateName{std::string(meta_key.substr(id + 1, task - id - 1)),
                   static_cast<int32_t>(
                       std::strtol(std::string(meta_key.substr(task + 1)).c_str(), nullptr, 10))};
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
