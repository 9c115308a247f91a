#pragma once

/// A command in Redis's protocol, as pieces for one sendmsg. State blocks are long and many: they
/// go to the socket from where they lie; only what is short is copied.

#include <sys/uio.h>

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Ownership: looks at the words it was made of, which must outlive it. Threads: one.
class RedisRequest {
 public:
  explicit RedisRequest(const std::vector<std::string_view>& words);
  RedisRequest(const RedisRequest&) = delete;

  /// What is left to send, in order; empty when all is sent.
  const iovec* pieces() const { return pieces_.data() + first_; }
  size_t count() const { return pieces_.size() - first_; }
  /// So many bytes are sent.
  void sent(size_t bytes);

 private:
  void end_text(size_t from);

  std::string text_;  ///< All that is short.
  std::vector<iovec> pieces_;
  size_t first_ = 0;
};

}  // namespace millrace
