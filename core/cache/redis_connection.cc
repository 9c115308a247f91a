#include "cache/redis_connection.h"

#include <hiredis/hiredis.h>

namespace millrace {
namespace {

timeval to_timeval(int64_t us) {
  return {static_cast<time_t>(us / 1'000'000), static_cast<suseconds_t>(us % 1'000'000)};
}

RedisValue value_of(const redisReply& reply) {
  RedisValue value;
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      value.kind = RedisValue::Kind::kText;
      value.text.assign(reply.str, static_cast<size_t>(reply.len));
      break;
    case REDIS_REPLY_INTEGER:
      value.kind = RedisValue::Kind::kNumber;
      value.number = reply.integer;
      break;
    case REDIS_REPLY_ARRAY:
      value.kind = RedisValue::Kind::kList;
      for (size_t i = 0; i < reply.elements; ++i)
        value.items.push_back(value_of(*reply.element[i]));
      break;
    default: break;
  }
  return value;
}

}  // namespace

Result<std::unique_ptr<CacheConnection>> RedisConnection::connect(const RedisUrl& url,
                                                                  int64_t timeout_us) {
  redisContext* context =
      redisConnectWithTimeout(url.host.c_str(), url.port, to_timeval(timeout_us));
  if (!context) return Error{Code::kUnavailable, "out of memory for a connection to Redis"};
  std::unique_ptr<RedisConnection> made(new RedisConnection(context, url.printable()));
  if (context->err) return Error{Code::kUnavailable, made->place_ + ": " + context->errstr};
  redisSetTimeout(context, to_timeval(timeout_us));
  MILLRACE_TRY(made->log_in(url));
  return std::unique_ptr<CacheConnection>(std::move(made));
}

RedisConnection::~RedisConnection() { redisFree(context_); }

Result<void> RedisConnection::log_in(const RedisUrl& url) {
  if (!url.password.empty()) {
    std::vector<std::string_view> words{"AUTH"};
    if (!url.user.empty()) words.push_back(url.user);
    words.push_back(url.password);
    if (auto done = command(words); !done) return done.error();
  }
  const std::string database = std::to_string(url.database);
  if (auto done = command({"SELECT", database}); !done) return done.error();
  return {};
}

Result<RedisValue> RedisConnection::command(const std::vector<std::string_view>& words) {
  std::vector<const char*> texts;
  std::vector<size_t> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.data() ? word.data() : "");
    sizes.push_back(word.size());
  }
  auto* answer = static_cast<redisReply*>(
      redisCommandArgv(context_, static_cast<int>(texts.size()), texts.data(), sizes.data()));
  if (!answer) return Error{Code::kUnavailable, place_ + ": " + context_->errstr};
  const std::unique_ptr<redisReply, void (*)(redisReply*)> reply(
      answer, [](redisReply* r) { freeReplyObject(r); });
  if (reply->type == REDIS_REPLY_ERROR) {
    return Error{Code::kFailed,
                 place_ + ": " + std::string(reply->str, static_cast<size_t>(reply->len))};
  }
  return value_of(*reply);
}

}  // namespace millrace
