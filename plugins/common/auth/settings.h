#pragma once

/// The key `auth` of plugins that ask services (keys.json describes it).

#include <millrace/plugin.hpp>
#include <string>

namespace millrace::auth {

struct AuthSettings {
  enum class Kind { kNone, kBearer, kBasic, kClient, kJwt };
  Kind kind = Kind::kNone;
  std::string token;           ///< kBearer.
  std::string user, password;  ///< kBasic.
  std::string token_url;       ///< kClient, kJwt.
  std::string client_id, client_secret, scope;
  std::string subject, audience, key_id, private_key;  ///< kJwt; client_id is the issuer.

  bool asks_for_tokens() const { return kind == Kind::kClient || kind == Kind::kJwt; }
};

/// Throws config_error naming the key.
AuthSettings read_auth_settings(const config& cfg);
/// What the schema cannot say: which keys belong to a kind. Throws config_error.
void check_auth_settings(const AuthSettings& settings);

}  // namespace millrace::auth
