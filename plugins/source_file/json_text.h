#pragma once

#include <string>
#include <string_view>

namespace millrace::file_source {

/// `text` as a JSON string with its quotes. Bytes of 0x80 and above stay as they are: whoever reads
/// the record judges its UTF-8.
void append_json_string(std::string& to, std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace millrace::file_source
