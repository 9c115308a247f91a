// Weather of a list of places, from Dark Sky's API and its living successor Pirate Weather. The
// rules DS1-DS12 are in plugins/RULES.md; README.md says what can be lost or repeated.

#include <millrace/plugin.hpp>

#include "common/poll/metrics.h"
#include "source_darksky/forecast.h"
#include "source_darksky/settings.h"
#include "source_darksky_schema.h"

namespace millrace::darksky {
namespace {

std::string remedy(const http::Ending& ending) {
  return http::usual_remedy(
      ending, "\"api_key\" (a fresh key works after up to 20 minutes) and \"key_in\"");
}

poll::PollOptions poll_options(const Settings& settings) {
  poll::PollOptions options = settings.poll;
  options.remedy = remedy;
  return options;
}

class DarkSky final : public source {
 public:
  static constexpr auto info =
      describe("org.millrace.darksky", "1.0.0", "Apache-2.0",
               "Weather and forecasts of a list of places: Pirate Weather, and anything else that "
               "speaks Dark Sky's API.",
               schema::source_darksky, title{"Dark Sky and Pirate Weather"}, status::beta,
               trust::untrusted_input);

  static void validate(const context& ctx, const config& cfg) { Settings(ctx, cfg).check(); }

  DarkSky(const context& ctx, const config& cfg)
      : ctx_(ctx),
        settings_(ctx, cfg),
        forecast_(ctx, settings_),
        poller_(ctx, settings_.http, poll_options(settings_), forecast_),
        metrics_(ctx),
        left_(ctx.make_gauge("budget_left", "Calls that the service says are left")) {
    forecast_.set_poller(poller_);
  }

  traits source_traits() const override {
    const bool asks_the_past = settings_.poll.slots.catch_up;
    return {.bounded = settings_.poll.slots.to.has_value(),
            .replay = asks_the_past ? replay::window : replay::none};
  }

  void open(const opening& how) override {
    settings_.check();
    http::warn_of_insecurity(ctx_, settings_.http);
    warn_of_rate();
    std::vector<std::string> names;
    for (const Target& target : settings_.targets) names.push_back(target.name);
    poller_.open(names, how.fresh ? std::string_view() : how.state);
  }

  flow poll(const budget& b, emitter& out) override {
    const poll::Metrics::Publishing publishing(metrics_, poller_);
    const flow answer = poller_.poll(b, out);
    if (forecast_.budget_left() >= 0) left_.set(forecast_.budget_left());
    return answer;
  }

  std::string snapshot(uint64_t) override { return poller_.snapshot(); }
  void cancel() noexcept override { poller_.cancel(); }
  void close() override { poller_.close(); }

 private:
  /// The quota is refused before the start; whether the pace suffices depends on the answers, too.
  void warn_of_rate() const {
    const double every_s = static_cast<double>(settings_.poll.slots.every.count()) / 1e6;
    const double wanted = static_cast<double>(settings_.targets.size()) / every_s;
    if (settings_.poll.slots.catch_up || wanted <= settings_.poll.rate.per_second) return;
    ctx_.warn(
        std::to_string(settings_.targets.size()) + " places every " +
        http::duration_text(settings_.poll.slots.every) +
        " are more requests per second than \"rate\" allows: some will be missed, told as gaps");
  }

  context ctx_;
  Settings settings_;
  Forecast forecast_;
  poll::Poller poller_;
  poll::Metrics metrics_;
  gauge left_;
};

}  // namespace
}  // namespace millrace::darksky

MILLRACE_PLUGIN(millrace::darksky::DarkSky)
