#include "cache/redis_connection.h"

#include <hiredis/hiredis.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>

#include "cache/redis_request.h"

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

Result<void> RedisConnection::send(const std::vector<std::string_view>& words) {
  RedisRequest request(words);
  while (request.count() > 0) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(request.pieces());
    message.msg_iovlen = std::min<size_t>(request.count(), IOV_MAX);
    const ssize_t sent = ::sendmsg(context_->fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0)
      return Error{Code::kUnavailable, place_ + ": " + std::generic_category().message(errno)};
    request.sent(static_cast<size_t>(sent));
  }
  return {};
}

Result<RedisValue> RedisConnection::command(const std::vector<std::string_view>& words) {
  MILLRACE_TRY(send(words));
  void* answer = nullptr;
  if (redisGetReply(context_, &answer) != REDIS_OK || !answer)
    return Error{Code::kUnavailable, place_ + ": " + context_->errstr};
  const std::unique_ptr<redisReply, void (*)(redisReply*)> reply(
      static_cast<redisReply*>(answer), [](redisReply* r) { freeReplyObject(r); });
  if (reply->type == REDIS_REPLY_ERROR) {
    return Error{Code::kFailed,
                 place_ + ": " + std::string(reply->str, static_cast<size_t>(reply->len))};
  }
  return value_of(*reply);
}

}  // namespace millrace
