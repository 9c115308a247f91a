#pragma once

/// Tokens that we sign ourselves (RFC 7519, RS256). Pure, but for the key's PEM.

#include <string>

namespace millrace::auth {

struct JwtClaims {
  std::string issuer, subject, audience, key_id;
  int64_t expires_s = 0;  ///< Since 1970.
};

/// Throws config_error if `pem` is not a private RSA key. Nothing of the key is ever in the text.
std::string signed_jwt(const JwtClaims& claims, const std::string& pem);
/// Throws as signed_jwt does.
void check_private_key(const std::string& pem);

}  // namespace millrace::auth
