#pragma once

/// Puts the credential on requests. Kinds that ask for tokens (OAuth2 client credentials, and a JWT
/// of our own: RFC 7523) slip the token's request in before the first one that needs it: renewed at
/// 80 % of its life, and once when the service answers 401 (MU3). As a Script around another one.
/// Threads: one.

#include "common/auth/settings.h"
#include "common/poll/poller.h"

namespace millrace::auth {

class Authorizer final : public poll::Script {
 public:
  Authorizer(AuthSettings settings, poll::Script& inner)
      : settings_(std::move(settings)), inner_(inner) {}

  void begin(const Slot& slot) override;
  http::Request request(const Slot& slot) override;
  Next take(const Slot& slot, http::Answer& answer, std::vector<poll::Item>& items,
            std::string& why) override;
  Failed failed(const Slot& slot, const http::Ending& ending,
                std::vector<poll::Item>& items) override;
  void put_out(const Slot& slot) override { inner_.put_out(slot); }
  bool takes_validators(const Slot& slot) override {
    return !asking_ && inner_.takes_validators(slot);
  }
  double cost(const Slot& slot) override { return asking_ ? 0 : inner_.cost(slot); }
  std::string printed(const Slot& slot) override { return asking_ ? "" : inner_.printed(slot); }

 private:
  bool needs_token() const;
  http::Request token_request() const;
  Next take_token(const http::Answer& answer, std::string& why);

  AuthSettings settings_;
  poll::Script& inner_;
  bool asking_ = false;
  bool renewed_after_401_ = false;
  std::string token_;
  http::Micros renew_at_{0};
};

/// `Authorization` of a credential that needs no asking; empty value: none.
http::Header authorization(const AuthSettings& settings, const std::string& token);

}  // namespace millrace::auth
