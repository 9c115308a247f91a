#include "common/http/http_stream.h"

#include <algorithm>

#include "common/http/url.h"

namespace millrace::http {
namespace {

/// Of an error document: enough for its title and detail.
constexpr size_t kErrorBodyMax = 8 << 10;
constexpr Micros kErrorBodyWait = std::chrono::seconds(2);

std::optional<RetryAfter> retry_after_of(const Head& head, Micros longest) {
  const std::string_view value = head.find("retry-after");
  if (value.empty()) return std::nullopt;
  return parse_retry_after(value, head.find("date"), wall_now(), longest);
}

std::string status_text(int status) {
  const char* known = reason_of_status(status);
  return known ? known : "status " + std::to_string(status);
}

}  // namespace

void HttpStream::open(Request request) {
  close();
  request_ = std::move(request);
  redirects_ = 0;
  driven_ = steady_now();
  start(request_.url);
}

void HttpStream::close() {
  transfer_.reset();
  follow_at_.reset();
  buffer_.clear();
  consumed_ = 0;
  state_ = State::kClosed;
}

void HttpStream::start(std::string url) {
  url_ = std::move(url);
  state_ = State::kOpening;
  follow_at_.reset();
  head_ = {};
  error_since_ = Micros(0);
  buffer_.clear();
  consumed_ = 0;
  transfer_ = std::make_unique<Transfer>(loop_, settings_, request_to(url_),
                                         [this](std::string_view bytes) { return take(bytes); });
}

bool HttpStream::is_same_origin(const std::string& url) const {
  const auto from = parse_url(request_.home.empty() ? request_.url : request_.home);
  const auto to = parse_url(url);
  return from && to && from->origin() == to->origin();
}

/// Headers may be credentials: they belong to the origin they were written for (S22).
Request HttpStream::request_to(const std::string& url) const {
  Request request = request_;
  request.url = url;
  if (is_same_origin(url)) {
    request.headers.insert(request.headers.end(), settings_.headers.begin(),
                           settings_.headers.end());
  } else {
    std::erase_if(request.headers, [](const Header& header) { return header.is_secret; });
  }
  return request;
}

HttpStream::State HttpStream::step(Micros at_most) {
  const auto bytes_before = buffer_.size();
  const State state_before = state_;
  const auto nothing_new = [&] { return state_ == state_before && buffer_.size() == bytes_before; };
  settle(steady_now() - driven_);
  if (nothing_new() && at_most.count() > 0) {
    loop_.wait(std::min(at_most, until_next_check()));
    settle(Micros(0));
  }
  driven_ = steady_now();
  return state_;
}

/// Everything that can be done at this moment, after nobody looked for `away`.
void HttpStream::settle(Micros away) {
  if (follow_at_ && steady_now() >= *follow_at_) start(url_);
  if (!transfer_) return;
  const Micros now = steady_now();
  loop_.perform();
  transfer_->check_time(now, away);
  if (state_ == State::kOpening && transfer_->has_head() && head_.status == 0) on_head();
  if (transfer_ && transfer_->stage() == Transfer::Stage::kDone) return finish();
  const bool is_error = transfer_ && state_ == State::kOpening && head_.status != 0;
  if (is_error && (buffer_.size() >= kErrorBodyMax || now - error_since_ > kErrorBodyWait))
    finish();
}

void HttpStream::on_head() {
  head_ = transfer_->head();
  const StatusClass status = class_of_status(head_.status);
  if (status == StatusClass::kRedirect && !head_.find("location").empty()) return follow();
  if (status == StatusClass::kOk) {
    state_ = State::kOpen;
  } else {
    error_since_ = steady_now();
  }
}

void HttpStream::follow() {
  const auto refuse = [&](std::string text) {
    end({.why = Ending::Why::kBadResponse, .status = head_.status, .text = std::move(text)});
  };
  const auto target = resolve_url(url_, std::string(head_.find("location")));
  if (!target) return refuse("a redirect to something that is no http or https URL");
  const auto from = parse_url(url_), to = parse_url(*target);
  if (!from || !to) return refuse("a redirect to something that is no http or https URL");
  if (from->is_https() && !to->is_https()) return refuse("a redirect from https to http");
  if (++redirects_ > settings_.limits.redirects) {
    return refuse("more than " + std::to_string(settings_.limits.redirects) + " redirects");
  }
  // Browsers make a GET of a POST after 301 and 302, too; here a body is there to be delivered.
  if (head_.status == 303 && request_.needs_body) {
    return refuse(
        "a redirect (303) to something else, which does not say that the rows were taken");
  }
  if (head_.status == 303 && request_.body) {
    request_.method = "GET";
    request_.body.reset();
  }
  const auto wait = retry_after_of(head_, settings_.retry.max_after);
  if (!wait || wait->wait.count() == 0) return start(*target);
  transfer_.reset();
  url_ = *target;
  follow_at_ = steady_now() + wait->wait;
}

/// The transfer is over, or enough of an error answer is here.
void HttpStream::finish() {
  Ending ending{.status = head_.status,
                .fault = transfer_->fault(),
                .body_bytes = transfer_->body_bytes(),
                .wire_bytes = transfer_->wire_bytes(),
                .text = transfer_->fault_text()};
  if (state_ == State::kOpen) {
    ending.why = transfer_->timed_out() ? Ending::Why::kSilent : Ending::Why::kBodyEnd;
    if (ending.text.empty()) ending.text = "the server ended the stream";
  } else if (head_.status != 0) {
    ending.why = Ending::Why::kStatus;
    ending.body = buffer_.substr(0, kErrorBodyMax);
    ending.text = status_text(head_.status);
    const bool leads_nowhere = class_of_status(head_.status) == StatusClass::kRedirect;
    if (leads_nowhere) ending.text += ", a redirect without a Location";
    ending.retry_after = retry_after_of(head_, settings_.retry.max_after);
  } else {
    ending.why = Ending::Why::kFault;
    if (ending.fault == Fault::kNone) ending.fault = Fault::kNetwork;
    if (ending.text.empty()) ending.text = "the connection ended before an answer";
  }
  end(std::move(ending));
}

/// Bytes of a stream stay: they came before the end.
void HttpStream::end(Ending ending) {
  if (state_ != State::kOpen) {
    buffer_.clear();
    consumed_ = 0;
  }
  transfer_.reset();
  ending_ = std::move(ending);
  state_ = State::kEnded;
}

bool HttpStream::take(std::string_view bytes) {
  const bool is_stream =
      state_ == State::kOpen || class_of_status(transfer_->head().status) == StatusClass::kOk;
  if (is_stream) {
    if (buffer_.size() - consumed_ >= buffer_max_) return false;
    buffer_.append(bytes);
  } else if (buffer_.size() < kErrorBodyMax) {
    buffer_.append(bytes);
  }
  return true;
}

void HttpStream::consume(size_t size) {
  consumed_ += size;
  if (consumed_ == buffer_.size()) {
    buffer_.clear();
    consumed_ = 0;
  } else if (consumed_ > buffer_max_) {
    buffer_.erase(0, consumed_);
    consumed_ = 0;
  }
  if (transfer_ && buffer_.size() - consumed_ < buffer_max_) transfer_->resume();
}

Micros HttpStream::until_next_check() const {
  Micros next = Micros::max();
  if (transfer_) next = transfer_->next_check();
  if (follow_at_) next = std::min(next, *follow_at_);
  if (error_since_.count() > 0) next = std::min(next, error_since_ + kErrorBodyWait);
  const Micros now = steady_now();
  return next == Micros::max() ? Micros::max() : std::max(next - now, Micros(0));
}

}  // namespace millrace::http
