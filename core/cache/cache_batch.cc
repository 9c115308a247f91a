#include "cache/cache_batch.h"

namespace millrace {
namespace {

/// KEYS: meta, chains. ARGV: owner, milliseconds to live, 1 if there must be an owner, then changes
/// of a letter and its words. 0: a later owner. 2: all that was there is gone.
constexpr const char* kScript = R"(
local meta, chains, ttl = KEYS[1], KEYS[2], ARGV[2]
local owner = redis.call('HGET', meta, 'owner')
if owner and tonumber(owner) > tonumber(ARGV[1]) then return 0 end
if not owner and ARGV[3] == '1' then return 2 end
redis.call('HSET', meta, 'owner', ARGV[1])
local i = 4
while i <= #ARGV do
  local what = ARGV[i]
  if what == 'p' then
    redis.call('HSET', ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
    redis.call('PEXPIRE', ARGV[i + 1], ttl)
    redis.call('SADD', chains, ARGV[i + 1])
    i = i + 4
  elseif what == 'e' then
    redis.call('HDEL', ARGV[i + 1], ARGV[i + 2])
    if redis.call('EXISTS', ARGV[i + 1]) == 0 then redis.call('SREM', chains, ARGV[i + 1]) end
    i = i + 3
  elseif what == 'u' then
    redis.call('UNLINK', ARGV[i + 1])
    redis.call('SREM', chains, ARGV[i + 1])
    i = i + 2
  elseif what == 'k' then
    redis.call('PEXPIRE', ARGV[i + 1], ttl)
    i = i + 2
  elseif what == 'm' then
    redis.call('HSET', meta, ARGV[i + 1], ARGV[i + 2])
    i = i + 3
  else
    redis.call('HDEL', meta, ARGV[i + 1])
    i = i + 2
  end
end
redis.call('PEXPIRE', meta, ttl)
redis.call('PEXPIRE', chains, ttl)
return 1
)";
constexpr const char* kWeekMs = "604800000";
constexpr uint64_t kChangesMax = 256, kBytesMax = 1 << 20;

}  // namespace

CacheBatch::CacheBatch(CacheConnection& connection, const CacheKeys& keys, uint64_t owner,
                       bool begun)
    : connection_(connection), keys_(keys), owner_(std::to_string(owner)), begun_(begun) {}

void CacheBatch::own(std::string word) {
  owned_.push_back(std::move(word));
  words_.push_back(owned_.back());
}

Result<void> CacheBatch::count(uint64_t bytes) {
  bytes_ += bytes;
  if (++changes_ < kChangesMax && bytes_ < kBytesMax) return {};
  if (together_) return {};
  return finish();
}

Result<void> CacheBatch::put(const BlockId& id, bool base, std::string_view bytes) {
  words_.push_back("p");
  own(keys_.chain(id));
  own(block_field(id, base));
  words_.push_back(bytes);
  return count(bytes.size());
}
Result<void> CacheBatch::erase(const BlockId& id, bool base) {
  words_.push_back("e");
  own(keys_.chain(id));
  own(block_field(id, base));
  return count(0);
}
Result<void> CacheBatch::drop_chain(const std::string& key) {
  words_.push_back("u");
  own(key);
  return count(0);
}
Result<void> CacheBatch::keep_chain(const std::string& key) {
  words_.push_back("k");
  own(key);
  return count(0);
}
Result<void> CacheBatch::set_meta(const std::string& field, const std::string& value) {
  words_.push_back("m");
  own(field);
  own(value);
  return count(0);
}
Result<void> CacheBatch::drop_meta(const std::string& field) {
  words_.push_back("x");
  own(field);
  return count(0);
}

Result<void> CacheBatch::finish() {
  if (changes_ == 0) return {};
  const std::string meta = keys_.meta(), chains = keys_.chains();
  std::vector<std::string_view> call{"EVAL", kScript, "2",     meta,
                                     chains, owner_,  kWeekMs, begun_ ? "1" : "0"};
  call.insert(call.end(), words_.begin(), words_.end());
  auto answer = connection_.command(call);
  words_.clear();
  owned_.clear();
  changes_ = bytes_ = 0;
  if (!answer) return answer.error();
  if (answer->number == 1) return {};
  if (answer->number == 2)
    return Error{Code::kUnavailable, "Redis has lost what it held (flushed, or expired)"};
  return Error{Code::kCancelled, "the cache belongs to a later owner of this state"};
}

}  // namespace millrace
