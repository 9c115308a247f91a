#pragma once

/// How plugin code says that something failed. These exceptions never leave the library: the
/// trampolines of `module.hpp` turn each into the status code that makes the host do what the
/// class name says. Anything else that escapes stops the pipeline (MR_E_EXCEPTION).

#include <millrace/abi.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {
inline namespace sdk_v1 {

class failure : public std::exception {
 public:
  failure(mr_rc rc, std::string text, uint32_t retry_after_ms = 0)
      : rc_(rc), retry_after_ms_(retry_after_ms), text_(std::move(text)) {}
  const char* what() const noexcept override { return text_.c_str(); }
  mr_rc rc() const noexcept { return rc_; }
  uint32_t retry_after_ms() const noexcept { return retry_after_ms_; }

 private:
  mr_rc rc_;
  uint32_t retry_after_ms_;
  std::string text_;
};

/// The network is down, the file is locked: the host closes, waits, opens again. 0 ms: its own
/// back-off.
struct retriable : failure {
  explicit retriable(std::string text, uint32_t retry_after_ms = 0)
      : failure(MR_E_RETRIABLE, std::move(text), retry_after_ms) {}
};
/// One record is broken. Thrown from record_processor::map it rejects that record; elsewhere prefer
/// emitter::reject, which names the record.
struct bad_record : failure {
  explicit bad_record(std::string text) : failure(MR_E_RECORD, std::move(text)) {}
};
/// The configuration cannot work: the host refuses to start.
struct config_error : failure {
  explicit config_error(std::string text) : failure(MR_E_CONFIG, std::move(text)) {}
};
/// Stop the pipeline.
struct fatal : failure {
  explicit fatal(std::string text) : failure(MR_E_FATAL, std::move(text)) {}
};
/// The host asked to stop, and this call did.
struct cancelled : failure {
  cancelled() : failure(MR_E_CANCELLED, "cancelled") {}
};

namespace detail {

inline mr_str to_abi(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view from_abi(mr_str text) {
  return {text.ptr, text.ptr ? static_cast<std::size_t>(text.len) : 0};
}

inline mr_rc report(mr_err* err, mr_rc rc, std::string_view text,
                    uint32_t retry_after_ms = 0) noexcept {
  if (!err || err->struct_size < sizeof(mr_err)) return rc;
  err->rc = rc;
  err->retry_after_ms = retry_after_ms;
  err->msg_len = static_cast<uint32_t>(std::min<std::size_t>(text.size(), err->msg_cap));
  if (err->msg_len) std::memcpy(err->msg, text.data(), err->msg_len);
  return rc;
}

/// Runs `call` so that nothing leaves it but a status code.
template <class Call>
mr_rc guarded(mr_err* err, Call&& call) noexcept {
  try {
    return call();
  } catch (const failure& f) {
    return report(err, f.rc() < 0 ? f.rc() : MR_E_FATAL, f.what(), f.retry_after_ms());
  } catch (const std::bad_alloc&) {
    return report(err, MR_E_NO_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return report(err, MR_E_EXCEPTION, e.what());
  } catch (...) {
    return report(err, MR_E_EXCEPTION, "an exception that is not a std::exception");
  }
}

inline void check(mr_rc rc, const char* what) {
  if (rc < 0) throw failure(rc, std::string("the host refused ") + what);
}

}  // namespace detail
}  // namespace sdk_v1
}  // namespace millrace
