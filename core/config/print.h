#pragma once

#include <string>

#include "config/document.h"

namespace millrace {

/// The document as pretty JSON, defaults included; secret values read "***".
std::string print_config(const ConfigDocument& document);

}  // namespace millrace
