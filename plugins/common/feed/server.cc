#include "common/feed/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace millrace::feed {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kHeadMax = 16 << 10;
constexpr auto kHeadWait = std::chrono::seconds(10);
constexpr size_t kPiece = 64 << 10;

std::string answer_of(const char* status, const char* type, std::string_view body,
                      const std::string& more) {
  return std::string("HTTP/1.1 ") + status + "\r\nContent-Type: " + type +
         "\r\nConnection: close\r\n" + more + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

/// The value of a header field, blanks around it left away; empty: none.
std::string_view field_of(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    std::string_view value = line.substr(name.size() + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    return value;
  }
  return {};
}

}  // namespace

Server::Server(const context& ctx, ServerOptions options, Board board, PageText page)
    : ctx_(ctx), options_(std::move(options)), page_(std::move(page)), board_(std::move(board)) {}

Server::~Server() { stop(); }

void Server::start() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.address.port);
  inet_pton(AF_INET, options_.address.host.c_str(), &address.sin_addr);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 64) != 0) {
    const std::string why = strerror(errno);
    close(listener_);
    listener_ = -1;
    throw retriable("cannot listen on " + options_.address.host + ":" +
                    std::to_string(options_.address.port) + ": " + why);
  }
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  stopping_ = false;
  thread_ = std::thread([this] { run(); });
  ctx_.info("rows are shown at http://" + options_.address.host + ":" + std::to_string(port_) +
            "/");
}

void Server::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  wake();
  thread_.join();
  for (Client& client : clients_) close(client.fd);
  clients_.clear();
  readers_ = 0;
  close(listener_);
  close(wake_);
  listener_ = wake_ = -1;
}

void Server::change(const std::function<void(Board&)>& with) {
  {
    const std::lock_guard lock(mutex_);
    with(board_);
  }
  wake();
}

void Server::wake() {
  const uint64_t one = 1;
  if (wake_ >= 0 && write(wake_, &one, sizeof one) < 0) return;
}

void Server::run() {
  std::vector<pollfd> fds;
  while (!stopping_) {
    fds.assign({{listener_, POLLIN, 0}, {wake_, POLLIN, 0}});
    for (Client& client : clients_) {
      const short wants = static_cast<short>(POLLIN | (client.out.empty() ? 0 : POLLOUT));
      fds.push_back({client.fd, wants, 0});
    }
    ::poll(fds.data(), fds.size(), 500);
    uint64_t count = 0;
    while (fds[1].revents && read(wake_, &count, sizeof count) > 0) {
    }
    size_t at = 2;
    for (auto client = clients_.begin(); client != clients_.end();) {
      if (serve(*client, fds[at++].revents)) {
        ++client;
        continue;
      }
      close(client->fd);
      if (client->is_stream) --readers_;
      client = clients_.erase(client);
    }
    if (fds[0].revents) accept_all();
  }
}

void Server::accept_all() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (clients_.size() >= options_.clients_max) {
      const std::string full = answer_of("503 Service Unavailable", "text/plain",
                                         "too many readers\n", "Retry-After: 10\r\n");
      (void)!::send(fd, full.data(), full.size(), MSG_NOSIGNAL);
      close(fd);
      continue;
    }
    clients_.push_back({fd, "", "", 0, false, false, Clock::now()});
  }
}

/// False: it is over with this one.
bool Server::serve(Client& client, short events) {
  if (events & (POLLERR | POLLHUP | POLLNVAL)) return false;
  if ((events & POLLIN) && !read_request(client)) return false;
  if (client.is_stream) feed(client);
  if (!client.is_stream && !client.ends && Clock::now() - client.since > kHeadWait) return false;
  if (!write_some(client)) return false;
  return !(client.ends && client.out.empty());
}

bool Server::read_request(Client& client) {
  char bytes[4096];
  const ssize_t n = recv(client.fd, bytes, sizeof bytes, 0);
  if (n == 0) return false;
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (client.is_stream || client.ends) return true;  // Nothing more is wanted of it.
  client.in.append(bytes, static_cast<size_t>(n));
  const size_t end = client.in.find("\r\n\r\n");
  if (end == client.in.npos) return client.in.size() <= kHeadMax;
  answer(client, std::string_view(client.in).substr(0, end + 2));
  return true;
}

void Server::answer(Client& client, std::string_view head) {
  const bool is_get = head.starts_with("GET ");
  std::string_view target =
      is_get ? head.substr(4, head.find_first_of(" \r", 4) - 4) : std::string_view();
  const size_t mark = target.find('?');
  const std::string_view query = mark == target.npos ? "" : target.substr(mark + 1);
  target = target.substr(0, mark);
  if (target == "/events") return begin_stream(client, head, query);
  client.ends = true;
  if (target == "/") {
    const std::lock_guard lock(mutex_);
    client.out = answer_of(
        "200 OK", "text/html; charset=utf-8", page_(board_),
        "Cache-Control: no-store\r\nContent-Security-Policy: " + options_.policy + "\r\n");
  } else {
    client.out =
        is_get ? answer_of("404 Not Found", "text/plain", "/ and /events are here\n", "")
               : answer_of("405 Method Not Allowed", "text/plain", "GET only\n", "Allow: GET\r\n");
  }
}

void Server::begin_stream(Client& client, std::string_view head, std::string_view query) {
  const std::string origin = options_.allow_origin.empty()
                                 ? ""
                                 : "Access-Control-Allow-Origin: " + options_.allow_origin + "\r\n";
  client.out =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: "
      "no-cache\r\nX-Accel-Buffering: no\r\n" +
      origin + "Connection: close\r\n\r\n:ok\n\n";
  client.is_stream = true;
  ++readers_;
  // A page says what it holds in its first request; a browser that comes back says what it had
  // last.
  std::string_view last = field_of(head, "last-event-id");
  if (last.empty() && query.starts_with("after=")) last = query.substr(6);
  const std::lock_guard lock(mutex_);
  const auto next = last.empty() ? std::nullopt : board_.start_behind(last);
  const bool is_stale = !last.empty() && !next && !options_.stale_event.empty();
  if (is_stale) client.out += options_.stale_event;
  client.next = next ? *next : is_stale ? board_.next_id() : board_.start();
}

void Server::feed(Client& client) {
  const auto now = Clock::now();
  if (client.out.size() < kPiece) {
    const std::lock_guard lock(mutex_);
    client.out += board_.text_from(client.next, kPiece);
  }
  const bool is_quiet = client.out.empty() && options_.keep_alive.count() > 0 &&
                        now - client.since > options_.keep_alive;
  if (is_quiet) client.out = ":\n\n";
  if (!client.out.empty() && is_quiet) client.since = now;
}

bool Server::write_some(Client& client) {
  while (!client.out.empty()) {
    const ssize_t n = ::send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (n > 0) {
      client.out.erase(0, static_cast<size_t>(n));
      client.since = Clock::now();
      if (client.is_stream && client.out.empty()) feed(client);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      return false;
    }
  }
  // What waits for a reader that does not read: it is cut, and comes back with its last id.
  const bool is_stuck =
      !client.out.empty() && Clock::now() - client.since > std::chrono::seconds(30);
  if (is_stuck) ++cut_;
  return !is_stuck;
}

}  // namespace millrace::feed
