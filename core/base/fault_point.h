#pragma once

/// Places where a test may let the process die: `MILLRACE_KILL_AT=commit.logged:3` kills it the
/// third time it comes by. `MILLRACE_STOP_AT` asks for an orderly stop there, as SIGTERM does;
/// `MILLRACE_FREEZE_AT` sends it SIGSTOP, so that the test may change the world meanwhile.
/// `MILLRACE_SAY_POINTS` names a file that gets a line for each place as it is passed.
/// Compiled in only with MILLRACE_FAULT_POINTS (test builds).

namespace millrace {

#ifdef MILLRACE_FAULT_POINTS
void fault_point(const char* name);

/// A simulation hears of every place that is passed, instead of the above. Null: no more.
void hear_fault_points(void (*hear)(const char* name));

/// True: something is to be done wrong in this way, so that a test can show that it would notice.
/// `MILLRACE_BROKEN` names it:
///   trust_cache     a copy of the state in Redis is believed without proof
///   commit_unsynced sinks and sources hear of a commit before the log has it
///   poll_beside     a lane polls a source before what another got from it has its place
///   confirm_unsent  the outbox takes an epoch for delivered whose delivery failed
bool broken_on_purpose(const char* way);
#else
inline void fault_point(const char*) {}
inline bool broken_on_purpose(const char*) { return false; }
#endif

}  // namespace millrace
