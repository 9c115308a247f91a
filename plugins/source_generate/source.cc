// Test data, made from a seed: record n is a pure function of the configuration and n, so replay is
// exact and two machines make the same.

#include <condition_variable>
#include <cstring>
#include <millrace/plugin.hpp>
#include <mutex>

#include "common/json/record_fields.h"
#include "source_generate/dice.h"
#include "source_generate/settings.h"
#include "source_generate_schema.h"

namespace millrace::generate {
namespace {

using Micros = std::chrono::microseconds;

class Generate final : public source {
 public:
  static constexpr auto info = describe("org.millrace.generate", "1.0.0", "Apache-2.0",
                                        "Test data made from a seed: the same records on every "
                                        "machine, as many and as fast as wanted.",
                                        schema::source_generate, title{"Generated test data"},
                                        status::beta, trust::own_input);

  static void validate(const context&, const config& cfg) { Settings settings(cfg); }

  Generate(const context& ctx, const config& cfg)
      : settings_(cfg),
        fields_(settings_.key, {}),
        made_(ctx.make_counter("generated", "Records that were made")) {}

  traits source_traits() const override {
    return {.bounded = settings_.records > 0, .replay = replay::exact};
  }

  void open(const opening& how) override {
    next_ = 0;
    if (how.state.data() && !how.fresh) {
      const bool is_ours = how.state.size() == sizeof next_;
      if (!is_ours)
        throw fatal("the stored position is not one of this plugin: start with --fresh");
      std::memcpy(&next_, how.state.data(), sizeof next_);
    }
    const std::lock_guard lock(mutex_);
    cancelled_ = false;
    begun_ = now();
    begun_at_ = next_;
  }

  flow poll(const budget& b, emitter& out) override {
    if (!b.has_credit(0)) return flow::idle;
    const uint64_t due = due_now();
    std::string value;
    while (next_ < due && out.records() < b.max_records && out.bytes() < b.max_bytes) {
      emit(value, out);
    }
    made_.add(out.records());
    if (settings_.records > 0 && next_ >= settings_.records) return flow::end;
    if (next_ < due) return flow::more;
    if (out.records() == 0) wait_until(Micros(b.deadline_us));
    return flow::idle;
  }

  std::string snapshot(uint64_t) override {
    return {reinterpret_cast<const char*>(&next_), sizeof next_};
  }
  void seek(uint32_t, uint64_t position) override { next_ = position; }

  void cancel() noexcept override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }

 private:
  static Micros now() {
    return std::chrono::duration_cast<Micros>(std::chrono::steady_clock::now().time_since_epoch());
  }

  /// The record behind the last that may be out by now. The first of an opening is always due.
  uint64_t due_now() const {
    uint64_t due = UINT64_MAX;
    if (settings_.rate > 0) {
      const double passed_s = static_cast<double>((now() - begun_).count()) / 1e6;
      due = begun_at_ + 1 + static_cast<uint64_t>(passed_s * settings_.rate);
    }
    return settings_.records > 0 ? std::min(due, settings_.records) : due;
  }

  void wait_until(Micros deadline) {
    const double wanted_s = static_cast<double>(next_ - begun_at_) / settings_.rate;
    const Micros due = begun_ + Micros(static_cast<int64_t>(wanted_s * 1e6));
    const Micros wait = std::min(due, deadline) - now();
    std::unique_lock lock(mutex_);
    if (wait.count() > 0) changed_.wait_for(lock, wait, [&] { return cancelled_; });
  }

  /// Event times rise by `interval`; `disorder` and `late` move single records back.
  int64_t time_of(uint64_t record) const {
    int64_t time = settings_.start_us + static_cast<int64_t>(record) * settings_.interval_us;
    Dice dice(settings_.seed, 0, record);
    const bool is_late = settings_.late_share > 0 && dice.fraction() < settings_.late_share;
    if (settings_.disorder_us > 0) {
      time -= static_cast<int64_t>(dice.below(static_cast<uint64_t>(settings_.disorder_us) + 1));
    }
    return is_late ? time - settings_.late_by_us : time;
  }

  void emit(std::string& value, emitter& out) {
    const Moment moment{settings_.seed, next_, time_of(next_)};
    value.clear();
    settings_.fields->write(moment, value);
    record r{.value = value, .time_us = moment.time_us, .position = ++next_};
    std::optional<std::string> key;
    if (!settings_.key.empty() && fields_.read(value) && (key = fields_.key())) r.key = *key;
    out.append(r);
  }

  Settings settings_;
  json::RecordFields fields_;
  counter made_;
  uint64_t next_ = 0;  ///< How many are out; the next record's number.
  Micros begun_{0};
  uint64_t begun_at_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;  // Guarded by mutex_.
};

}  // namespace
}  // namespace millrace::generate

MILLRACE_PLUGIN(millrace::generate::Generate)
