// Any JSON service that is asked on a schedule: pages, a pointer to the records, what is new since
// the last time. README.md says what can be lost or repeated.

#include <millrace/plugin.hpp>

#include "common/auth/authorizer.h"
#include "common/poll/metrics.h"
#include "source_http/pages.h"
#include "source_http/settings.h"
#include "source_http_schema.h"

namespace millrace::http_source {
namespace {

std::string remedy(const http::Ending& ending) {
  return http::usual_remedy(ending, "\"auth\" and \"headers\"");
}

poll::PollOptions poll_options(const Settings& settings) {
  poll::PollOptions options = settings.poll;
  options.remedy = remedy;
  return options;
}

class HttpSource final : public source {
 public:
  static constexpr auto info = describe(
      "org.millrace.http", "1.0.0", "Apache-2.0",
      "Records of any HTTP service that is asked on a schedule: pages, cursors, credentials.",
      schema::source_http, title{"HTTP polling"}, status::beta, trust::untrusted_input);

  static void validate(const context& ctx, const config& cfg) { Settings(ctx, cfg).check(); }

  HttpSource(const context& ctx, const config& cfg)
      : ctx_(ctx),
        settings_(ctx, cfg),
        pages_(settings_),
        authorizer_(settings_.auth, pages_),
        poller_(ctx, settings_.http, poll_options(settings_), authorizer_),
        metrics_(ctx) {}

  traits source_traits() const override { return {.bounded = false, .replay = replay::none}; }

  void open(const opening& how) override {
    settings_.check();
    http::warn_of_insecurity(ctx_, settings_.http);
    poller_.open({settings_.url}, how.fresh ? std::string_view() : how.state);
    pages_.restore_since(poller_.more());
  }

  flow poll(const budget& b, emitter& out) override {
    const poll::Metrics::Publishing publishing(metrics_, poller_);
    return poller_.poll(b, out);
  }

  std::string snapshot(uint64_t) override { return poller_.snapshot(pages_.since_json()); }
  void cancel() noexcept override { poller_.cancel(); }
  void close() override { poller_.close(); }

 private:
  context ctx_;
  Settings settings_;
  Pages pages_;
  auth::Authorizer authorizer_;
  poll::Poller poller_;
  poll::Metrics metrics_;
};

}  // namespace
}  // namespace millrace::http_source

MILLRACE_PLUGIN(millrace::http_source::HttpSource)
