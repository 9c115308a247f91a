#pragma once

/// What a user can do about a refusal of this service (WK4).

#include <string>

#include "common/http/http_stream.h"
#include "source_wikipedia/settings.h"

namespace millrace::wikipedia {

std::string remedy(const Settings& settings, const http::Ending& ending);

}  // namespace millrace::wikipedia
