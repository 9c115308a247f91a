// A source to copy: counts from 1 to `records`, one JSON object each, and can resume anywhere.

#include <millrace/plugin.hpp>

#include "source_counter_schema.h"

namespace {

using namespace millrace;

struct Settings {
  explicit Settings(const config& cfg)
      : records(static_cast<uint64_t>(cfg.i64("records", 10))), text(cfg.str("text", "n")) {}
  uint64_t records;
  std::string text;
};

class Counter final : public source {
 public:
  static constexpr auto info = describe(
      "org.example.counter", "1.0.0", "Apache-2.0", "Counts upwards and ends. A plugin to copy.",
      schema::source_counter, title{"Counter"}, status::draft, trust::untrusted_input);

  Counter(const context& ctx, const config& cfg)
      : settings_(cfg), counted_(ctx.make_counter("counted", "Numbers that were counted")) {}

  traits source_traits() const override { return {.bounded = true, .replay = replay::exact}; }

  void open(const opening& how) override {
    last_ = 0;
    if (how.state.size() == sizeof last_) std::memcpy(&last_, how.state.data(), sizeof last_);
  }

  flow poll(const budget& b, emitter& out) override {
    while (last_ < settings_.records && out.records() < b.max_records &&
           out.bytes() < b.max_bytes) {
      const std::string value = "{\"" + settings_.text + "\":" + std::to_string(last_ + 1) + "}";
      out.append({.value = value, .position = ++last_});
    }
    counted_.add(out.records());
    return last_ < settings_.records ? flow::more : flow::end;
  }

  // Where to resume: after the last record that poll put out.
  std::string snapshot(uint64_t) override {
    return {reinterpret_cast<const char*>(&last_), sizeof last_};
  }

  void seek(uint32_t, uint64_t position) override { last_ = position; }

 private:
  Settings settings_;
  counter counted_;
  uint64_t last_ = 0;
};

}  // namespace

MILLRACE_PLUGIN(Counter)
