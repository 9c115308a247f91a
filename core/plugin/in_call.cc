#include "plugin/in_call.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <initializer_list>

namespace millrace {
namespace {

/// Constant-initialised: reading it in a signal handler never runs a constructor.
constinit thread_local CallSite current;

/// write(2) only: everything else may hold a lock at the moment of the crash.
void say(std::initializer_list<const char*> parts) {
  for (const char* part : parts) {
    if (write(STDERR_FILENO, part, strlen(part)) < 0) return;
  }
}

void on_crash(int signal) {
  const char* name = signal == SIGSEGV   ? "SIGSEGV"
                     : signal == SIGBUS  ? "SIGBUS"
                     : signal == SIGILL  ? "SIGILL"
                     : signal == SIGFPE  ? "SIGFPE"
                     : signal == SIGABRT ? "SIGABRT"
                                         : "a signal";
  if (current.component[0]) {
    say({"millrace: plugin ", current.component, " (", current.instance, ") crashed with ", name,
         " in ", current.slot, "\n"});
  } else {
    say({"millrace: crashed with ", name, " outside of any plugin\n"});
  }
  // SA_RESETHAND restored the default action: the core dump and the exit status are the real ones.
  raise(signal);
}

}  // namespace

InCall::InCall(const char* component, const char* instance, const char* slot) : before_(current) {
  current = {component, instance, slot};
}
InCall::~InCall() { current = before_; }

const char* component_in_call() { return current.component; }

void install_crash_handler() {
  // One alternate stack, for the main thread: a stack overflow there is reported too. Other
  // threads report on their own stack.
  alignas(16) static char stack[64 << 10];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    struct sigaction action {};
    action.sa_handler = on_crash;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK | SA_NODEFER);
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace millrace
