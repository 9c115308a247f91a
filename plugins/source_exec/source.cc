// The lines that a program writes, with acknowledgements if it wants them: a source in any
// language.

#include <memory>
#include <millrace/plugin.hpp>
#include <mutex>

#include "common/http/backoff.h"
#include "common/json/record_fields.h"
#include "source_exec/child.h"
#include "source_exec/settings.h"
#include "source_exec_schema.h"

namespace millrace::exec {
namespace {

using http::steady_now;

class Exec final : public source {
 public:
  static constexpr auto info =
      describe("org.millrace.exec", "1.0.0", "Apache-2.0",
               "The lines that a program writes: a source in any language.", schema::source_exec,
               title{"A program's lines"}, status::beta, trust::own_input);

  static void validate(const context&, const config& cfg) { Settings settings(cfg); }

  Exec(const context& ctx, const config& cfg)
      : ctx_(ctx),
        settings_(cfg),
        fields_(settings_.key, {}),
        backoff_(settings_.retry, http::system_random()),
        starts_(ctx.make_counter("starts", "How often the program was started")),
        failures_(ctx.make_counter("failures", "How often it ended badly")),
        errors_(ctx.make_counter("error_lines", "Lines of its standard error")) {}

  traits source_traits() const override {
    return {.bounded = !settings_.restarts,
            .replay = settings_.replays_exactly ? replay::exact : replay::none};
  }

  void open(const opening& how) override {
    seq_ = 0;
    ended_ = false;
    due_ = http::Micros(0);
    if (how.state.data() && !how.fresh) restore(how.state);
    const std::lock_guard lock(child_mutex_);
    child_ = std::make_unique<Child>(settings_.line_max);
  }

  flow poll(const budget& b, emitter& out) override {
    while (out.records() < b.max_records && out.bytes() < b.max_bytes) {
      if (ctx_.cancelled()) throw cancelled();
      if (ended_) return flow::end;
      const http::Micros left = out.records() > 0 ? http::Micros(0) : b.left();
      if (!child_->is_running() && !start(left)) return flow::idle;
      switch (child_->next(left)) {
        case Child::Got::kLine: emit(out); break;
        case Child::Got::kError:
          errors_.add(1);
          ctx_.warn(settings_.command[0] + ": " + std::string(child_->line().substr(0, 500)));
          break;
        case Child::Got::kTooLong:
          out.reject_bytes({.bytes = child_->line(), .position = ++seq_},
                           "a line larger than max_line");
          break;
        case Child::Got::kNothing: return out.records() > 0 ? flow::ok : flow::idle;
        case Child::Got::kEnd: finished(); break;
      }
    }
    return flow::more;
  }

  std::string snapshot(uint64_t) override {
    return "{\"v\":1,\"lines\":" + std::to_string(seq_) + "}";
  }

  /// The commit holds: the program may forget these lines.
  void ack(const acknowledged& a) override {
    if (!settings_.has_acks || a.positions.empty() || !child_) return;
    child_->send("{\"ack\":" + std::to_string(a.positions.back()) + "}");
  }

  void cancel() noexcept override {
    const std::lock_guard lock(child_mutex_);
    if (child_) child_->wake();
  }

  void close() override {
    if (child_) child_->stop(settings_.stop_timeout);
    const std::lock_guard lock(child_mutex_);
    child_.reset();
  }

 private:
  /// False: not yet.
  bool start(http::Micros left) {
    const http::Micros wait = due_ - steady_now();
    if (wait.count() > 0) {
      child_->pause(std::min(wait, left));
      return false;
    }
    auto environment = settings_.environment;
    environment.emplace_back("MILLRACE_LINES", std::to_string(seq_));
    const std::string fault = child_->start(settings_.command, settings_.folder, environment);
    started_ = steady_now();
    if (!fault.empty()) {
      ended_badly(fault);
      return false;
    }
    starts_.add(1);
    if (settings_.has_acks) child_->send("{\"resume\":" + std::to_string(seq_) + "}");
    return true;
  }

  void finished() {
    const http::Micros now = steady_now();
    if (now - started_ >= settings_.retry.reset_after) backoff_.healthy(started_);
    if (child_->exit_code() != 0) return ended_badly(child_->exit_text());
    if (settings_.restarts) {
      again(child_->exit_text(), settings_.retry.initial);
    } else {
      ended_ = true;
    }
  }

  void ended_badly(const std::string& how) {
    failures_.add(1);
    if (!settings_.restarts && ++failures_in_a_row_ >= 5)
      throw fatal(settings_.command[0] + ": " + how + ", five times in a row");
    again(how, backoff_.after_failure(steady_now()));
  }

  void again(const std::string& why, http::Micros wait) {
    due_ = steady_now() + wait;
    ctx_.warn(settings_.command[0] + ": " + why + "; starting it again in " +
              http::duration_text(wait));
  }

  void emit(emitter& out) {
    failures_in_a_row_ = 0;
    const std::string_view line = child_->line();
    record r{.value = line, .position = ++seq_};
    std::optional<std::string> key;
    if (!settings_.key.empty() && fields_.read(line) && (key = fields_.key())) r.key = *key;
    out.append(r);
  }

  void restore(std::string_view state) {
    std::optional<int64_t> version, lines;
    const bool whole =
        json::JsonReader().members(state, [&](std::string_view key, std::string_view raw) {
          if (key == "v") version = json::integer_of(raw);
          if (key == "lines") lines = json::integer_of(raw);
        });
    if (!whole || version != 1 || !lines) {
      throw fatal("the stored position is not one of this plugin: start with --fresh");
    }
    seq_ = static_cast<uint64_t>(*lines);
  }

  context ctx_;
  Settings settings_;
  json::RecordFields fields_;
  http::Backoff backoff_;
  counter starts_, failures_, errors_;
  uint64_t seq_ = 0;
  uint32_t failures_in_a_row_ = 0;
  bool ended_ = false;
  http::Micros due_{0}, started_{0};
  std::mutex child_mutex_;  ///< Guards the pointer against cancel(); polls need no lock.
  std::unique_ptr<Child> child_;
};

}  // namespace
}  // namespace millrace::exec

MILLRACE_PLUGIN(millrace::exec::Exec)
