#include "nodes/counters.h"

#include <algorithm>

namespace millrace {
namespace {

/// Sums, or differences (`sign` -1), counter by counter.
void add(SourceCounters& a, const SourceCounters& b, uint64_t sign) {
  a.records += sign * b.records;
  a.bytes += sign * b.bytes;
  a.errors += sign * b.errors;
  a.skipped += sign * b.skipped;
}

void add(OperatorCounters& a, const OperatorCounters& b, uint64_t sign) {
  a.in += sign * b.in;
  a.rows += sign * b.rows;
  a.used += sign * b.used;
  a.late += sign * b.late;
  a.late_partial += sign * b.late_partial;
  a.late_after_idle += sign * b.late_after_idle;
  a.filtered += sign * b.filtered;
  a.duplicates += sign * b.duplicates;
  a.errors += sign * b.errors;
  a.out += sign * b.out;
}

void add(SinkCounters& a, const SinkCounters& b, uint64_t sign) {
  a.records += sign * b.records;
  a.bytes += sign * b.bytes;
}

constexpr uint64_t kPlus = 1, kMinus = UINT64_MAX;  // Modulo 2^64.

template <class T>
void subtract_by_name(std::vector<Ledger::Named<T>>& later,
                      const std::vector<Ledger::Named<T>>& earlier) {
  for (auto& a : later) {
    for (const auto& b : earlier) {
      if (a.name == b.name) add(a.counters, b.counters, kMinus);
    }
  }
}

template <class T>
void add_by_name(std::vector<Ledger::Named<T>>& sum, const std::vector<Ledger::Named<T>>& other) {
  for (const auto& b : other) {
    const auto same =
        std::find_if(sum.begin(), sum.end(), [&](const auto& a) { return a.name == b.name; });
    if (same == sum.end()) {
      sum.push_back(b);
    } else {
      add(same->counters, b.counters, kPlus);
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

void add(Ledger& sum, const Ledger& other) {
  add_by_name(sum.sources, other.sources);
  add_by_name(sum.operators, other.operators);
  add_by_name(sum.sinks, other.sinks);
}

}  // namespace millrace
