#pragma once

/// Serves a Board: `/events` is the stream, `/` a page that shows it. HTTP/1.1, one thread, no
/// keep-alive but for streams. A reader that is too far behind is cut, and comes back by itself.
/// Threads: start(), stop() by one; add(), drain() and readers() by any.

#include <atomic>
#include <list>
#include <millrace/plugin.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "board.h"
#include "settings.h"

namespace millrace::sse_sink {

class Server {
 public:
  Server(const context& ctx, const Settings& settings);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Throws retriable: the address is taken.
  void start();
  void stop();
  void add(std::string_view row);
  /// Readers shall get what was added now.
  void flush();

  uint64_t readers() const { return readers_; }
  uint64_t cut() const { return cut_; }
  uint16_t port() const { return port_; }

 private:
  struct Client {
    int fd;
    std::string in, out;
    uint64_t next = 0;  ///< Event id; streams only.
    bool is_stream = false, ends = false;
    std::chrono::steady_clock::time_point since;
  };
  void run();
  void accept_all();
  bool serve(Client& client, short events);
  bool read_request(Client& client);
  void answer(Client& client, std::string_view head);
  bool write_some(Client& client);
  void feed(Client& client);

  context ctx_;
  const Settings& settings_;
  int listener_ = -1, wake_ = -1;
  uint16_t port_ = 0;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> readers_{0}, cut_{0};
  std::mutex mutex_;
  Board board_;  // Guarded by mutex_.
  std::list<Client> clients_;
};

}  // namespace millrace::sse_sink
