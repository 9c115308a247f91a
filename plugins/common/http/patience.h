#pragma once

/// When to ask a server again. One object per connection or endpoint: it is told how each attempt
/// ended and answers with due(), so that every plugin keeps the same manners: back-off with full
/// jitter (H7), Retry-After as a floor that binds the whole host (H4), refusals tried a few times
/// far apart and then fatal (sources.md 1.3), a stream that was cut never hammered (S23).
/// Each call logs what a user should know. Those that may find that there is no hope throw `fatal`.
/// Threads: one.

#include <functional>
#include <string>

#include "common/http/backoff.h"
#include "common/http/http_stream.h"

namespace millrace::http {

/// The remedy for failed TLS and for a proxy that wants a password; else empty.
std::string common_remedy(const Ending& ending);
/// What the service itself says, then that, and for a refusal what to look at; `credential` names
/// the keys that hold it.
std::string usual_remedy(const Ending& ending, const std::string& credential);

class Patience {
 public:
  /// Something worth adding to the sentence of a fatal answer; may be empty.
  using Remedy = std::function<std::string(const Ending&)>;

  /// `settings` must outlive it. `of_all`: counts the refusals of several endpoints together, where
  /// they are one party to the server (the same key); it must outlive it.
  Patience(const context& ctx, const HttpSettings& settings, Random random, Remedy remedy = {},
           AuthGrace* of_all = nullptr);

  /// Who is asked next. Nothing but scheme, host, port and path is ever printed.
  void aim(const std::string& url, std::string printed = "");
  const std::string& printable() const { return printable_; }
  const std::string& origin() const { return origin_; }
  /// When the next attempt may leave; in the past: now.
  Micros due() const;

  /// The server answered as it should.
  void accepted(Micros now);
  /// A connection stands; whether earlier refusals are forgiven is told separately.
  void opened(Micros now) { backoff_.healthy(now); }
  void forgive() { grace_.accepted(); }
  /// No answer at all, or one that cannot be used; see Ending. Counts as a failure.
  void attempt_failed(const Ending& ending, Micros now, Micros busy_wait = Micros(0));
  /// A status that is not a success: waits, or throws.
  void status(const Ending& ending, Micros now, Micros busy_wait = Micros(0));
  /// The server does not want us: tried again a few times far apart, then fatal.
  void refused(const Ending& ending, Micros now) { refusal(ending.text, ending, now); }
  /// An answer, but not of this service (H11, S21): only time can mend that.
  void bad_response(const std::string& what, Micros now);
  /// The next attempt will be another one, so soon.
  void another_way(const std::string& what, Micros now);

  /// A stream that ran has ended. `floor`: the reconnection time.
  void cut(const std::string& what, Micros ran_for, Micros floor, Micros now);
  /// A stream went silent, or broke its own rules.
  void stalled(const std::string& what, Micros floor, Micros now);
  /// We ended it ourselves.
  void planned(Micros floor, Micros now);

  double random() { return backoff_.random(); }
  uint32_t failures() const { return backoff_.failures(); }

 private:
  void refusal(const std::string& what, const Ending& ending, Micros now);
  void hold_host(const Ending& ending, Micros now);
  void wait(Micros wait, const std::string& what, Micros now);

  context ctx_;
  const HttpSettings& settings_;
  Backoff backoff_;
  AuthGrace grace_;
  AuthGrace* of_all_;
  Remedy remedy_;
  std::string printable_ = "?", origin_;
  Micros due_{0};
};

}  // namespace millrace::http
