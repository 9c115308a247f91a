// Rows as charts on a page. What a page shows is committed: a part's history is stored with each
// commit, so a page that is loaded again, or a run that goes on, begins with the same rows.

#include <memory>
#include <millrace/plugin.hpp>

#include "common/feed/metrics.h"
#include "history.h"
#include "page.h"
#include "settings.h"
#include "sink_page_schema.h"

namespace millrace::page_sink {
namespace {

class PageSink final : public sink {
 public:
  static constexpr auto info = describe(
      "org.millrace.page", "1.0.0", "Apache-2.0",
      "Shows rows as charts on a live page, and writes the same page as a file.", schema::sink_page,
      cap::two_phase, title{"Page of charts"}, status::beta, trust::untrusted_input);

  static void validate(const context&, const config& cfg) { Settings settings(cfg); }

  PageSink(const context& ctx, const config& cfg) : ctx_(ctx), settings_(cfg), metrics_(ctx) {}

  void open(const opening& how) override {
    history_ = how.fresh ? std::string() : std::string(how.state);
    auto page = Page::join(ctx_, settings_);
    part_ = page->enter(settings_, history_);
    page_ = std::move(page);  // Only who has entered leaves.
  }

  void write(batch_view rows, emitter&) override {
    for (uint32_t i = 0; i < rows.size(); ++i) {
      if (rows.value(i).data()) pending_.append(rows.value(i)) += '\n';
    }
  }

  /// The commit stores the history as it will be.
  std::string prepare(uint64_t) override {
    prepared_ += pending_;
    pending_.clear();
    return last_lines(history_, prepared_, settings_.history);
  }

  void commit(uint64_t) override {
    if (!prepared_.empty()) {
      history_ = last_lines(history_, prepared_, settings_.history);
      page_->publish(part_, prepared_, history_);
      prepared_.clear();
    }
    metrics_.publish(page_->readers(), page_->cut());
  }

  void abort(uint64_t) override { prepared_.clear(); }

  void close() override {
    pending_.clear();
    prepared_.clear();
    if (const auto page = std::exchange(page_, nullptr)) page->leave(ctx_);
  }

 private:
  context ctx_;
  Settings settings_;
  feed::ReaderMetrics metrics_;
  std::string history_;             ///< Of the last commit.
  std::string prepared_, pending_;  ///< Of the commit under way; behind it.
  std::shared_ptr<Page> page_;
  size_t part_ = 0;
};

}  // namespace
}  // namespace millrace::page_sink

MILLRACE_PLUGIN(millrace::page_sink::PageSink)
