#include "pipeline/ledger_json.h"

#include <array>

namespace millrace {
namespace {

template <class T>
struct Name {
  std::string_view name;
  uint64_t T::*member;
  bool only_if_any = false;  ///< Left out while it is 0.
};

constexpr std::array kSource = {
    Name<SourceCounters>{"records", &SourceCounters::records},
    Name<SourceCounters>{"bytes", &SourceCounters::bytes},
    Name<SourceCounters>{"errors", &SourceCounters::errors},
    Name<SourceCounters>{"skipped", &SourceCounters::skipped},
};
constexpr std::array kOperator = {
    Name<OperatorCounters>{"in", &OperatorCounters::in},
    Name<OperatorCounters>{"rows", &OperatorCounters::rows},
    Name<OperatorCounters>{"used", &OperatorCounters::used},
    Name<OperatorCounters>{"late", &OperatorCounters::late},
    Name<OperatorCounters>{"late_partial", &OperatorCounters::late_partial},
    Name<OperatorCounters>{"late_after_idle", &OperatorCounters::late_after_idle, true},
    Name<OperatorCounters>{"filtered", &OperatorCounters::filtered},
    Name<OperatorCounters>{"duplicates", &OperatorCounters::duplicates},
    Name<OperatorCounters>{"errors", &OperatorCounters::errors},
    Name<OperatorCounters>{"out", &OperatorCounters::out},
};
constexpr std::array kSink = {
    Name<SinkCounters>{"records", &SinkCounters::records},
    Name<SinkCounters>{"bytes", &SinkCounters::bytes},
};

template <class T, size_t N>
JsonValue write(const T& counters, const std::array<Name<T>, N>& names) {
  JsonValue json = JsonValue::object();
  for (const auto& [name, member, only_if_any] : names) {
    if (only_if_any && counters.*member == 0) continue;
    json.set(name, JsonValue::integer(static_cast<int64_t>(counters.*member)));
  }
  return json;
}

template <class T, size_t N>
void read(const JsonValue& json, T& counters, const std::array<Name<T>, N>& names) {
  for (const auto& [name, member, only_if_any] : names) {
    const JsonValue* value = json.find(name);
    if (value && value->is_int()) counters.*member = static_cast<uint64_t>(value->as_int());
  }
}

}  // namespace

JsonValue counters_json(const SourceCounters& counters) { return write(counters, kSource); }
JsonValue counters_json(const OperatorCounters& counters) { return write(counters, kOperator); }
JsonValue counters_json(const SinkCounters& counters) { return write(counters, kSink); }
void read_counters(const JsonValue& json, SourceCounters& counters) {
  read(json, counters, kSource);
}
void read_counters(const JsonValue& json, OperatorCounters& counters) {
  read(json, counters, kOperator);
}
void read_counters(const JsonValue& json, SinkCounters& counters) { read(json, counters, kSink); }

}  // namespace millrace
