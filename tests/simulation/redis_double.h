#pragma once

/// Redis as far as the cache needs it, as a server that loses, mixes up and forgets. The script of
/// cache_batch.cc is played by hand here; that the true Redis understands it, tests/system/
/// test_cache.py and test_kept.py show.

#include <map>
#include <set>

#include "cache/cache_connection.h"

namespace millrace::simulation {

struct RedisServer {
  using Hash = std::map<std::string, std::string>;
  struct Data {
    std::map<std::string, Hash> hashes;
    std::map<std::string, std::set<std::string>> sets;
  };
  Data now;
  std::vector<Data> dumps;  ///< Of earlier times.
};

class RedisDouble final : public CacheConnection {
 public:
  explicit RedisDouble(RedisServer& server) : server_(server) {}
  static Result<std::unique_ptr<CacheConnection>> connect(RedisServer& server);
  Result<RedisValue> command(const std::vector<std::string_view>& words) override;

 private:
  void harm();
  void lose_a_block();
  RedisValue answer(const std::vector<std::string_view>& words);
  RedisValue run_script(const std::vector<std::string_view>& words);
  void change(const std::vector<std::string_view>& words, RedisServer::Hash& meta,
              std::set<std::string>& chains);

  RedisServer& server_;
};

}  // namespace millrace::simulation
