#include "page.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <map>

#include "common/local_file/local_file.h"
#include "common/text/time_text.h"
#include "history.h"

namespace millrace::page_sink {
namespace {

constexpr auto kFileEvery = std::chrono::seconds(10);
constexpr size_t kEventBytes = 64 << 10;
constexpr const char* kReload = "reload";

std::string now_text() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  std::string text = text::time_text(ms);
  text[10] = ' ';
  return text.substr(0, 19) + " UTC";
}

}  // namespace

std::shared_ptr<Page> Page::join(const context& ctx, const Settings& settings) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<Page>> pages;
  const std::lock_guard lock(mutex);
  std::weak_ptr<Page>& known = pages[settings.address ? settings.listen : settings.file];
  std::shared_ptr<Page> page = known.lock();
  if (!page) known = page = std::make_shared<Page>(ctx, settings);
  return page;
}

Page::Page(const context& ctx, const Settings& settings) {
  document_.title = "Millrace";
  if (!settings.address) return;
  feed::ServerOptions options;
  options.address = *settings.address;
  options.stale_event = std::string("event: ") + kReload + "\ndata:\n\n";
  options.policy = kPolicy;
  server_ = std::make_unique<feed::Server>(
      ctx, std::move(options), feed::Board(0, feed::new_tag()), [this](const feed::Board& board) {
        return html_of(document(board.id_text(board.next_id() - 1)));
      });
  server_->start();
}

/// Board first, then the rest: whoever makes the page holds the board already.
void Page::change(const std::function<void(feed::Board*)>& with) {
  const auto locked = [&](feed::Board* board) {
    const std::lock_guard lock(mutex_);
    with(board);
  };
  if (server_)
    server_->change([&](feed::Board& board) { locked(&board); });
  else
    locked(nullptr);
}

Document Page::document(const std::string& feed) {
  const std::lock_guard lock(mutex_);
  Document copy = document_;
  copy.made = now_text();
  copy.feed = feed;
  return copy;
}

size_t Page::enter(const Settings& settings, std::string history) {
  size_t part = 0;
  change([&](feed::Board* board) {
    if (!settings.file.empty() && !file_.empty() && settings.file != file_) {
      throw config_error("file: sinks that listen at " + settings.listen +
                         " share one page, and another one writes it to " + file_);
    }
    if (!settings.file.empty()) file_ = settings.file;
    if (!settings.title.empty()) document_.title = settings.title;
    part = document_.sections.size();
    document_.sections.push_back({settings.charts, std::move(history)});
    ++parts_open_;
    if (board) board->add("", kReload);
  });
  return part;
}

void Page::publish(size_t part, std::string_view rows, std::string history) {
  change([&](feed::Board* board) {
    document_.sections[part].history = std::move(history);
    if (!board) return;
    const std::string name = "rows-" + std::to_string(part);
    in_pieces(rows, kEventBytes, [&](std::string_view piece) { board->add(piece, name); });
  });
  const std::unique_lock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (file_.empty() || now < file_due_) return;
  const bool is_first = file_due_ == std::chrono::steady_clock::time_point();
  file_due_ = now + kFileEvery;
  if (!is_first) write_file();
}

void Page::leave(const context& ctx) {
  {
    const std::lock_guard lock(mutex_);
    if (--parts_open_ > 0) return;
    if (!file_.empty()) {
      write_file();
      ctx.info("the page is in " + file_);
    }
  }
  if (server_) server_->stop();
}

void Page::write_file() {
  Document copy = document_;
  copy.made = now_text();
  const std::string part = file_ + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out << html_of(copy);
  out.close();
  if (!out || std::rename(part.c_str(), file_.c_str()) != 0)
    throw fatal("cannot write the page " + file_ + ": " + local_file::reason(errno));
}

}  // namespace millrace::page_sink
