#include "redis_double.h"

#include <cstdlib>
#include <iterator>

#include "world.h"

namespace millrace::simulation {
namespace {

RedisValue text(std::string bytes) {
  RedisValue value;
  value.kind = RedisValue::Kind::kText;
  value.text = std::move(bytes);
  return value;
}

RedisValue number(int64_t n) {
  RedisValue value;
  value.kind = RedisValue::Kind::kNumber;
  value.number = n;
  return value;
}

Error away() { return {Code::kUnavailable, "the simulated Redis does not answer"}; }

uint64_t to_number(std::string_view digits) {
  return std::strtoull(std::string(digits).c_str(), nullptr, 10);
}

}  // namespace

Result<std::unique_ptr<CacheConnection>> RedisDouble::connect(RedisServer& server) {
  World& world = World::current();
  if (!world.pass("redis.connect") || world.fault("redis away", 3)) return away();
  if (world.fault("redis wrong password", 1))
    return Error{Code::kFailed, "the simulated Redis refuses the login"};
  return std::unique_ptr<CacheConnection>(std::make_unique<RedisDouble>(server));
}

Result<RedisValue> RedisDouble::command(const std::vector<std::string_view>& words) {
  World& world = World::current();
  harm();
  if (!world.pass("redis.command") || world.fault("redis timeout", 1)) return away();
  RedisValue value = answer(words);
  if (!world.pass("redis.answer") || world.fault("redis answer lost", 1)) return away();
  return value;
}

/// What happens to a cache that nobody has to rely on.
void RedisDouble::harm() {
  World& world = World::current();
  if (world.dice().chance(5)) server_.dumps.push_back(server_.now);
  if (world.fault("redis flushed", 1)) server_.now = {};
  if (world.fault("redis block lost or changed", 2)) lose_a_block();
  if (!server_.dumps.empty() && world.fault("redis old dump", 1))
    server_.now = server_.dumps[world.dice().below(server_.dumps.size())];
  if (!world.fault("redis other owner", 1)) return;
  for (auto& [key, hash] : server_.now.hashes) {
    if (!key.ends_with(":meta")) continue;
    hash["owner"] = world.dice().chance(50) ? "1" : "999999999";
    hash["complete_to"] = std::to_string(world.dice().below(20));
  }
}

void RedisDouble::lose_a_block() {
  std::vector<std::string> chains;
  for (const auto& [key, hash] : server_.now.hashes) {
    if (!key.ends_with(":meta")) chains.push_back(key);
  }
  if (chains.empty()) return;
  Dice& dice = World::current().dice();
  const std::string key = chains[dice.below(chains.size())];
  if (dice.chance(50)) {
    server_.now.hashes.erase(key);
    return;
  }
  RedisServer::Hash& hash = server_.now.hashes[key];
  const auto field = std::next(hash.begin(), static_cast<long>(dice.below(hash.size())));
  if (dice.chance(50)) {
    field->second = "lies";
    return;
  }
  hash.erase(field);
  if (hash.empty()) server_.now.hashes.erase(key);
}

RedisValue RedisDouble::answer(const std::vector<std::string_view>& words) {
  if (words[0] == "EVAL") return run_script(words);
  const std::string key(words[1]);
  RedisValue list;
  list.kind = RedisValue::Kind::kList;
  if (words[0] == "SMEMBERS") {
    for (const std::string& one : server_.now.sets[key]) list.items.push_back(text(one));
  } else if (words[0] == "HGETALL") {
    const auto hash = server_.now.hashes.find(key);
    if (hash == server_.now.hashes.end()) return list;
    for (const auto& [field, value] : hash->second) {
      list.items.push_back(text(field));
      list.items.push_back(text(value));
    }
  } else if (words[0] == "HGET") {
    const auto hash = server_.now.hashes.find(key);
    if (hash == server_.now.hashes.end()) return {};
    const auto field = hash->second.find(std::string(words[2]));
    return field == hash->second.end() ? RedisValue() : text(field->second);
  } else if (words[0] == "CONFIG") {
    list.items = {text("maxmemory-policy"), text("noeviction")};
  }
  return list;
}

/// EVAL script 2 meta chains owner ttl begun changes…
RedisValue RedisDouble::run_script(const std::vector<std::string_view>& words) {
  RedisServer::Hash meta = server_.now.hashes[std::string(words[3])];
  std::set<std::string>& chains = server_.now.sets[std::string(words[4])];
  const auto owner = meta.find("owner");
  if (owner != meta.end() && to_number(owner->second) > to_number(words[5])) return number(0);
  if (owner == meta.end() && words[7] == "1") return number(2);
  meta["owner"] = std::string(words[5]);
  change(words, meta, chains);
  server_.now.hashes[std::string(words[3])] = std::move(meta);
  return number(1);
}

void RedisDouble::change(const std::vector<std::string_view>& words, RedisServer::Hash& meta,
                         std::set<std::string>& chains) {
  for (size_t i = 8; i < words.size();) {
    const std::string_view what = words[i];
    const std::string key(words[i + 1]);
    if (what == "p") {
      server_.now.hashes[key][std::string(words[i + 2])] = std::string(words[i + 3]);
      chains.insert(key);
      i += 4;
    } else if (what == "e") {
      server_.now.hashes[key].erase(std::string(words[i + 2]));
      if (server_.now.hashes[key].empty()) {
        server_.now.hashes.erase(key);
        chains.erase(key);
      }
      i += 3;
    } else if (what == "u") {
      server_.now.hashes.erase(key);
      chains.erase(key);
      i += 2;
    } else if (what == "m") {
      meta[key] = std::string(words[i + 2]);
      i += 3;
    } else {
      if (what == "x") meta.erase(key);  // Nothing expires here: "k" keeps nothing.
      i += 2;
    }
  }
}

}  // namespace millrace::simulation
