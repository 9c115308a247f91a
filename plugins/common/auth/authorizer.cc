#include "common/auth/authorizer.h"

#include "common/auth/base64.h"
#include "common/auth/jwt.h"
#include "common/http/url.h"
#include "common/json/record_fields.h"

namespace millrace::auth {
namespace {

using http::Micros;
using Kind = AuthSettings::Kind;

constexpr int64_t kAssertionLife_s = 120;
constexpr int64_t kLife_s = 3600;  // When the answer does not say.

void add(std::string& form, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  if (!form.empty()) form += '&';
  form += std::string(name) + "=" + http::form_encoded(value);
}

}  // namespace

http::Header authorization(const AuthSettings& settings, const std::string& token) {
  http::Header header{"Authorization", "", true};
  if (settings.kind == Kind::kBasic) {
    header.value = "Basic " + base64(settings.user + ":" + settings.password);
  } else if (settings.kind != Kind::kNone) {
    header.value = "Bearer " + (settings.kind == Kind::kBearer ? settings.token : token);
  }
  return header;
}

void Authorizer::begin(const Slot& slot) {
  asking_ = false;
  inner_.begin(slot);
}

bool Authorizer::needs_token() const {
  return settings_.asks_for_tokens() && (token_.empty() || http::steady_now() >= renew_at_);
}

http::Request Authorizer::request(const Slot& slot) {
  asking_ = needs_token();
  if (asking_) return token_request();
  http::Request request = inner_.request(slot);
  http::Header header = authorization(settings_, token_);
  if (!header.value.empty()) request.headers.push_back(std::move(header));
  return request;
}

http::Request Authorizer::token_request() const {
  std::string form;
  if (settings_.kind == Kind::kJwt) {
    const int64_t now_s = http::wall_now().count() / 1'000'000;
    const JwtClaims claims{settings_.client_id, settings_.subject, settings_.audience,
                           settings_.key_id, now_s + kAssertionLife_s};
    add(form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    add(form, "assertion", signed_jwt(claims, settings_.private_key));
  } else {
    add(form, "grant_type", "client_credentials");
    add(form, "client_id", settings_.client_id);
    add(form, "client_secret", settings_.client_secret);
  }
  add(form, "scope", settings_.scope);
  http::Request request{settings_.token_url, {}, "POST"};
  request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  request.headers.push_back({"Accept", "application/json"});
  request.body = std::make_shared<const std::string>(std::move(form));
  return request;
}

Authorizer::Next Authorizer::take(const Slot& slot, http::Answer& answer,
                                  std::vector<poll::Item>& items, std::string& why) {
  if (asking_) return take_token(answer, why);
  renewed_after_401_ = false;
  return inner_.take(slot, answer, items, why);
}

Authorizer::Next Authorizer::take_token(const http::Answer& answer, std::string& why) {
  json::RecordFields fields("", {}, {"access_token", "expires_in"});
  const auto token = fields.read(answer.body) ? fields.scalar(0) : std::nullopt;
  if (!token || token->empty()) {
    why = "the token's answer holds no access_token";
    return Next::kAgain;
  }
  token_ = *token;
  const int64_t life_s = json::integer_of(fields.raw(1)).value_or(kLife_s);
  renew_at_ = http::steady_now() + Micros(std::clamp<int64_t>(life_s, 1, 86'400) * 800'000);
  return Next::kMore;
}

Authorizer::Failed Authorizer::failed(const Slot& slot, const http::Ending& ending,
                                      std::vector<poll::Item>& items) {
  if (asking_) {  // A wrong client is told by 400, too (RFC 6749, 5.2): it is a refusal all the
                  // same.
    const bool is_refused = ending.why == http::Ending::Why::kStatus &&
                            http::class_of_status(ending.status) == http::StatusClass::kOurFault;
    return is_refused ? Failed::kRefused : Failed::kOrdinary;
  }
  const bool is_refused = ending.why == http::Ending::Why::kStatus && ending.status == 401;
  if (is_refused && settings_.asks_for_tokens() && !std::exchange(renewed_after_401_, true)) {
    token_.clear();
    return Failed::kRetryNow;
  }
  return inner_.failed(slot, ending, items);
}

}  // namespace millrace::auth
