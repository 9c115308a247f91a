#include "common/auth/settings.h"

#include "common/auth/jwt.h"
#include "common/http/url.h"

namespace millrace::auth {
namespace {

AuthSettings::Kind kind_of(const std::string& text) {
  using Kind = AuthSettings::Kind;
  if (text == "bearer") return Kind::kBearer;
  if (text == "basic") return Kind::kBasic;
  if (text == "oauth2_client") return Kind::kClient;
  if (text == "oauth2_jwt") return Kind::kJwt;
  return Kind::kNone;
}

void need(const char* key, const std::string& value) {
  if (value.empty()) throw config_error(std::string("auth.") + key + ": missing for this kind");
}

}  // namespace

AuthSettings read_auth_settings(const config& cfg) {
  AuthSettings out;
  const auto text = [&](const char* key) { return cfg.str(std::string("/auth/") + key, ""); };
  out.kind = kind_of(text("kind"));
  out.token = text("token");
  out.user = text("user");
  out.password = text("password");
  out.token_url = text("token_url");
  out.client_id = text("client_id");
  out.client_secret = text("client_secret");
  out.scope = text("scope");
  out.subject = text("subject");
  out.audience = text("audience");
  out.key_id = text("key_id");
  out.private_key = text("private_key");
  return out;
}

void check_auth_settings(const AuthSettings& settings) {
  using Kind = AuthSettings::Kind;
  const bool is_unused =
      settings.kind == Kind::kNone &&
      !(settings.token + settings.user + settings.token_url + settings.client_id).empty();
  if (is_unused) throw config_error("auth.kind: missing, so nothing of auth would be sent");
  if (settings.kind == Kind::kBearer) need("token", settings.token);
  if (settings.kind == Kind::kBasic) need("user", settings.user);
  if (!settings.asks_for_tokens()) return;
  need("token_url", settings.token_url);
  need("client_id", settings.client_id);
  if (!http::parse_url(settings.token_url)) {
    throw config_error("auth.token_url: not an absolute http or https URL");
  }
  if (settings.kind == Kind::kClient) return need("client_secret", settings.client_secret);
  need("private_key", settings.private_key);
  check_private_key(settings.private_key);
}

}  // namespace millrace::auth
