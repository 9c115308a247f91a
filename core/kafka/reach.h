#pragma once

/// Whether a cluster is there, and lets us in: librdkafka itself tries for ever and only logs why.

#include <string>

#include "kafka/client.h"

namespace millrace::kafka {

/// Connects `client`, to which nothing was assigned yet, to the cluster of `brokers`. Throws fatal
/// with the remedy when a broker refuses us or is not to be trusted (SASL, TLS); retriable when
/// none has answered after kRequestTime, with the last reason. Threads: the one that polls it.
void reach(rd_kafka_t& client, const std::string& brokers);

/// For ClientSettings: keeps what reach() tells. Called by librdkafka on the polling thread.
void note_trouble(rd_kafka_t* client, int code, const char* reason, void* opaque);

}  // namespace millrace::kafka
