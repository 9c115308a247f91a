#pragma once

/// The ledger (semantics R48). Counted in the ordered stage, so that what a commit covers is
/// exactly what was counted before it.

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

struct SourceCounters {
  uint64_t records = 0;  ///< Read, broken ones included.
  uint64_t bytes = 0;
  uint64_t errors = 0;   ///< Broken records and unusable event times.
  uint64_t skipped = 0;  ///< Dropped by the duplicate filter.
};

/// rows = used + late + filtered + duplicates + errors; late_partial is a part of used,
/// late_after_idle one of late: records of a partition that was idle and had not caught up (R17).
struct OperatorCounters {
  uint64_t in = 0, rows = 0, used = 0, late = 0, late_partial = 0, late_after_idle = 0,
           filtered = 0, duplicates = 0, errors = 0, out = 0;
  bool balanced() const { return rows == used + late + filtered + duplicates + errors; }
};

struct SinkCounters {
  uint64_t records = 0;
  uint64_t bytes = 0;
};

/// Counters of the whole pipeline by the user's names, in the order of the configuration.
struct Ledger {
  template <class T>
  struct Named {
    std::string name;
    T counters;
  };
  std::vector<Named<SourceCounters>> sources;
  std::vector<Named<OperatorCounters>> operators;
  std::vector<Named<SinkCounters>> sinks;
};

/// Adds `other` name by name: tasks that do the same work count together.
void add(Ledger& sum, const Ledger& other);
/// What `later` counted beyond `earlier`, matched by name.
Ledger difference(const Ledger& later, const Ledger& earlier);

}  // namespace millrace
