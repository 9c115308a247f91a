#pragma once

/// Pure, but for the reader they use.

#include <optional>
#include <string>
#include <string_view>

#include "common/json/json_reader.h"

namespace millrace::json {

/// The slice of `text` at a JSON pointer (RFC 6901): "" is all of it, "/data/0/name" goes into
/// objects and arrays. Nullopt: it is not there.
std::optional<std::string_view> at_pointer(std::string_view text, std::string_view pointer);

/// "/meta/id" as "meta.id": users write paths either way.
std::string dotted(std::string_view path);

}  // namespace millrace::json
