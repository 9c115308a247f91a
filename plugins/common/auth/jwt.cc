#include "common/auth/jwt.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <millrace/plugin.hpp>
#include <vector>

#include "common/auth/base64.h"
#include "common/json/json_reader.h"

namespace millrace::auth {
namespace {

template <auto free_function>
struct Freed {
  template <class T>
  void operator()(T* thing) const {
    free_function(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

/// A key with a passphrase would ask for it on the terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

Key read_key(const std::string& pem) {
  const std::unique_ptr<BIO, Freed<BIO_free_all>> bytes(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_passphrase, nullptr));
  if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
    throw config_error("auth.private_key: not an RSA private key in PEM (without a passphrase)");
  }
  return key;
}

}  // namespace

void check_private_key(const std::string& pem) { read_key(pem); }

std::string signed_jwt(const JwtClaims& claims, const std::string& pem) {
  const Key key = read_key(pem);
  const std::string head =
      R"({"alg":"RS256","typ":"JWT","kid":)" + json::quoted(claims.key_id) + "}";
  const std::string body = R"({"sub":)" + json::quoted(claims.subject) + R"(,"iss":)" +
                           json::quoted(claims.issuer) + R"(,"aud":)" +
                           json::quoted(claims.audience) + R"(,"exp":)" +
                           std::to_string(claims.expires_s) + "}";
  const std::string text = base64url(head) + "." + base64url(body);
  const std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1) {
    throw fatal("auth: the token could not be signed");
  }
  std::vector<unsigned char> signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, bytes, text.size()) != 1) {
    throw fatal("auth: the token could not be signed");
  }
  return text + "." + base64url({reinterpret_cast<const char*>(signature.data()), size});
}

}  // namespace millrace::auth
