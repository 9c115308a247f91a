#include "common/feed/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <millrace/plugin.hpp>

namespace millrace::feed {

Address address_of(const std::string& listen) {
  Address address;
  const size_t colon = listen.rfind(':');
  const std::string digits = colon == listen.npos ? "" : listen.substr(colon + 1);
  const char* const last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, address.port);
  address.host = listen.substr(0, std::min(colon, listen.size()));
  in_addr parsed;
  if (error != std::errc() || end != last ||
      inet_pton(AF_INET, address.host.c_str(), &parsed) != 1) {
    throw config_error("listen: \"" + listen + "\" is not an address such as 127.0.0.1:8090");
  }
  return address;
}

}  // namespace millrace::feed
