// How long a record takes through a pipeline: puts records into one topic at a steady rate, each
// with the time of its making, and reads what is committed of another. paced_kafka BROKERS IN OUT
// RATE SECONDS; prints the median, the 99th percentile and the largest delay in ms, and of how many
// records.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr char kMark[] =
    "\"title\":\"";  // Behind it the time, in microseconds; 0: a record that only asks.

int64_t now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

rd_kafka_t* client(rd_kafka_type_t type,
                   std::initializer_list<std::pair<const char*, const char*>> properties) {
  char why[512];
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(settings, name, value, why, sizeof why)) std::puts(why), std::exit(2);
  }
  rd_kafka_t* out = rd_kafka_new(type, settings, why, sizeof why);
  if (!out) std::puts(why), std::exit(2);
  return out;
}

class Paced {
 public:
  Paced(char** arguments)
      : rate_(std::atol(arguments[4])),
        wanted_(rate_ * std::atol(arguments[5])),
        producer_(client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", arguments[1]},
                                             {"linger.ms", "1"},
                                             {"queue.buffering.max.messages", "1000000"}})),
        in_(rd_kafka_topic_new(producer_, arguments[2], nullptr)),
        consumer_(client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", arguments[1]},
                                             {"group.id", "paced"},
                                             {"isolation.level", "read_committed"},
                                             {"fetch.wait.max.ms", "10"}})) {
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, arguments[3], 0)->offset = 0;
    rd_kafka_poll_set_consumer(consumer_);
    rd_kafka_assign(consumer_, list);
  }

  int run() {
    std::thread writer([this] { write(); });
    const bool all = read();
    writer.join();
    if (!all) return 1;
    // The first quarter is the pipeline's start.
    took_us_.erase(took_us_.begin(), took_us_.begin() + static_cast<long>(took_us_.size() / 4));
    std::sort(took_us_.begin(), took_us_.end());
    const auto ms = [this](size_t percent) {
      return static_cast<double>(took_us_[(took_us_.size() - 1) * percent / 100]) / 1000;
    };
    std::printf("%.1f %.1f %.1f %zu\n", ms(50), ms(99), ms(100), took_us_.size());
    return 0;
  }

 private:
  void put(long number, int64_t time_us) {
    char value[1200];
    const int size = std::snprintf(
        value, sizeof value,
        R"({"k":"user-%ld","n":%ld,"t":%lld,"bot":false,%s%lld","rest":"%0820d"})", number % 1000,
        number, static_cast<long long>(now_us() / 1000), kMark, static_cast<long long>(time_us), 0);
    const std::string key = "user-" + std::to_string(number % 1000);
    while (rd_kafka_produce(in_, 0, RD_KAFKA_MSG_F_COPY, value, static_cast<size_t>(size),
                            key.data(), key.size(), nullptr) == -1)
      rd_kafka_poll(producer_, 1);
  }

  void write() {
    // One at a time until one is through: then all have joined.
    while (!through_) {
      put(0, 0);
      rd_kafka_poll(producer_, 200);
    }
    const int64_t began = now_us();
    for (long sent = 0; sent < wanted_;) {
      const int64_t now = now_us();
      for (const long due = std::min(wanted_, (now - began) * rate_ / 1'000'000); sent < due;
           ++sent)
        put(sent, now_us());
      rd_kafka_poll(producer_, 1);
    }
    rd_kafka_flush(producer_, 30000);
  }

  bool read() {
    const int64_t give_up = now_us() + 60'000'000 + wanted_ / rate_ * 1'000'000;
    took_us_.reserve(static_cast<size_t>(wanted_));
    while (static_cast<long>(took_us_.size()) < wanted_ && now_us() < give_up) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer_, 100);
      if (!message) continue;
      if (!message->err) {
        const std::string_view text(static_cast<const char*>(message->payload), message->len);
        const size_t mark = text.find(kMark);
        const int64_t made = std::atoll(text.data() + mark + sizeof kMark - 1);
        through_ = true;
        if (made > 0) took_us_.push_back(now_us() - made);
      }
      rd_kafka_message_destroy(message);
    }
    return static_cast<long>(took_us_.size()) == wanted_;
  }

  const long rate_, wanted_;
  rd_kafka_t* const producer_;
  rd_kafka_topic_t* const in_;
  rd_kafka_t* const consumer_;
  std::atomic<bool> through_{false};
  std::vector<int64_t> took_us_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const int rc = Paced(argv).run();
  std::fflush(stdout);
  std::_Exit(rc);  // Closing a consumer can take seconds.
}
