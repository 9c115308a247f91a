#include "cache/cache_view.h"

#include <algorithm>
#include <cstdlib>

#include "cache/cache_keys.h"
#include "cache/redis_connection.h"

namespace millrace {
namespace {

Result<std::vector<std::string>> scan(CacheConnection& connection, const std::string& pattern) {
  std::vector<std::string> keys;
  std::string cursor = "0";
  do {
    auto answer = connection.command({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
    if (!answer) return answer.error();
    if (answer->items.size() != 2) break;
    cursor = answer->items[0].text;
    for (const RedisValue& key : answer->items[1].items) keys.push_back(key.text);
  } while (cursor != "0");
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

std::optional<uint64_t> number_in(const std::map<std::string, std::string>& fields,
                                  const char* name) {
  const auto found = fields.find(name);
  if (found == fields.end()) return std::nullopt;
  return std::strtoull(found->second.c_str(), nullptr, 10);
}

Result<std::map<std::string, std::string>> hash_of(CacheConnection& connection,
                                                   const std::string& key) {
  auto answer = connection.command({"HGETALL", key});
  if (!answer) return answer.error();
  std::map<std::string, std::string> fields;
  for (size_t i = 0; i + 1 < answer->items.size(); i += 2)
    fields[answer->items[i].text] = answer->items[i + 1].text;
  return fields;
}

/// A block counts only where its checksum holds and its name is that of its place.
Result<void> read_chain(CacheConnection& connection, const std::string& key,
                        const std::string& root, CachedState& state) {
  auto fields = hash_of(connection, key);
  if (!fields) return fields.error();
  CachedOperator& op = state.operators[std::string(operator_of(key, root))];
  for (const auto& [field, bytes] : *fields) {
    op.bytes += bytes.size();
    if (auto sum = sum_of_block(bytes)) op.found.add(*sum);
  }
  return {};
}

Result<CachedState> read_state(CacheConnection& connection, const CacheKeys& keys,
                               const StateName& name) {
  CachedState state;
  state.state_id = name.state_id;
  state.task = name.task;
  auto meta = hash_of(connection, keys.meta());
  if (!meta) return meta.error();
  state.commit = number_in(*meta, "commit");
  state.complete_to = number_in(*meta, "complete_to");
  state.owner = number_in(*meta, "owner");
  state.written_us = static_cast<int64_t>(number_in(*meta, "written_us").value_or(0));
  for (const auto& [field, value] : *meta) {
    if (field.starts_with(kManifestField)) {
      state.operators[field.substr(kManifestField.size())].promised = parse_manifest_sum(value);
    }
  }
  const std::string chains_key = keys.chains();
  auto chains = connection.command({"SMEMBERS", chains_key});
  if (!chains) return chains.error();
  for (const RedisValue& key : chains->items)
    MILLRACE_TRY(read_chain(connection, key.text, keys.root(), state));
  return state;
}

Result<void> add_states(CacheConnection& connection, const std::string& prefix,
                        const std::string& pipeline, std::vector<CachedState>& out) {
  auto metas = scan(connection, CacheKeys::meta_pattern(prefix, pipeline));
  if (!metas) return metas.error();
  for (const std::string& meta : *metas) {
    const auto name = state_of(meta);
    if (!name) continue;
    const CacheKeys keys(prefix, pipeline, name->state_id, name->task);
    if (keys.meta() != meta) continue;  // The pattern takes names that begin like this one.
    auto state = read_state(connection, keys, *name);
    if (!state) return state.error();
    state->pipeline = pipeline;
    out.push_back(std::move(*state));
  }
  return {};
}

}  // namespace

bool CachedState::proven() const {
  return complete_to && std::all_of(operators.begin(), operators.end(),
                                    [](const auto& one) { return one.second.proven(); });
}

Result<CacheView> view_cache(const RedisUrl& url, int64_t timeout_us, const std::string& prefix,
                             const std::vector<std::string>& pipelines) {
  auto connection = RedisConnection::connect(url, timeout_us);
  if (!connection) return connection.error();
  CacheView view;
  if (auto policy = (*connection)->command({"CONFIG", "GET", "maxmemory-policy"});
      policy && policy->items.size() == 2) {
    view.policy = policy->items[1].text;
  }
  for (const std::string& pipeline : pipelines)
    MILLRACE_TRY(add_states(**connection, prefix, pipeline, view.states));
  return view;
}

}  // namespace millrace
