#pragma once

/// A connection to PostgreSQL that throws: retriable for what a server may recover from (gone,
/// starting, out of resources, deadlock), fatal for the rest, with the server's own words. Threads:
/// one at a time, cancel() from any.

#include <libpq-fe.h>

#include <memory>
#include <millrace/plugin.hpp>
#include <mutex>
#include <string>
#include <vector>

namespace millrace::postgres_sink {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Rows = std::unique_ptr<PGresult, ClearResult>;

class Connection {
 public:
  /// Connects within 10 s, unless `url` says otherwise.
  explicit Connection(const std::string& url);
  ~Connection();
  Connection(const Connection&) = delete;

  /// One statement with text parameters $1, $2…
  Rows run(const std::string& sql, const std::vector<std::string>& parameters = {});
  /// `COPY … FROM STDIN`; `data` is the whole stream.
  void copy_in(const std::string& sql, const std::string& data);
  /// A quoted identifier.
  std::string name(const std::string& text) const;
  /// Ends the statement under way.
  void cancel();

 private:
  Rows judge(PGresult* result, ExecStatusType wanted);
  [[noreturn]] void fail(const char* sqlstate, const std::string& text) const;

  PGconn* connection_;
  std::mutex cancel_mutex_;
  PGcancel* cancel_ = nullptr;  // Guarded by cancel_mutex_.
};

}  // namespace millrace::postgres_sink
