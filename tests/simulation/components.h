#pragma once

/// The sources and sinks of the simulation, written with the SDK as a stranger's are. What they
/// read and write is `Outside`.

#include <millrace/plugin.hpp>

namespace millrace::simulation {

/// source `sim_log`, sinks `sim_file` (two_phase), `sim_tagged` (idempotent), `sim_marked`
/// (epoch_marked), `sim_lossy` (none).
const mr_module& simulated_components();

}  // namespace millrace::simulation
