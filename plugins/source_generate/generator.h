#pragma once

/// Makes the values of one field (README.md has the list). Built once from the configuration; each
/// value is a pure function of (seed, field, record). Threads: any.

#include <cstdint>
#include <memory>
#include <millrace/plugin.hpp>
#include <string>

namespace millrace::generate {

/// What a record knows before its fields are made.
struct Moment {
  uint64_t seed;
  uint64_t record;  ///< From 0.
  int64_t time_us;  ///< Event time.
};

class Generator {
 public:
  virtual ~Generator() = default;
  /// Appends JSON.
  virtual void write(const Moment& moment, std::string& out) const = 0;
};

/// Of `{"sequence": {…}}` and its kin. `path` names the field in errors and seeds its dice.
/// Throws config_error.
std::unique_ptr<Generator> make_generator(const config& spec, const std::string& path);
/// Of `{"a": {…}, "b": {…}}`: an object with these fields.
std::unique_ptr<Generator> make_object(const config& fields, const std::string& path);

}  // namespace millrace::generate
