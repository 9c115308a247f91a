// Rows on a live page: a small HTTP server whose `/events` is a stream of server-sent events. A
// view: nothing is promised about what a reader saw.

#include <memory>
#include <millrace/plugin.hpp>

#include "common/feed/metrics.h"
#include "page.h"
#include "settings.h"
#include "sink_sse_schema.h"

namespace millrace::sse_sink {
namespace {

class SseSink final : public sink {
 public:
  static constexpr auto info =
      describe("org.millrace.sse", "1.0.0", "Apache-2.0",
               "Shows rows on a live page, as server-sent events.", schema::sink_sse,
               title{"Live page"}, status::beta, trust::untrusted_input);

  static void validate(const context&, const config& cfg) { Settings settings(cfg); }

  SseSink(const context& ctx, const config& cfg) : ctx_(ctx), settings_(cfg), metrics_(ctx) {}

  void open(const opening&) override {
    // Kept over a restart in process, so that readers see nothing of it.
    if (!server_) {
      server_ = std::make_unique<feed::Server>(
          ctx_, settings_.server, feed::Board(settings_.history, feed::new_tag()),
          [](const feed::Board&) { return std::string(kPage); });
    }
    server_->start();
  }

  void write(batch_view rows, emitter&) override {
    server_->change([&](feed::Board& board) {
      for (uint32_t i = 0; i < rows.size(); ++i)
        board.add(rows.value(i).data() ? rows.value(i) : "null");
    });
    metrics_.publish(server_->readers(), server_->cut());
  }

  void close() override {
    if (server_) server_->stop();
  }

 private:
  context ctx_;
  Settings settings_;
  feed::ReaderMetrics metrics_;
  std::unique_ptr<feed::Server> server_;
};

}  // namespace
}  // namespace millrace::sse_sink

MILLRACE_PLUGIN(millrace::sse_sink::SseSink)
