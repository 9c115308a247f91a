#pragma once

/// Where a server listens: "127.0.0.1:8090".

#include <cstdint>
#include <string>

namespace millrace::feed {

struct Address {
  std::string host;  ///< Numeric, IPv4.
  uint16_t port = 0;
};

/// Throws config_error naming the key `listen`.
Address address_of(const std::string& listen);

}  // namespace millrace::feed
