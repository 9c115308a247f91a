#pragma once

#include "config/document.h"

namespace millrace {

/// Replaces `${env:NAME}`, `${env:NAME:-default}` and `${file:/abs/path}` in every string value
/// (not in keys); `$${` stands for `${`. What came from the environment or a file is hidden in the
/// log and marked secret. What was put in is not looked at again. A value that is nothing but one
/// such text may also become a number or a boolean, if the schema wants one. Passwords inside URLs
/// are hidden too, wherever they came from.
void interpolate(ConfigDocument& document, Faults& faults);

}  // namespace millrace
