#include "common/http/transfer.h"

#include <strings.h>

#include <algorithm>

#include "common/http/transfer_options.h"

namespace millrace::http {
namespace {

/// Beyond this nobody drove the loop for a while: the time does not count against the peer.
constexpr Micros kAway = std::chrono::milliseconds(100);

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

const char* name_of(Transfer::Stage stage) {
  switch (stage) {
    case Transfer::Stage::kConnect: return "no connection within ";
    case Transfer::Stage::kTls: return "no finished TLS handshake within ";
    case Transfer::Stage::kHead: return "no answer within ";
    default: return "nothing received for ";
  }
}

}  // namespace

std::string_view Head::find(std::string_view name) const {
  for (const Header& field : fields) {
    if (same_name(field.name, name)) return field.value;
  }
  return {};
}

std::string Head::joined(std::string_view name) const {
  std::string list;
  for (const Header& field : fields) {
    if (same_name(field.name, name)) list += (list.empty() ? "" : ", ") + field.value;
  }
  return list;
}

std::string Head::media_type() const {
  const std::string_view value = find("content-type");
  std::string type(trimmed(value.substr(0, value.find(';'))));
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return type;
}

Transfer::Transfer(CurlLoop& loop, const HttpSettings& settings, Request request,
                   std::function<bool(std::string_view)> body)
    : loop_(loop),
      settings_(settings),
      request_(std::move(request)),
      body_(std::move(body)),
      easy_(curl_easy_init()),
      stage_since_(steady_now()),
      last_byte_(stage_since_) {
  if (!easy_) throw std::bad_alloc();
  apply();
  curl_multi_add_handle(loop_.multi_, easy_);
}

Transfer::~Transfer() {
  curl_multi_remove_handle(loop_.multi_, easy_);
  curl_easy_cleanup(easy_);
  curl_slist_free_all(header_list_);
  curl_slist_free_all(connect_to_);
}

void Transfer::apply() {
  apply_connection_options(easy_, settings_);
  std::string connect_to, host;
  const std::string url =
      with_server_name(request_.url, settings_.tls.server_name, connect_to, host);
  curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
  if (!connect_to.empty()) {
    connect_to_ = curl_slist_append(connect_to_, connect_to.c_str());
    curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
    header_list_ = curl_slist_append(header_list_, ("Host: " + host).c_str());
  }
  for (const Header& header : request_.headers) {
    // A blank value is sent only when written with a semicolon; with a colon it removes the header.
    const std::string line =
        header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
    header_list_ = curl_slist_append(header_list_, line.c_str());
  }
  if (request_.body) header_list_ = curl_slist_append(header_list_, "Expect:");
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  apply_method();
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_SSL_CTX_FUNCTION, on_tls);
  curl_easy_setopt(easy_, CURLOPT_SSL_CTX_DATA, this);
  curl_easy_setopt(easy_, CURLOPT_PREREQFUNCTION, on_ready);
  curl_easy_setopt(easy_, CURLOPT_PREREQDATA, this);
}

void Transfer::apply_method() {
  if (request_.connect_only) {
    curl_easy_setopt(easy_, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy_, CURLOPT_HTTPPROXYTUNNEL, 1L);
    return;
  }
  if (request_.is_exchange) {
    curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "");  // All that this libcurl knows.
  } else {
    curl_easy_setopt(easy_, CURLOPT_FORBID_REUSE, 1L);
  }
  if (request_.body) {
    const auto size = static_cast<curl_off_t>(request_.body->size());
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, size);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body->data());
  }
  if (request_.method != "GET" || request_.body) {
    curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
}

uint64_t Transfer::wire_bytes() const {
  curl_off_t bytes = 0;
  curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
  return static_cast<uint64_t>(std::max<curl_off_t>(bytes, 0));
}

Transfer::Stage Transfer::stage() const {
  if (done_) return Stage::kDone;
  if (head_complete_) return Stage::kBody;
  if (request_sent_) return Stage::kHead;
  return tls_begun_ ? Stage::kTls : Stage::kConnect;
}

/// Called when the TLS context is made, which is when the connection stands (CONNECT_TIME, which
/// would tell the same for every scheme, is 0 until TLS is finished, too).
CURLcode Transfer::on_tls(CURL*, void*, void* self) {
  static_cast<Transfer*>(self)->tls_begun_ = true;
  return CURLE_OK;
}

int Transfer::on_ready(void* self, char*, char*, int, int) {
  static_cast<Transfer*>(self)->request_sent_ = true;
  return CURL_PREREQFUNC_OK;
}

size_t Transfer::on_header(char* bytes, size_t, size_t size, void* self) {
  return static_cast<Transfer*>(self)->take_header_line({bytes, size});
}

size_t Transfer::on_body(char* bytes, size_t, size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.last_byte_ = steady_now();
  if (!transfer.body_({bytes, size})) {
    transfer.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transfer.body_bytes_ += size;
  return size;
}

/// Any other return value than the size makes libcurl end the transfer.
size_t Transfer::take_header_line(std::string_view line) {
  last_byte_ = steady_now();
  header_bytes_ += line.size();
  if (header_bytes_ > settings_.limits.header) {
    too_much_header_ = true;
    return 0;
  }
  const std::string_view text = trimmed(line);
  if (text.starts_with("HTTP/") && !head_complete_) {
    head_ = {};
    header_bytes_ = line.size();
    const size_t blank = text.find(' ');
    if (blank != text.npos)
      head_.status = std::atoi(std::string(text.substr(blank + 1, 3)).c_str());
  } else if (text.empty()) {
    head_complete_ = head_complete_ || head_.status >= 200;
  } else if (const size_t colon = text.find(':'); colon != text.npos && !head_complete_) {
    head_.fields.push_back({std::string(trimmed(text.substr(0, colon))),
                            std::string(trimmed(text.substr(colon + 1)))});
  }
  return line.size();
}

void Transfer::resume() {
  if (std::exchange(paused_, false) && !done_) curl_easy_pause(easy_, CURLPAUSE_CONT);
}

Micros Transfer::stage_limit(Stage stage) const {
  switch (stage) {
    case Stage::kConnect: return settings_.connect_timeout;
    case Stage::kTls: return settings_.tls_timeout;
    case Stage::kHead: return settings_.header_timeout;
    default: return settings_.read_timeout;
  }
}

void Transfer::check_time(Micros now, Micros away) {
  const Stage stage = this->stage();
  if (stage == Stage::kDone || paused_) return;
  if (stage != seen_stage_) {
    seen_stage_ = stage;
    stage_since_ = now;
  } else if (away > kAway) {
    stage_since_ += away;
  }
  const Micros limit = stage_limit(stage);
  // In the body no shift is needed: the socket was looked at just before, and it was empty.
  const Micros since = stage == Stage::kBody ? std::max(stage_since_, last_byte_) : stage_since_;
  if (limit.count() > 0 && now - since >= limit) {
    timed_out_ = true;
    fail(Fault::kNetwork, name_of(stage) + duration_text(limit));
  } else if (stage == Stage::kBody && now >= whole_by()) {
    timed_out_ = true;
    fail(Fault::kNetwork,
         "the answer was not whole after " + duration_text(settings_.answer_timeout));
  }
}

/// The end of `answer_timeout`, once the body has begun.
Micros Transfer::whole_by() const {
  const bool is_limited = settings_.answer_timeout.count() > 0;
  return is_limited ? stage_since_ + settings_.answer_timeout : Micros::max();
}

Micros Transfer::next_check() const {
  const Stage stage = this->stage();
  const Micros limit = stage_limit(stage);
  if (stage == Stage::kDone || paused_) return Micros::max();
  const Micros whole = stage == Stage::kBody && stage == seen_stage_ ? whole_by() : Micros::max();
  if (limit.count() == 0) return whole;
  const Micros since = stage == Stage::kBody ? std::max(stage_since_, last_byte_) : stage_since_;
  return std::min(since + limit, whole);
}

void Transfer::fail(Fault fault, std::string text) {
  done_ = true;
  fault_ = fault;
  fault_text_ = std::move(text);
}

void Transfer::done(CURLcode result) {
  if (result == CURLE_OK) {
    done_ = true;
    return;
  }
  const char* text = error_[0] ? error_ : curl_easy_strerror(result);
  if (too_much_header_) {
    fail(Fault::kBadResponse, "the header is larger than max.header");
  } else {
    fail(fault_of(result), text);
  }
}

Fault Transfer::fault_of(CURLcode result) const {
  long proxy_status = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
  if (proxy_status == 407) return Fault::kProxyAuth;
  switch (result) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE: return Fault::kTls;
    case CURLE_SSL_CONNECT_ERROR: {
      // The same code stands for "no common protocol", which lasts, and for a connection that was
      // cut during the handshake, which does not.
      const std::string_view text = error_;
      for (const char* cut : {"SYSCALL", "eof", "reset", "timed out", "time-out", "Connection"}) {
        if (text.find(cut) != text.npos) return Fault::kNetwork;
      }
      return Fault::kTls;
    }
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING: return Fault::kBadResponse;
    default: return Fault::kNetwork;
  }
}

}  // namespace millrace::http
