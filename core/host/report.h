#pragma once

/// What a run tells when it is over: the report file and the readable summary.

#include <string>

#include "pipeline/run.h"

namespace millrace {

/// What the operating system counted for this process, and the clock.
struct Usage {
  double wall_seconds = 0, cpu_seconds = 0;
  uint64_t peak_rss_bytes = 0;
};
Usage usage_since(int64_t started_monotonic_us);

/// The report of `--report` (contract §2). `outcome`: ended, stopped or failed.
std::string report_json(const std::string& pipeline, std::string_view outcome, const Usage& usage,
                        const RunResult& result);

/// The ledger as an aligned table: in = used + late + filtered + errors, line by line.
std::string summary_text(const Usage& usage, const RunResult& result);

}  // namespace millrace
