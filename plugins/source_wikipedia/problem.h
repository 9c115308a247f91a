#pragma once

/// Sentences out of the service's error documents (WK4).

#include <string>
#include <string_view>

#include "common/http/http_stream.h"
#include "source_wikipedia/settings.h"

namespace millrace::wikipedia {

/// ": TITLE: DETAIL" of a JSON problem; its own beginning if it is other text; "" if it is empty
/// or HTML. Printable, at most a line.
std::string problem_text(std::string_view body);

/// What to do about a refusal.
std::string remedy(const Settings& settings, const http::Ending& ending);

}  // namespace millrace::wikipedia
