#pragma once

/// Places where a test may let the process die: `MILLRACE_KILL_AT=commit.logged:3` kills it the
/// third time it comes by. `MILLRACE_STOP_AT` asks for an orderly stop there, as SIGTERM does;
/// `MILLRACE_FREEZE_AT` sends it SIGSTOP, so that the test may change the world meanwhile.
/// Compiled in only with MILLRACE_FAULT_POINTS (test builds).

namespace millrace {

#ifdef MILLRACE_FAULT_POINTS
void fault_point(const char* name);
#else
inline void fault_point(const char*) {}
#endif

}  // namespace millrace
