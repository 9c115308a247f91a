#include "common/poll/poller.h"

#include <algorithm>

#include "common/http/url.h"
#include "common/text/stable_hash.h"

namespace millrace::poll {

namespace {

/// Of a body that nobody could read, while many targets are tried in turn.
constexpr size_t kDamagedMax = 64 << 10;
/// Odd, so that the order of values counts in a sum of their hashes.
constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;

}  // namespace

using http::Ending;
using http::Micros;

Poller::Poller(const context& ctx, const http::HttpSettings& settings, PollOptions options,
               Script& script, http::Random random)
    : ctx_(ctx),
      settings_(settings),
      options_(std::move(options)),
      script_(script),
      random_(std::move(random)),
      exchange_(settings),
      refusals_(settings.grace, settings.retry.max),
      slots_(options_.slots) {}

http::Patience& Poller::patience(size_t target) {
  auto& one = patiences_[slots_.name(target)];
  if (!one)
    one = std::make_unique<http::Patience>(ctx_, settings_, random_, options_.remedy, &refusals_);
  return *one;
}

flow Poller::poll(const budget& b, emitter& out) {
  const Micros deadline(b.deadline_us);
  if (within_) resume_within(out);
  while (true) {
    if (cancelled_ || ctx_.cancelled()) throw cancelled();
    put_out_told(out);
    if (is_putting_out_) {
      after_put_out(pending_.put_out(b, out));
      if (is_putting_out_) return flow::more;
      if (http::steady_now() >= deadline) return flow::more;
      continue;
    }
    if (slots_.is_finished()) return flow::end;
    // What is there goes out at once; waiting is for an empty hand.
    const Micros until = out.records() > 0 ? Micros(0) : deadline;
    if (!advance(until, out)) return out.records() > 0 ? flow::ok : flow::idle;
  }
}

/// False: the deadline has passed.
bool Poller::advance(Micros deadline, emitter& out) {
  if (!slot_ && !begin_slot(deadline, out)) return false;
  if (!slot_) return true;  // Waited for the next one.
  if (give_up_if_over(out)) return true;
  if (!exchange_.is_running() && !send(deadline)) return false;
  const Micros left = std::max(deadline - http::steady_now(), Micros(0));
  switch (exchange_.step(left)) {
    case http::Exchange::Step::kAnswer: take_answer(); return true;
    case http::Exchange::Step::kFailed: take_failure(); return true;
    default: return http::steady_now() < deadline;
  }
}

bool Poller::begin_slot(Micros deadline, emitter& out) {
  const Micros wall = http::wall_now(), steady = http::steady_now();
  std::vector<Slots::Missed> missed;
  slot_ = slots_.due(wall, steady, missed);
  for (const Slots::Missed& one : missed) tell_missed(one, out);
  if (!slot_) {
    wait(std::min(slots_.until_due(wall, steady), deadline - steady));
    return http::steady_now() < deadline;
  }
  items_.clear();
  etag_ = modified_ = "";
  not_modified_ = false;
  put_out_ = base_ = 0;
  script_.begin(*slot_);
  return true;
}

/// False: not yet, and the deadline has passed.
bool Poller::send(Micros deadline) {
  http::Request request = script_.request(*slot_);
  http::Patience& patience = this->patience(slot_->target);
  patience.aim(request.url, script_.printed(*slot_));
  const Micros now = http::steady_now();
  Micros due = std::max(patience.due(), refused_until_);
  if (due <= now) {
    const std::string bucket = patience.origin() + " " + options_.credential;
    due = http::HostGate::shared().take(bucket, options_.rate, script_.cost(*slot_), now);
  }
  if (due > now) {
    wait(std::min(due, deadline) - now);
    return http::steady_now() < deadline;
  }
  const TargetState& state = slots_.state(slot_->target);
  asks_validators_ = script_.takes_validators(*slot_);
  if (asks_validators_ && !state.etag.empty()) {
    request.headers.push_back({"If-None-Match", state.etag});
  } else if (asks_validators_ && !state.modified.empty()) {
    request.headers.push_back({"If-Modified-Since", state.modified});
  }
  ++counts_.requests;
  exchange_.start(std::move(request));
  return true;
}

void Poller::take_answer() {
  http::Answer& answer = exchange_.answer();
  patience(slot_->target).accepted(http::steady_now());
  hosts_failures_ = 0;
  any_accepted_ = true;
  if (answer.status == 304) {
    ++counts_.not_modified;
    not_modified_ = true;
    return finish_slot();
  }
  std::string why;
  const Script::Next next = script_.take(*slot_, answer, items_, why);
  if (next == Script::Next::kAgain) {
    Tried& tried = this->tried(*slot_);
    tried.damaged = std::move(answer.body);
    if (slots_.size() > 1) tried.damaged.resize(std::min(tried.damaged.size(), kDamagedMax));
    tried.why = why;
    return again(why);
  }
  if (asks_validators_) {
    etag_ = answer.head.find("etag");
    modified_ = answer.head.find("last-modified");
  }
  if (next == Script::Next::kDone) finish_slot();
}

/// The slot begins again from its first page, later.
void Poller::again(const std::string& why) {
  ++counts_.retries;
  http::Patience& patience = this->patience(slot_->target);
  patience.another_way(why, http::steady_now());
  items_.clear();
  const Slot slot = *slot_;
  slots_.hold(slot.target, patience.due());
  slot_.reset();
  if (slots_.size() > 1) return;
  slot_ = slot;  // Nobody else is waiting.
  script_.begin(slot);
}

Poller::Tried& Poller::tried(const Slot& slot) {
  Tried& tried = tried_[slots_.name(slot.target)];
  if (tried.slot != slot.number) tried = {.slot = slot.number};
  return tried;
}

/// A slot that ended while other targets had their turn is told like one that was given up.
void Poller::tell_missed(const Slots::Missed& missed, emitter& out) {
  int64_t first = missed.first;
  const auto found = tried_.find(slots_.name(missed.target));
  if (found != tried_.end() && found->second.slot == first) {
    const Tried tried = std::move(found->second);
    tried_.erase(found);
    if (tried.why.empty()) {
      lost(missed.target, first, first + 1, "bad_response", out);
    } else {
      ++counts_.broken;
      poll::put_out({.value = tried.damaged,
                     .partition = slots_.state(missed.target).partition,
                     .position = missed.position,
                     .broken_why = tried.why},
                    out);
    }
    ++first;
  }
  if (first < missed.behind) lost(missed.target, first, missed.behind, "not_replayable", out);
}

void Poller::take_failure() {
  const Ending& ending = exchange_.ending();
  const Slot slot = *slot_;
  const Script::Failed meaning = script_.failed(slot, ending, items_);
  if (meaning == Script::Failed::kDone) return finish_slot();
  if (meaning == Script::Failed::kRetryNow) return;
  const bool is_refused = meaning == Script::Failed::kRefused;
  const bool our_fault = !is_refused && ending.why == Ending::Why::kStatus &&
                         http::class_of_status(ending.status) == http::StatusClass::kOurFault;
  if (our_fault) {  // H8: the same request will fail again.
    items_.clear();
    items_.push_back({.value = ending.body, .broken_why = ending.text});
    return finish_slot();
  }
  ++counts_.retries;
  http::Patience& patience = this->patience(slot.target);
  if (is_refused) {
    patience.refused(ending, http::steady_now());
  } else {
    patience.attempt_failed(ending, http::steady_now());
  }
  tried(slot);
  // One place that is refused among others that are not is its own matter.
  if (refusals_.refusals() > (any_accepted_ ? 1 : 0)) refused_until_ = patience.due();
  note_host_failure(ending);
  items_.clear();
  slots_.hold(slot.target, patience.due());
  script_.begin(slot);
  if (slots_.size() > 1) slot_.reset();  // Others may go on meanwhile (H7).
}

/// Three targets in a row that met a 5xx: it is the host, and all leave it alone for a while (H7).
void Poller::note_host_failure(const Ending& ending) {
  if (ending.why != Ending::Why::kStatus || ending.status < 500) return;
  if (failing_target_ != slot_->target) ++hosts_failures_;
  failing_target_ = slot_->target;
  if (hosts_failures_ < 3) return;
  hosts_failures_ = 0;
  const std::string& origin = patience(slot_->target).origin();
  http::HostGate::shared().hold(origin, http::steady_now() + settings_.retry.max);
  ctx_.warn(origin + ": three places in a row met server errors; waiting for " +
            http::duration_text(settings_.retry.max));
}

/// Nothing failed, and still it was not whole in time: only another schedule helps.
void Poller::warn_if_slow() {
  const auto found = tried_.find(slots_.name(slot_->target));
  const bool has_failed = found != tried_.end() && found->second.slot == slot_->number;
  if (has_failed) return;
  const http::Patience& patience = this->patience(slot_->target);
  ctx_.warn(patience.printable() + ": not all was here before the next interval began; if this " +
            "happens again, \"every\" (" + http::duration_text(slots_.options().every) +
            ") or \"rate\" is too small for it");
}

/// The next slot has begun before this one was answered.
bool Poller::give_up_if_over(emitter& out) {
  if (!slots_.is_over(*slot_, http::wall_now())) return false;
  warn_if_slow();
  exchange_.close();
  items_.clear();
  Tried& tried = this->tried(*slot_);
  if (!tried.why.empty()) {  // D13: a body that stays damaged is an error, not a gap.
    items_.push_back({.value = std::move(tried.damaged), .broken_why = tried.why});
    finish_slot();
    return true;
  }
  tried_.erase(slots_.name(slot_->target));
  lost(slot_->target, slot_->number, slot_->number + 1, "bad_response", out);
  slots_.done(*slot_);
  slot_.reset();
  return true;
}

/// The slot is whole: its records wait for their polls.
void Poller::finish_slot() {
  const TargetState& state = slots_.state(slot_->target);
  hashes_ = {0};
  for (const Item& item : items_) {
    hashes_.push_back(hashes_.back() * kSpread + text::stable_hash(item.value));
  }
  if (within_ && within_->target == slots_.name(slot_->target)) resume_inside();
  uint64_t position = slots_.position(*slot_) + base_;
  for (Item& item : items_) {
    item.partition = state.partition;
    item.position = position++;
    counts_.broken += !item.broken_why.empty();
    pending_.add(std::move(item));
  }
  items_.clear();
  pending_.drop_front(put_out_ - base_);
  tried_.erase(slots_.name(slot_->target));
  is_putting_out_ = true;
  if (pending_.empty()) after_put_out(0);
}

/// Some records of this slot are out since an earlier run. If the service begins with others now,
/// nothing can be told by counting: all are put out, behind those.
void Poller::resume_inside() {
  const size_t known = within_->records - within_->base;
  const bool is_same =
      known < hashes_.size() && (!within_->hash || *within_->hash == hashes_[known]);
  put_out_ = within_->records;
  base_ = is_same ? within_->base : within_->records;
  within_.reset();
}

void Poller::after_put_out(size_t count) {
  put_out_ += count;
  if (!pending_.empty()) return;
  is_putting_out_ = false;
  TargetState& state = slots_.state(slot_->target);
  if (!not_modified_) {
    state.etag = etag_;
    state.modified = modified_;
  }
  slots_.done(*slot_, put_out_);
  script_.put_out(*slot_);
  slot_.reset();
  put_out_ = base_ = 0;
  ++counts_.slots;
}

void Poller::lost(size_t target, int64_t first, int64_t behind, const char* reason, emitter& out) {
  ++counts_.gaps;
  const uint64_t from = slots_.position({target, first});
  out.lost({.partition = slots_.state(target).partition,
            .from_us = slots_.begin({target, first}).count(),
            .to_us = slots_.begin({target, behind}).count(),
            .from_position = from,
            .to_position = from + 1,
            .reason = reason});
}

void Poller::put_out_told(emitter& out) {
  for (const auto& [reason, from, to] : std::exchange(told_, {})) {
    ++counts_.gaps;
    out.lost({.from_us = from.count(), .to_us = to.count(), .estimated = true, .reason = reason});
  }
}

void Poller::wait(Micros at_most) {
  if (at_most.count() > 0) exchange_.pause(at_most);
}

void Poller::retarget(const std::vector<std::string>& names) {
  const std::string current = slot_ ? slots_.name(slot_->target) : "";
  slots_.set_targets(names, http::wall_now());
  failing_target_.reset();
  if (!slot_) return;
  const auto place = std::find(names.begin(), names.end(), current);
  if (place != names.end()) {  // Under way: it goes on, wherever it stands now.
    slot_->target = static_cast<size_t>(place - names.begin());
    return;
  }
  exchange_.close();
  items_.clear();
  pending_.clear();
  is_putting_out_ = false;
  put_out_ = base_ = 0;
  slot_.reset();
}

void Poller::cancel() noexcept {
  cancelled_ = true;
  exchange_.wake();
}

void Poller::close() { exchange_.close(); }

}  // namespace millrace::poll
