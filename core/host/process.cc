#include "host/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>

namespace millrace {
namespace {

std::terminate_handler otherwise = nullptr;  ///< What stood there before: it prints and aborts.

/// Allocates nothing.
[[noreturn]] void end_unhandled() {
  constexpr std::string_view kSentence =
      "millrace: out of memory; what was committed is safe: lower limits.state, use fewer lanes, "
      "or give the process more\n";
  try {
    if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    (void)!::write(STDERR_FILENO, kSentence.data(), kSentence.size());
    std::_Exit(1);
  } catch (...) {
    otherwise();
  }
  otherwise();
  std::abort();
}

}  // namespace

void hold_standard_streams() {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
    if (::fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free descriptor is this one, since those below it are taken by now.
    (void)::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

void direct_signals(int argc, char** argv) {
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  sigaddset(&stops, SIGUSR1);
  const bool runs = argc > 1 && std::any_of(argv + 1, argv + argc, [](const char* word) {
                      return std::string_view(word) == "run" || std::string_view(word) == "render";
                    });
  pthread_sigmask(runs ? SIG_BLOCK : SIG_UNBLOCK, &stops, nullptr);
  // A closed pipe and a file at its size limit are errors of the write, not deaths.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void tell_out_of_memory() { otherwise = std::set_terminate(end_unhandled); }

}  // namespace millrace
