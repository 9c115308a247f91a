#pragma once

/// Records with keys that the host found in them.

#include <span>

#include "record/batch.h"

namespace millrace {

/// The records of `batch`, which it keeps alive, with these keys: one span per record into `bytes`;
/// both are copied. Null when out of memory.
BatchRef with_keys(const BatchRef& batch, std::string_view bytes, std::span<const mr_span> spans);

}  // namespace millrace
