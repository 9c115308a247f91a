#pragma once

/// A connection to Redis that throws: retriable when it broke or Redis cannot serve now, fatal for
/// what a later try would meet again. Commands are sent in a row and answered in a row.
/// Threads: one.

#include <hiredis/hiredis.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "settings.h"

namespace millrace::redis_sink {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

class Connection {
 public:
  explicit Connection(const Settings& settings);
  ~Connection();
  Connection(const Connection&) = delete;

  void send(const std::vector<std::string_view>& command);
  /// The next answer, whatever it says.
  Reply receive();
  /// The next answer; an error of Redis is thrown.
  Reply expect();
  /// Throws what an error of Redis means.
  [[noreturn]] static void fail(std::string_view text);

 private:
  [[noreturn]] void broken() const;
  redisContext* context_;
};

}  // namespace millrace::redis_sink
