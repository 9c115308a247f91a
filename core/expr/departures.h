#pragma once

/// Where an expression's answer differs from PostgreSQL 15's, and meant to. `millrace docs
/// expressions` prints this table, and the differential test (tests/expressions) reads it: a
/// difference that no entry explains fails the test, and so does an entry the test does not know.

#include <span>
#include <string_view>

namespace millrace {

struct Departure {
  std::string_view id;
  std::string_view postgres;  ///< What PostgreSQL does.
  std::string_view here;      ///< What we do.
  std::string_view why;
};

std::span<const Departure> departures();

}  // namespace millrace
