#pragma once

/// What readers have of a result, as a part of an entry's bytes. The bytes are the same in all
/// output modes: one zero where nothing is known, so a changed `emit` can read state of before.
/// Threads: any.

#include <optional>
#include <string>

#include "base/bytes.h"
#include "window/emission.h"

namespace millrace {

/// Null, or nothing that readers have and nothing that waits: a zero.
void append_emission(const Emission* emission, std::string& value);
std::optional<Emission> read_emission(ByteReader& reader);

}  // namespace millrace
