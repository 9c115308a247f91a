#pragma once

/// One request on a CurlLoop, from the name look-up to the last byte, without redirects and without
/// repeats: those are decisions of whoever uses it. Streams (HttpStream) take the bytes as they
/// come; Exchange gathers them up to `max.body`.
///
/// Each stage has its own time-out. libcurl knows one for the whole connection only, so stages are
/// told apart by what has happened so far.
/// Threads: as the loop.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/curl_loop.h"
#include "common/http/settings.h"

namespace millrace::http {

struct Request {
  std::string url;
  std::vector<Header> headers{};
  std::string method = "GET";
  std::shared_ptr<const std::string> body{};  ///< Null: none.
  /// Whose credentials it carries, if `url` came from an answer and may be somebody else's.
  std::string home{};
  /// A redirect must not make a GET of it (303): the body would not be delivered.
  bool needs_body = false;
  /// An ordinary exchange, not an endless stream: the connection is kept for the next one (H1), and
  /// content codings that libcurl can undo are offered (H9).
  bool is_exchange = false;
  /// Only connect: the socket is then for WebSocket's use.
  bool connect_only = false;
};

/// Status line and header fields of the final answer.
struct Head {
  int status = 0;
  std::vector<Header> fields;

  /// The first field of that name, in any case; empty: none.
  std::string_view find(std::string_view name) const;
  /// All fields of that name as one list, for fields that are lists.
  std::string joined(std::string_view name) const;
  /// Content-Type without its parameters, in lower case.
  std::string media_type() const;
};

enum class Fault {
  kNone,
  kNetwork,      ///< DNS, refused, reset, time-out, cut short: try again.
  kTls,          ///< Certificate or protocol: grace (§1.3).
  kProxyAuth,    ///< The proxy said 407: grace.
  kBadResponse,  ///< Not HTTP, header too large: try again, but slowly.
};

class Transfer {
 public:
  enum class Stage { kConnect, kTls, kHead, kBody, kDone };

  /// Starts at once. `body` gets the bytes; false from it stops the reading until resume().
  /// Both references must outlive the transfer.
  Transfer(CurlLoop& loop, const HttpSettings& settings, Request request,
           std::function<bool(std::string_view)> body);
  /// Closes the connection if it is open.
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  Stage stage() const;
  /// The head is complete (interim 1xx answers do not count).
  bool has_head() const { return head_complete_; }
  const Head& head() const { return head_; }
  uint64_t body_bytes() const { return body_bytes_; }
  /// Body bytes as they were on the wire, before any content coding was undone.
  uint64_t wire_bytes() const;

  /// After kDone. kNone: the body is complete.
  Fault fault() const { return fault_; }
  /// A sentence about the fault; may name the host, holds no header and no query.
  const std::string& fault_text() const { return fault_text_; }
  bool timed_out() const { return timed_out_; }

  /// Of `connect_only`: the connection, for curl_easy_send and curl_easy_recv.
  CURL* easy() const { return easy_; }

  /// There is room for bytes again.
  void resume();
  /// Ends the transfer if its stage took too long. `away`: for so long nobody drove the loop.
  void check_time(Micros now, Micros away);
  /// When check_time() will have something to say at the latest.
  Micros next_check() const;

 private:
  friend class CurlLoop;
  static size_t on_header(char* bytes, size_t, size_t size, void* self);
  static size_t on_body(char* bytes, size_t, size_t size, void* self);
  static CURLcode on_tls(CURL*, void*, void* self);
  static int on_ready(void* self, char*, char*, int, int);

  size_t take_header_line(std::string_view line);
  void apply();
  void apply_method();
  void done(CURLcode result);
  void fail(Fault fault, std::string text);
  Micros stage_limit(Stage stage) const;
  Micros whole_by() const;
  Fault fault_of(CURLcode result) const;

  CurlLoop& loop_;
  const HttpSettings& settings_;
  const Request request_;
  std::function<bool(std::string_view)> body_;
  CURL* easy_;
  curl_slist* header_list_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  char error_[CURL_ERROR_SIZE] = "";
  Head head_;
  uint64_t header_bytes_ = 0, body_bytes_ = 0;
  bool tls_begun_ = false, request_sent_ = false, head_complete_ = false, done_ = false,
       paused_ = false;
  bool too_much_header_ = false, timed_out_ = false;
  Stage seen_stage_ = Stage::kConnect;
  Micros stage_since_;
  Micros last_byte_;
  Fault fault_ = Fault::kNone;
  std::string fault_text_;
};

}  // namespace millrace::http
