#include "plugin/live_metrics.h"

#include <mutex>

namespace millrace {
namespace {

struct Entry {
  const Instance* instance;
  InstanceName name;
  Kind kind;
};

struct Register {
  std::mutex mutex;
  std::vector<Entry> entries;
};

/// One for the process, as the libraries are whose instances these are.
Register& instances() {
  static Register all;
  return all;
}

}  // namespace

std::vector<LiveMetrics> live_metrics() {
  Register& all = instances();
  std::lock_guard lock(all.mutex);
  std::vector<LiveMetrics> out;
  for (const Entry& entry : all.entries)
    out.push_back({entry.name, entry.kind, entry.instance->metrics()});
  return out;
}

void begin_metrics(const Instance& instance, InstanceName name, Kind kind) {
  Register& all = instances();
  std::lock_guard lock(all.mutex);
  all.entries.push_back({&instance, std::move(name), kind});
}

void end_metrics(const Instance& instance) {
  Register& all = instances();
  std::lock_guard lock(all.mutex);
  std::erase_if(all.entries, [&](const Entry& entry) { return entry.instance == &instance; });
}

}  // namespace millrace
