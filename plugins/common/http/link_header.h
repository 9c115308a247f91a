#pragma once

/// The Link header (RFC 8288), as far as paging needs it. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace millrace::http {

/// The target of the first link with the relation `rel`, as written (it may be relative). Nullopt:
/// there is none, or the header is broken before it.
std::optional<std::string> find_link(std::string_view header, std::string_view rel);

}  // namespace millrace::http
