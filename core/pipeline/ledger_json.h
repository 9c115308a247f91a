#pragma once

/// The ledger's counters as JSON: in the report and in the commit, under the same names.

#include "json/value.h"
#include "nodes/counters.h"

namespace millrace {

JsonValue counters_json(const SourceCounters& counters);
JsonValue counters_json(const OperatorCounters& counters);
JsonValue counters_json(const SinkCounters& counters);

/// Missing members stay as they are.
void read_counters(const JsonValue& json, SourceCounters& counters);
void read_counters(const JsonValue& json, OperatorCounters& counters);
void read_counters(const JsonValue& json, SinkCounters& counters);

}  // namespace millrace
