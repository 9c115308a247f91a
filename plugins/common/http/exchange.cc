#include "common/http/exchange.h"

#include <strings.h>

#include <algorithm>

namespace millrace::http {
namespace {

/// What a thousandfold body is made of is no longer data; small bodies may well be packed so.
constexpr uint64_t kRatioMax = 1000, kRatioFrom = 1 << 20;

bool has_validator(const std::vector<Header>& headers) {
  return std::any_of(headers.begin(), headers.end(), [](const Header& header) {
    return strcasecmp(header.name.c_str(), "If-None-Match") == 0 ||
           strcasecmp(header.name.c_str(), "If-Modified-Since") == 0;
  });
}

}  // namespace

void Exchange::start(Request request) {
  request.is_exchange = true;
  asks_for_changes_ = has_validator(request.headers) || has_validator(settings_.headers);
  answer_ = {};
  ending_ = {};
  running_ = true;
  stream_.open(std::move(request));
}

void Exchange::close() {
  stream_.close();
  running_ = false;
}

Exchange::Step Exchange::step(Micros at_most) {
  const auto state = stream_.step(at_most);
  if (state == HttpStream::State::kEnded) return finish();
  if (state != HttpStream::State::kOpen) return Step::kBusy;
  const char* fault = size_fault(stream_.wire_bytes());
  if (fault) return unusable(fault);
  return Step::kBusy;
}

Exchange::Step Exchange::finish() {
  const Ending& ending = stream_.ending();
  const int status = stream_.head().status;
  const bool is_answer = (ending.why == Ending::Why::kBodyEnd && ending.fault == Fault::kNone) ||
                         (ending.why == Ending::Why::kStatus && (status == 204 || status == 304));
  if (!is_answer) return failed(ending);
  const char* fault = status_fault(status);
  if (!fault) fault = size_fault(ending.wire_bytes);
  if (fault) return unusable(fault);
  answer_ = {status, stream_.head(), std::string(stream_.bytes()), stream_.url()};
  close();
  return Step::kAnswer;
}

const char* Exchange::size_fault(uint64_t wire_bytes) const {
  const uint64_t size = stream_.bytes().size();
  if (size > limit_) return "a body larger than max.body";
  const bool is_bomb = size > kRatioFrom && wire_bytes > 0 && size / wire_bytes >= kRatioMax;
  return is_bomb ? "a packed body that grows a thousandfold" : nullptr;
}

/// Either would pass for a whole answer, and what is missing from it would be lost unseen (H10).
const char* Exchange::status_fault(int status) const {
  if (status == 304 && !asks_for_changes_) return "304 Not Modified, though nobody asked whether";
  return status == 206 ? "206 Partial Content, though all was asked for" : nullptr;
}

Exchange::Step Exchange::failed(Ending ending) {
  close();
  ending_ = std::move(ending);
  return Step::kFailed;
}

Exchange::Step Exchange::unusable(const std::string& what) {
  return failed({.why = Ending::Why::kBadResponse, .status = stream_.head().status, .text = what});
}

}  // namespace millrace::http
