#pragma once

/// Pure.

#include <string>
#include <string_view>

namespace millrace::json {

/// What the error document of a service says, as the end of a sentence: ": title: detail". The
/// usual members are looked for; a page of HTML gives nothing.
std::string problem_text(std::string_view body);

}  // namespace millrace::json
