// Rows as the body of requests. Each request carries a key made of pipeline, commit and row, so
// that a receiver which keeps keys takes every row once; README.md says what is promised without
// that.

#include <strings.h>

#include <atomic>
#include <millrace/plugin.hpp>

#include "common/http/exchange.h"
#include "common/http/host_gate.h"
#include "common/http/patience.h"
#include "common/http/url.h"
#include "sink_http/settings.h"
#include "sink_http/upload.h"
#include "sink_http_schema.h"

namespace millrace::http_sink {
namespace {

using http::Micros;

class HttpSink final : public sink {
 public:
  static constexpr auto info =
      describe("org.millrace.http", "1.0.0", "Apache-2.0",
               "Sends rows to an HTTP service, in batches, with a key that tells a repeated one.",
               schema::sink_http, title{"HTTP requests"}, status::beta, trust::untrusted_input,
               cap::idempotent);

  static void validate(const context& ctx, const config& cfg) { Settings(ctx, cfg).check(); }

  HttpSink(const context& ctx, const config& cfg)
      : ctx_(ctx),
        settings_(ctx, cfg),
        upload_(settings_),
        exchange_(settings_.http),
        requests_(ctx.make_counter("requests", "Requests sent to the service")),
        refused_(ctx.make_counter("retries", "Requests that were not taken")) {}

  void open(const opening&) override {
    settings_.check();
    http::warn_of_insecurity(ctx_, settings_.http);
    cancelled_ = false;
    upload_.clear();
  }

  void write(batch_view rows, emitter&) override {
    for (uint32_t i = 0; i < rows.size(); ++i) {
      const std::string_view row = rows.value(i);
      if (!upload_.empty() && !upload_.fits(row)) send();
      upload_.add(row, key_of(rows, i));
    }
    if (!upload_.fits("")) send();
  }

  /// All rows so far are with the service before the commit holds.
  std::string prepare(uint64_t) override {
    if (!upload_.empty()) send();
    return "";
  }

  void abort(uint64_t) override { upload_.clear(); }

  void cancel() noexcept override {
    cancelled_ = true;
    exchange_.wake();
  }

  void close() override { exchange_.close(); }

 private:
  static std::string key_of(batch_view rows, uint32_t i) {
    if (rows.epoch() == 0) return "";
    return std::string(rows.pipeline()) + "/" + std::to_string(rows.epoch()) + "/" +
           std::to_string(rows.first_row() + i);
  }

  http::Request request() const {
    http::Request request{settings_.url, {}, settings_.method};
    request.needs_body = true;
    const auto has = [&](std::string_view name) {
      for (const http::Header& header : settings_.http.headers) {
        if (header.name.size() == name.size() && strcasecmp(header.name.c_str(), name.data()) == 0)
          return true;
      }
      return false;
    };
    if (!has("Content-Type")) {
      const char* type = settings_.is_array ? "application/json" : "application/x-ndjson";
      request.headers.push_back({"Content-Type", type});
    }
    if (!upload_.key().empty()) {
      request.headers.push_back({settings_.idempotency_header, upload_.key()});
    }
    request.body = std::make_shared<const std::string>(upload_.body());
    return request;
  }

  /// One attempt: whoever calls comes again after `retriable`, with the same rows.
  void send() {
    wait_for_host();
    requests_.add(1);
    exchange_.start(request());
    auto step = http::Exchange::Step::kBusy;
    while (step == http::Exchange::Step::kBusy) {
      if (cancelled_) throw cancelled();
      step = exchange_.step(std::chrono::seconds(1));
    }
    if (step == http::Exchange::Step::kAnswer) return upload_.clear();
    refused_.add(1);
    upload_.clear();
    fail(exchange_.ending());
  }

  /// Another request to this host was told to wait (H4).
  void wait_for_host() {
    const auto url = http::parse_url(settings_.url);
    const Micros wait = http::HostGate::shared().open_at(url->origin()) - http::steady_now();
    if (wait.count() > 0) throw retriable("the service asked to wait", ms_of(wait));
  }

  static uint32_t ms_of(Micros wait) {
    return static_cast<uint32_t>(std::min<int64_t>(wait.count() / 1000 + 1, 3'600'000));
  }

  [[noreturn]] void fail(const http::Ending& ending) {
    const auto url = http::parse_url(settings_.url);
    const std::string text =
        url->printable() + ": " + ending.text + http::usual_remedy(ending, "\"headers\"");
    const std::string size = ending.status == 413 ? "; make \"batch\" smaller" : "";
    if (ending.retry_after) {
      http::HostGate::shared().hold(url->origin(), http::steady_now() + ending.retry_after->wait);
    }
    const bool is_status = ending.why == http::Ending::Why::kStatus;
    const auto status = http::class_of_status(ending.status);
    const bool may_pass = !is_status || status == http::StatusClass::kRetry;
    if (ending.fault == http::Fault::kTls || !may_pass) {
      throw fatal(text + size + "; the rows are kept: mend it and run again");
    }
    throw retriable(text, ending.retry_after ? ms_of(ending.retry_after->wait) : 0);
  }

  context ctx_;
  Settings settings_;
  Upload upload_;
  http::Exchange exchange_;
  counter requests_, refused_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace
}  // namespace millrace::http_sink

MILLRACE_PLUGIN(millrace::http_sink::HttpSink)
