#include "nodes/counters.h"

namespace millrace {
namespace {

void subtract(SourceCounters& a, const SourceCounters& b) {
  a.records -= b.records;
  a.bytes -= b.bytes;
  a.errors -= b.errors;
  a.skipped -= b.skipped;
}

void subtract(OperatorCounters& a, const OperatorCounters& b) {
  a.in -= b.in;
  a.rows -= b.rows;
  a.used -= b.used;
  a.late -= b.late;
  a.late_partial -= b.late_partial;
  a.late_after_idle -= b.late_after_idle;
  a.filtered -= b.filtered;
  a.duplicates -= b.duplicates;
  a.errors -= b.errors;
  a.out -= b.out;
}

void subtract(SinkCounters& a, const SinkCounters& b) {
  a.records -= b.records;
  a.bytes -= b.bytes;
}

template <class T>
void subtract_by_name(std::vector<Ledger::Named<T>>& later,
                      const std::vector<Ledger::Named<T>>& earlier) {
  for (auto& a : later) {
    for (const auto& b : earlier) {
      if (a.name == b.name) subtract(a.counters, b.counters);
    }
  }
}

}  // namespace

Ledger difference(const Ledger& later, const Ledger& earlier) {
  Ledger out = later;
  subtract_by_name(out.sources, earlier.sources);
  subtract_by_name(out.operators, earlier.operators);
  subtract_by_name(out.sinks, earlier.sinks);
  return out;
}

}  // namespace millrace
