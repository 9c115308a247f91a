#include "connection.h"

#include <algorithm>
#include <string_view>

namespace millrace::postgres_sink {
namespace {

/// libpq ends its messages with a line end.
std::string trimmed(const char* text) {
  std::string out = text ? text : "";
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

/// Classes and codes of SQLSTATE behind which a later try may succeed: connection, resources,
/// shutdown and start-up, serialisation, deadlock, lock not available, a standby.
bool may_recover(std::string_view sqlstate) {
  for (const std::string_view prefix : {"08", "53", "57P", "40001", "40P01", "55P03", "25006"}) {
    if (sqlstate.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

Connection::Connection(const std::string& url) {
  // Later values win, so what the URL says stands; a server that vanished is noticed in half a
  // minute.
  const char* const keys[] = {"connect_timeout", "tcp_user_timeout", "application_name", "dbname",
                              nullptr};
  const char* const values[] = {"10", "30000", "millrace", url.c_str(), nullptr};
  connection_ = PQconnectdbParams(keys, values, 1);
  if (!connection_) throw fatal("out of memory for a connection");
  if (PQstatus(connection_) != CONNECTION_OK) {
    const std::string text = trimmed(PQerrorMessage(connection_));
    PQfinish(connection_);
    // libpq gives no code here; a wrong password or name does not mend itself, but its text may be
    // in any language, so all of it is tried again.
    throw retriable("cannot connect to PostgreSQL: " + text);
  }
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  cancel_ = PQgetCancel(connection_);
}

Connection::~Connection() {
  {
    const std::lock_guard lock(cancel_mutex_);
    PQfreeCancel(cancel_);
    cancel_ = nullptr;
  }
  PQfinish(connection_);
}

void Connection::cancel() {
  const std::lock_guard lock(cancel_mutex_);
  char why[256];
  if (cancel_) (void)PQcancel(cancel_, why, sizeof why);
}

void Connection::fail(const char* sqlstate, const std::string& text) const {
  if (PQstatus(connection_) != CONNECTION_OK) throw retriable("PostgreSQL: " + text);
  const std::string_view state = sqlstate ? sqlstate : "";
  if (state == "57014") throw cancelled();
  if (state.empty() || may_recover(state)) throw retriable("PostgreSQL: " + text);
  throw fatal("PostgreSQL: " + text + " (" + std::string(state) + ")");
}

Rows Connection::judge(PGresult* result, ExecStatusType wanted) {
  Rows rows(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status == wanted || (wanted == PGRES_COMMAND_OK && status == PGRES_TUPLES_OK)) return rows;
  const std::string text =
      trimmed(result ? PQresultErrorMessage(result) : PQerrorMessage(connection_));
  fail(PQresultErrorField(result, PG_DIAG_SQLSTATE), text);
}

Rows Connection::run(const std::string& sql, const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  return judge(PQexecParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                            values.data(), nullptr, nullptr, 0),
               PGRES_COMMAND_OK);
}

void Connection::copy_in(const std::string& sql, const std::string& data) {
  judge(PQexec(connection_, sql.c_str()), PGRES_COPY_IN);
  constexpr std::size_t kPiece = 1 << 20;
  bool sent = true;
  for (std::size_t at = 0; sent && at < data.size(); at += kPiece) {
    const std::size_t size = std::min(kPiece, data.size() - at);
    sent = PQputCopyData(connection_, data.data() + at, static_cast<int>(size)) == 1;
  }
  if (!sent || PQputCopyEnd(connection_, nullptr) != 1)
    fail(nullptr, trimmed(PQerrorMessage(connection_)));
  const Rows done = judge(PQgetResult(connection_), PGRES_COMMAND_OK);
  while (PGresult* more = PQgetResult(connection_)) PQclear(more);
}

std::string Connection::name(const std::string& text) const {
  char* quoted = PQescapeIdentifier(connection_, text.data(), text.size());
  if (!quoted) throw fatal("not a name in PostgreSQL: " + text);
  std::string out = quoted;
  PQfreemem(quoted);
  return out;
}

}  // namespace millrace::postgres_sink
