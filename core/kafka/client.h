#pragma once

/// What source and sink share of librdkafka: its settings, its handles, its error texts.
/// Errors are the SDK's exceptions: config_error for settings, retriable for the network, fatal for
/// the rest. Threads: a handle may be used from any thread, as librdkafka promises.

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <millrace/plugin.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "kafka/cluster.h"

namespace millrace::kafka {

/// One request to the cluster may take this long. Shorter than what the host grants a call.
inline constexpr std::chrono::milliseconds kRequestTime{8000};

struct Destroy {
  // A consumer without a group has nothing to leave, and closing it can hang in librdkafka 2.0.
  void operator()(rd_kafka_t* client) const {
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(rd_kafka_conf_t* settings) const { rd_kafka_conf_destroy(settings); }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_consumer_group_metadata_t* group) const {
    rd_kafka_consumer_group_metadata_destroy(group);
  }
  void operator()(const rd_kafka_metadata_t* metadata) const {
    rd_kafka_metadata_destroy(metadata);
  }
};
template <class T>
using Owned = std::unique_ptr<T, Destroy>;

/// Settings of a client under construction: `brokers` and the user's own `kafka` properties first,
/// so that what a component needs for being right cannot be overridden; a property that would be is
/// a config_error.
class ClientSettings {
 public:
  explicit ClientSettings(const config& cfg);
  explicit ClientSettings(const Cluster& cluster);
  /// Refused when the user set it, too.
  void set(const char* property, const std::string& value);
  /// Ours unless the user says otherwise.
  void set_default(const char* property, const std::string& value);
  /// librdkafka's own log and error reports go to the component's log; `callback_owner` is handed
  /// to callbacks.
  void log_to(const context& ctx);
  /// The same, to the host's log.
  void log_to_host();
  rd_kafka_conf_t* get() const { return settings_.get(); }
  /// Makes the client and gives the settings away.
  Owned<rd_kafka_t> make(rd_kafka_type_t type);

 private:
  bool is_users(const char* property) const;
  void put(const std::string& property, const std::string& value);

  Owned<rd_kafka_conf_t> settings_;
  std::vector<std::string> users_;
};

/// `what`, librdkafka's words, and whether trying again may help.
[[noreturn]] void fail(std::string_view what, rd_kafka_resp_err_t code);
[[noreturn]] void fail(std::string_view what, const rd_kafka_error_t& error);
/// The same as a value. kCancelled: this member or producer is no longer the one that may.
Error error_of(std::string_view what, rd_kafka_resp_err_t code);
Error error_of(std::string_view what, const rd_kafka_error_t& error);
/// Runs `work`, which throws as above, and gives what it gave as a value.
template <class Work>
auto as_result(Work work) -> Result<decltype(work())> {
  try {
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      return {};
    } else {
      return work();
    }
  } catch (const failure& why) {
    const Code code = why.rc() == MR_E_CONFIG  ? Code::kInvalidConfig
                      : why.rc() == MR_E_FATAL ? Code::kFailed
                                               : Code::kUnavailable;
    return Error{code, why.what()};
  }
}

}  // namespace millrace::kafka
