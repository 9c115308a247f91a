#include "common/http/curl_loop.h"

#include <algorithm>
#include <millrace/plugin.hpp>
#include <mutex>

#include "common/http/transfer.h"

namespace millrace::http {

CurlLoop::CurlLoop() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  multi_ = curl_multi_init();
  if (!multi_) throw std::bad_alloc();
}

CurlLoop::~CurlLoop() { curl_multi_cleanup(multi_); }

void CurlLoop::perform() {
  int running = 0;
  curl_multi_perform(multi_, &running);
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    transfer->done(message->data.result);
  }
}

void CurlLoop::wait(Micros at_most) {
  // Rounded up: a wait of 0 ms for the last microseconds would spin.
  const int64_t ms = std::clamp<int64_t>((at_most.count() + 999) / 1000, 0, 60'000);
  curl_multi_poll(multi_, nullptr, 0, static_cast<int>(ms), nullptr);
}

void CurlLoop::wake() noexcept { curl_multi_wakeup(multi_); }

}  // namespace millrace::http
