#pragma once

/// Serves a Board: `/events` is the stream, `/` a page that shows it. HTTP/1.1, one thread, no
/// keep-alive but for streams. A reader that is too far behind is cut, and comes back by itself.
/// Threads: start(), stop() by one; change(), readers() and cut() by any.

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <millrace/plugin.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "common/feed/address.h"
#include "common/feed/board.h"

namespace millrace::feed {

struct ServerOptions {
  Address address;
  uint64_t clients_max = 100;
  std::string allow_origin;  ///< Empty: only our own pages may read the stream.
  std::chrono::microseconds keep_alive = std::chrono::seconds(15);
  /// Sent to a reader that comes back with an id that is not here any more; empty: it gets history.
  std::string stale_event;
  std::string policy;  ///< Content-Security-Policy of the page.
};

class Server {
 public:
  /// `page` makes what `/` shows. It is called by the server's thread while the board stands still.
  using PageText = std::function<std::string(const Board&)>;

  Server(const context& ctx, ServerOptions options, Board board, PageText page);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Throws retriable: the address is taken.
  void start();
  void stop();
  /// Runs `with` while the board is the caller's alone, then lets readers have what was added.
  void change(const std::function<void(Board&)>& with);

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
  void begin_stream(Client& client, std::string_view head, std::string_view query);
  bool write_some(Client& client);
  void feed(Client& client);
  void wake();

  context ctx_;
  const ServerOptions options_;
  const PageText page_;
  int listener_ = -1, wake_ = -1;
  uint16_t port_ = 0;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> readers_{0}, cut_{0};
  std::mutex mutex_;
  Board board_;  // Guarded by mutex_.
  std::list<Client> clients_;
};

}  // namespace millrace::feed
