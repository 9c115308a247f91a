#pragma once

/// A page that several sinks of this process share: those with the same `listen` (or, without a
/// server, the same `file`). It holds the last committed rows of each, serves them, and writes the
/// file. Threads: any.

#include <chrono>
#include <memory>
#include <millrace/plugin.hpp>
#include <mutex>
#include <string>
#include <string_view>

#include "common/feed/server.h"
#include "document.h"
#include "settings.h"

namespace millrace::page_sink {

class Page {
 public:
  /// The page of these settings, made if there is none. Throws retriable: the address is taken;
  /// config_error: another sink wants another file for the same page.
  static std::shared_ptr<Page> join(const context& ctx, const Settings& settings);
  Page(const context& ctx, const Settings& settings);

  /// Adds a part; returns its number.
  size_t enter(const Settings& settings, std::string history);
  /// `rows` are committed; with them the part's history is `history`.
  void publish(size_t part, std::string_view rows, std::string history);
  /// The last one to leave writes the file. Throws fatal: it cannot be written.
  void leave(const context& ctx);

  uint64_t readers() const { return server_ ? server_->readers() : 0; }
  uint64_t cut() const { return server_ ? server_->cut() : 0; }

 private:
  void change(const std::function<void(feed::Board*)>& with);
  Document document(const std::string& feed);
  void write_file();

  std::mutex mutex_;
  Document document_;  // Guarded by mutex_, as all below but the server.
  std::string file_;
  size_t parts_open_ = 0;
  std::chrono::steady_clock::time_point file_due_;
  std::unique_ptr<feed::Server> server_;  // Last: its thread reads the others.
};

}  // namespace millrace::page_sink
