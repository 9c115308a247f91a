#include "common/http/patience.h"

#include <algorithm>

#include "common/http/host_gate.h"
#include "common/http/url.h"
#include "common/json/problem_text.h"

namespace millrace::http {

std::string common_remedy(const Ending& ending) {
  if (ending.fault == Fault::kTls) {
    return "; see \"tls\": ca_file for a private authority, server_name for another name";
  }
  if (ending.fault == Fault::kProxyAuth || ending.status == 407) {
    return "; the proxy wants a user and a password: \"proxy\": \"http://USER:PASSWORD@HOST:PORT\"";
  }
  return "";
}

std::string usual_remedy(const Ending& ending, const std::string& credential) {
  const std::string said = json::problem_text(ending.body);
  if (ending.status == 400 || ending.status == 401 || ending.status == 403)
    return said + "; check " + credential;
  if (ending.status == 404 || ending.status == 410) return said + "; check the address";
  return said + common_remedy(ending);
}

Patience::Patience(const context& ctx, const HttpSettings& settings, Random random, Remedy remedy,
                   AuthGrace* of_all)
    : ctx_(ctx),
      settings_(settings),
      backoff_(settings.retry, std::move(random)),
      grace_(settings.grace, settings.retry.max),
      of_all_(of_all),
      remedy_(std::move(remedy)) {}

void Patience::aim(const std::string& url, std::string printed) {
  const auto parts = parse_url(url);
  printable_ = !printed.empty() ? std::move(printed) : parts ? parts->printable() : "?";
  origin_ = parts ? parts->origin() : "";
}

Micros Patience::due() const { return std::max(due_, HostGate::shared().open_at(origin_)); }

void Patience::accepted(Micros now) {
  backoff_.healthy(now);
  grace_.accepted();
  if (of_all_) of_all_->accepted();
}

void Patience::attempt_failed(const Ending& ending, Micros now, Micros busy_wait) {
  if (ending.why == Ending::Why::kStatus) return status(ending, now, busy_wait);
  const bool is_garbage =
      ending.why == Ending::Why::kBadResponse || ending.fault == Fault::kBadResponse;
  if (is_garbage) return bad_response(ending.text, now);
  if (ending.fault == Fault::kTls || ending.fault == Fault::kProxyAuth) {
    return refusal(ending.text, ending, now);
  }
  wait(backoff_.after_failure(now), ending.text, now);
}

void Patience::status(const Ending& ending, Micros now, Micros busy_wait) {
  const StatusClass status = class_of_status(ending.status);
  if (status == StatusClass::kNotModified) return bad_response(ending.text, now);
  if (status == StatusClass::kRefused) return refusal(ending.text, ending, now);
  if (status == StatusClass::kRetry || status == StatusClass::kRedirect) {
    Micros next = backoff_.after_failure(now);
    if (ending.status == 429) {
      const auto busy = static_cast<double>(busy_wait.count());
      next = std::max(next, Micros(static_cast<int64_t>(busy * (1 + backoff_.random()))));
    }
    if (ending.retry_after) next = backoff_.at_least(ending.retry_after->wait, next);
    wait(next, ending.text, now);
    return hold_host(ending, now);
  }
  throw fatal(printable_ + ": " + ending.text + (remedy_ ? remedy_(ending) : ""));
}

void Patience::hold_host(const Ending& ending, Micros now) {
  if (!ending.retry_after) return;
  HostGate::shared().hold(origin_, now + ending.retry_after->wait);
  if (ending.retry_after->clamped) {
    ctx_.warn("the server's Retry-After is longer than retry.max_after and was cut to " +
              duration_text(ending.retry_after->wait));
  }
}

/// A refusal that may be a deployment in progress: a few tries far apart, then fatal.
void Patience::refusal(const std::string& what, const Ending& ending, Micros now) {
  auto next = grace_.refused(now);
  uint32_t times = grace_.refusals();
  if (of_all_) {
    if (!of_all_->refused(now)) next.reset();
    times = std::max(times, of_all_->refusals());
  }
  const std::string remedy = remedy_ ? remedy_(ending) : "";
  if (!next) {
    throw fatal(printable_ + ": " + what + ", " + std::to_string(times) + " times in a row" +
                remedy);
  }
  if (ending.retry_after) next = backoff_.at_least(ending.retry_after->wait, *next);
  wait(*next, what + remedy, now);
  hold_host(ending, now);
}

void Patience::bad_response(const std::string& what, Micros now) {
  wait(backoff_.longest(now), what, now);
}

void Patience::another_way(const std::string& what, Micros now) {
  wait(backoff_.after_failure(now), what, now);
}

/// Losing a healthy connection is normal life (WK5, BC4) and not worth a warning.
void Patience::cut(const std::string& what, Micros ran_for, Micros floor, Micros now) {
  const bool was_healthy = ran_for >= settings_.retry.reset_after;
  const Micros next = backoff_.after_cut(now, floor);
  if (was_healthy || backoff_.failures() <= 1) {
    ctx_.debug(printable_ + ": " + what + "; connecting again in " + duration_text(next));
    return wait(next, "", now);
  }
  wait(next, what, now);
}

void Patience::stalled(const std::string& what, Micros floor, Micros now) {
  wait(backoff_.after_cut(now, floor), what, now);
}

void Patience::planned(Micros floor, Micros now) {
  ctx_.debug("planned reconnection to " + printable_);
  wait(backoff_.after_plan(floor), "", now);
}

/// `what` empty: not worth a warning.
void Patience::wait(Micros wait, const std::string& what, Micros now) {
  due_ = now + wait;
  if (what.empty()) return;
  if (backoff_.should_give_up(now)) {
    throw fatal(printable_ + ": " + what + "; nothing has worked for retry.give_up_after");
  }
  ctx_.warn(printable_ + ": " + what + "; trying again in " + duration_text(wait));
}

}  // namespace millrace::http
