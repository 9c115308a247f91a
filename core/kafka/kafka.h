#pragma once

/// The Kafka components, built into the program through the same tables as a plugin's: source
/// `kafka` and sink `kafka`. This room alone knows librdkafka; no handle of it leaves the room.

#include <millrace/abi.h>

namespace millrace {

/// Lives for ever.
const mr_module& kafka_module();

}  // namespace millrace
