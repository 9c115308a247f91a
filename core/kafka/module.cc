#include "kafka/kafka.h"
#include "kafka/sink.h"
#include "kafka/source.h"

namespace millrace {

const mr_module& kafka_module() { return module_of<kafka::KafkaSource, kafka::KafkaSink>; }

}  // namespace millrace
