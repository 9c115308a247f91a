#pragma once

/// JSON Schema draft-07 by valijson, which throws and takes 10 s to compile: nothing of it is seen
/// outside schema_check.cc. Schemas come without `$ref` (schema_merge.h).
/// Threads: any.

#include <string>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace millrace {

/// One constraint that a value broke.
struct Violation {
  enum class What {
    kType,
    kEnum,      ///< `enum` or `const`.
    kRequired,  ///< `detail` is the missing key.
    kUnknown,   ///< `additionalProperties: false`.
    kMinimum,
    kMaximum,
    kTooShort,  ///< `minLength`, `minItems`, `minProperties`.
    kTooLong,
    kPattern,
    kUnique,
    kAnyOf,
    kOther,    ///< `detail` is valijson's sentence.
    kSummary,  ///< "a part of this is wrong": only of use when no part was named.
  };
  std::string pointer;  ///< Relative to the checked value.
  What what;
  std::string detail;
};

/// Every constraint that `value` breaks; empty: it is valid. kInvalidConfig: the schema is unusable
/// (or one of its regular expressions is).
Result<std::vector<Violation>> violations_of(const JsonValue& value, const JsonValue& schema);

/// For choosing a branch: false also when the schema is unusable.
bool matches(const JsonValue& value, const JsonValue& schema);

/// kInvalidConfig with the reason if the schema cannot be used.
Result<void> check_schema(const JsonValue& schema);

}  // namespace millrace
