#pragma once

/// The text of a record's key (E27): one column its text, several a JSON array. Pure.

#include <string>
#include <vector>

#include "columns/column.h"
#include "columns/json_encode.h"

namespace millrace {

/// A NULL of a single column is written `null`: whoever can send no key at all asks for that first.
void write_key_text(const std::vector<const Column*>& columns, uint32_t row, ByteBuffer& out);
std::string key_text(const std::vector<const Column*>& columns, uint32_t row);

}  // namespace millrace
