// The ceiling of a Kafka pipeline: librdkafka's own consumer, one partition, values looked at and
// dropped. ceiling_kafka BROKERS TOPIC COUNT; prints messages per second, from the first one on.
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  char why[512];
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  rd_kafka_conf_set(settings, "bootstrap.servers", argv[1], why, sizeof why);
  rd_kafka_conf_set(settings, "group.id", "ceiling", why, sizeof why);
  rd_kafka_conf_set(settings, "enable.auto.commit", "false", why, sizeof why);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, settings, why, sizeof why);
  if (!client) return 1;
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, argv[2], 0)->offset = 0;
  rd_kafka_assign(client, list);
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(client);
  const long wanted = std::atol(argv[3]);
  using Clock = std::chrono::steady_clock;
  Clock::time_point began;
  long messages = 0, bytes = 0;
  std::vector<rd_kafka_message_t*> got(1024);
  while (messages < wanted) {
    const ssize_t count = rd_kafka_consume_batch_queue(queue, 100, got.data(), got.size());
    if (messages == 0) began = Clock::now();
    for (ssize_t i = 0; i < count; ++i) {
      if (!got[static_cast<size_t>(i)]->err) {
        ++messages;
        bytes += static_cast<long>(got[static_cast<size_t>(i)]->len);
      }
      rd_kafka_message_destroy(got[static_cast<size_t>(i)]);
    }
  }
  const std::chrono::duration<double> took = Clock::now() - began;
  if (bytes == 0) return 1;  // Looked at, so that nobody leaves it out.
  std::printf("%.0f\n", static_cast<double>(messages) / took.count());
  std::fflush(stdout);
  std::_Exit(0);  // Nothing to tidy up, and closing a consumer can take seconds.
}
