#include "connection.h"

namespace millrace::redis_sink {
namespace {

timeval to_timeval(std::chrono::microseconds time) {
  return {static_cast<time_t>(time.count() / 1000000),
          static_cast<suseconds_t>(time.count() % 1000000)};
}

}  // namespace

Connection::Connection(const Settings& settings)
    : context_(redisConnectWithTimeout(settings.host.c_str(), settings.port,
                                       to_timeval(settings.timeout))) {
  if (!context_) throw fatal("out of memory for a connection");
  if (context_->err) {
    const std::string why = context_->errstr;
    redisFree(context_);
    throw retriable("cannot connect to Redis at " + settings.host + ":" +
                    std::to_string(settings.port) + ": " + why);
  }
  redisSetTimeout(context_, to_timeval(settings.timeout));
  try {
    if (!settings.password.empty()) {
      std::vector<std::string_view> login{"AUTH"};
      if (!settings.user.empty()) login.push_back(settings.user);
      login.push_back(settings.password);
      send(login);
      expect();
    }
    if (settings.database != 0) {
      send({"SELECT", std::to_string(settings.database)});
      expect();
    }
    send({"PING"});
    expect();
  } catch (...) {
    redisFree(context_);
    throw;
  }
}

Connection::~Connection() { redisFree(context_); }

void Connection::broken() const {
  throw retriable(std::string("the connection to Redis broke: ") + context_->errstr);
}

void Connection::send(const std::vector<std::string_view>& command) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string_view part : command) {
    texts.push_back(part.data() ? part.data() : "");
    sizes.push_back(part.size());
  }
  if (redisAppendCommandArgv(context_, static_cast<int>(texts.size()), texts.data(),
                             sizes.data()) != REDIS_OK)
    broken();
}

Reply Connection::receive() {
  void* reply = nullptr;
  if (redisGetReply(context_, &reply) != REDIS_OK) broken();
  return Reply(static_cast<redisReply*>(reply));
}

Reply Connection::expect() {
  Reply reply = receive();
  if (reply->type == REDIS_REPLY_ERROR) fail({reply->str, reply->len});
  return reply;
}

void Connection::fail(std::string_view text) {
  // Redis may recover from these by itself or by its operator's hand; the rest comes again.
  for (const std::string_view passing :
       {"LOADING", "BUSY", "MASTERDOWN", "READONLY", "TRYAGAIN", "OOM", "MISCONF", "CLUSTERDOWN",
        "ERR max number of clients"}) {
    if (text.starts_with(passing)) throw retriable("Redis: " + std::string(text));
  }
  throw fatal("Redis: " + std::string(text));
}

}  // namespace millrace::redis_sink
