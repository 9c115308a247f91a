#pragma once

/// The keys that all network sources share (sources.md §1.2), as plain structs, and how they are
/// read from a plugin's configuration. Defaults stand here once more than in the schemas, so that
/// a test can make settings without a host.

#include <cstdint>
#include <millrace/plugin.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/clock.h"

namespace millrace::http {

struct RetrySettings {
  Micros initial = std::chrono::seconds(1);
  Micros max = std::chrono::minutes(2);
  Micros max_after = std::chrono::hours(1);  ///< A longer Retry-After is cut to this.
  double multiplier = 2;
  bool full_jitter = true;
  Micros reset_after = std::chrono::minutes(1);
  Micros give_up_after{0};  ///< 0: never.
};

/// How often a refusal (401, 403, 404, 407, 410, 451, failed TLS) is tried again before it is
/// fatal.
struct GraceSettings {
  uint32_t attempts = 3;
  Micros over = std::chrono::minutes(5);
};

struct LimitSettings {
  uint64_t header = 32 << 10;
  uint64_t line = 8 << 20;
  uint64_t message = 16 << 20;
  uint64_t body = 64 << 20;
  uint32_t redirects = 5;
};

struct TlsSettings {
  bool verify = true;
  bool insecure = false;
  std::string ca_file;
  std::string min = "1.2";
  std::string server_name;
  std::string client_cert;
  std::string client_key;
};

struct Header {
  std::string name;
  std::string value;
  bool is_secret = false;  ///< A credential: never sent to another origin.
};

struct HttpSettings {
  std::vector<Header> headers;  ///< The user's: may hold secrets, never logged.
  std::string user_agent;
  Micros connect_timeout = std::chrono::seconds(10);
  Micros tls_timeout = std::chrono::seconds(10);
  Micros header_timeout = std::chrono::seconds(30);
  Micros read_timeout = std::chrono::seconds(30);  ///< 0: none.
  Micros answer_timeout{0};                        ///< For a whole body. 0: none.
  Micros connection_age{0};  ///< An older connection is not used again. 0: any is.
  RetrySettings retry;
  GraceSettings grace;
  LimitSettings limits;
  TlsSettings tls;
  std::optional<std::string> proxy;  ///< Absent: from the environment. Empty: none.
};

/// Reads the common keys. `agent_default` is sent when `user_agent` is not configured.
/// Throws config_error naming the key.
HttpSettings read_http_settings(const config& cfg, const std::string& agent_default);

/// What no schema can say: unreadable certificate files, `verify: false` without `insecure`, line
/// breaks in headers. Throws config_error.
void check_http_settings(const HttpSettings& settings);

/// At each start, if certificates are not checked.
void warn_of_insecurity(const context& ctx, const HttpSettings& settings);

/// `millrace/VERSION (CONTACT)`; without a contact only the first part.
std::string default_user_agent(const context& ctx, std::string_view contact);

}  // namespace millrace::http
