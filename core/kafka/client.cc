#include "kafka/client.h"

#include <syslog.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/log.h"
#include "kafka/reach.h"

namespace millrace::kafka {
namespace {

/// librdkafka takes one pointer for all callbacks; logging needs only the context, which lives as
/// long as the instance that owns the client.
void write_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  const auto* ctx = static_cast<const context*>(rd_kafka_opaque(client));
  const std::string line = std::string(facility) + ": " + text;
  if (level <= LOG_ERR) return ctx->warn(line);  // It tries again by itself; our errors stop a run.
  if (level <= LOG_WARNING) return ctx->info(line);
  ctx->debug(line);
}

void write_host_log(const rd_kafka_t*, int level, const char* facility, const char* text) {
  const std::string line = "kafka: " + std::string(facility) + ": " + text;
  if (level <= LOG_ERR) return log_warn(line);
  if (level <= LOG_WARNING) return log_info(line);
  log_debug(line);
}

/// What nobody else is told: that it tries again. The rest has been logged where it happened.
void note_error(rd_kafka_t* client, int code, const char* reason, void* opaque) {
  write_log(client, LOG_ERR, "ERROR", reason);
  note_trouble(client, code, reason, opaque);
}

void note_host_error(rd_kafka_t* client, int code, const char* reason, void* opaque) {
  write_host_log(client, LOG_ERR, "ERROR", reason);
  note_trouble(client, code, reason, opaque);
}

/// The group, or a newer producer of the same id, has gone on without us.
bool is_replaced(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return true;
    default: return false;
  }
}

/// Faults of one request or one broker that pass by themselves.
bool may_pass(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS: return true;
    default: return false;
  }
}

/// A property's value as text, whatever JSON made of it.
std::string text_of(const config& value) {
  switch (value.type("")) {
    case MR_JSON_TRUE: return "true";
    case MR_JSON_FALSE: return "false";
    case MR_JSON_NUMBER: return std::to_string(value.i64(""));
    default: return value.str("");
  }
}

/// What will not pass, however often it is tried.
std::optional<Error> hopeless(std::string_view what, rd_kafka_resp_err_t code) {
  if (code != RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT) return std::nullopt;
  return Error{Code::kFailed, std::string(what) +
                                  ": the broker does not allow transactions as long as "
                                  "transaction.timeout.ms; lower it in commit.kafka, or raise "
                                  "transaction.max.timeout.ms of the broker"};
}

/// A new producer looks for its coordinator and for leaders first, which takes a second where those
/// are loading, and whatever failed, the next commit is a new producer's: with less than a few
/// seconds none may ever succeed.
constexpr int64_t kTimeOutMsMin = 5'000;
/// librdkafka's own, as far as it has one for producers with transactions.
constexpr int64_t kTransactionMs = 60'000;

void check_time_outs(const Cluster& cluster) {
  int64_t transaction_ms = kTransactionMs, message_ms = 0;
  for (const auto& [property, value] : cluster.properties) {
    const bool transaction = property == "transaction.timeout.ms";
    const bool message = property == "message.timeout.ms" || property == "delivery.timeout.ms";
    if (!transaction && !message) continue;
    const int64_t ms = std::atoll(value.c_str());  // librdkafka has seen that it is a number.
    (transaction ? transaction_ms : message_ms) = ms;
    if (ms >= kTimeOutMsMin) continue;
    throw config_error("kafka: \"" + property + "\": with " + value +
                       " a commit may never succeed; give at least " +
                       std::to_string(kTimeOutMsMin));
  }
  if (message_ms > transaction_ms) {
    throw config_error("kafka: \"message.timeout.ms\" must not be longer than " +
                       std::to_string(transaction_ms) + ", the \"transaction.timeout.ms\"");
  }
}

}  // namespace

ClientSettings::ClientSettings(const config& cfg) : settings_(rd_kafka_conf_new()) {
  for (const auto& [property, value] : cfg.members("kafka")) {
    put(property, text_of(value));
    users_.push_back(property);
  }
  set("bootstrap.servers", cfg.str("brokers"));
  set_default("client.id", "millrace");
}

ClientSettings::ClientSettings(const Cluster& cluster) : settings_(rd_kafka_conf_new()) {
  for (const auto& [property, value] : cluster.properties) {
    put(property, value);
    users_.push_back(property);
  }
  set("bootstrap.servers", cluster.brokers);
  set_default("client.id", "millrace");
}

bool ClientSettings::is_users(const char* property) const {
  return std::find(users_.begin(), users_.end(), property) != users_.end();
}

void ClientSettings::put(const std::string& property, const std::string& value) {
  char why[512];
  if (rd_kafka_conf_set(settings_.get(), property.c_str(), value.c_str(), why, sizeof why) ==
      RD_KAFKA_CONF_OK)
    return;
  throw config_error("kafka: " + std::string(why));
}

void ClientSettings::set(const char* property, const std::string& value) {
  if (is_users(property)) {
    throw config_error("kafka: \"" + std::string(property) + "\" is Millrace's own to set");
  }
  put(property, value);
}

void ClientSettings::set_default(const char* property, const std::string& value) {
  if (!is_users(property)) put(property, value);
}

void ClientSettings::log_to(const context& ctx) {
  rd_kafka_conf_set_opaque(settings_.get(), const_cast<context*>(&ctx));
  rd_kafka_conf_set_log_cb(settings_.get(), write_log);
  rd_kafka_conf_set_error_cb(settings_.get(), note_error);
}

void ClientSettings::log_to_host() {
  rd_kafka_conf_set_log_cb(settings_.get(), write_host_log);
  rd_kafka_conf_set_error_cb(settings_.get(), note_host_error);
}

Owned<rd_kafka_t> ClientSettings::make(rd_kafka_type_t type) {
  char why[512];
  rd_kafka_t* client = rd_kafka_new(type, settings_.get(), why, sizeof why);
  if (!client) throw config_error("kafka: " + std::string(why));
  settings_.release();  // The client owns them now.
  return Owned<rd_kafka_t>(client);
}

void fail(std::string_view what, rd_kafka_resp_err_t code) {
  const std::string text = std::string(what) + ": " + rd_kafka_err2str(code);
  if (may_pass(code)) throw retriable(text);
  throw fatal(text);
}

void fail(std::string_view what, const rd_kafka_error_t& error) {
  const std::string text = std::string(what) + ": " + rd_kafka_error_string(&error);
  const bool again = rd_kafka_error_is_retriable(&error) ||
                     rd_kafka_error_txn_requires_abort(&error) ||
                     may_pass(rd_kafka_error_code(&error));
  if (again) throw retriable(text);
  throw fatal(text);
}

Result<void> check_properties(const Cluster& cluster) {
  return as_result([&] {
    ClientSettings settings(cluster);
    check_time_outs(cluster);
    for (const auto& [property, value] :
         {std::pair{"transactional.id", "x"}, std::pair{"enable.idempotence", "true"},
          std::pair{"group.id", "x"}, std::pair{"enable.auto.commit", "false"},
          std::pair{"partition.assignment.strategy", "range"},
          std::pair{"enable.partition.eof", "true"}, std::pair{"auto.offset.reset", "error"},
          std::pair{"isolation.level", "read_committed"}})
      settings.set(property, value);
  });
}

Error error_of(std::string_view what, rd_kafka_resp_err_t code) {
  return {is_replaced(code) ? Code::kCancelled : Code::kUnavailable,
          std::string(what) + ": " + rd_kafka_err2str(code)};
}

Error error_of(std::string_view what, const rd_kafka_error_t& error) {
  if (auto told = hopeless(what, rd_kafka_error_code(&error))) return *told;
  const bool replaced = is_replaced(rd_kafka_error_code(&error));
  return {replaced ? Code::kCancelled : Code::kUnavailable,
          std::string(what) + ": " + rd_kafka_error_string(&error)};
}

}  // namespace millrace::kafka
