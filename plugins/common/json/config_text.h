#pragma once

#include <millrace/plugin.hpp>
#include <string>

namespace millrace::json {

/// A value of the configuration as JSON text again.
std::string json_of(const config& value);

}  // namespace millrace::json
