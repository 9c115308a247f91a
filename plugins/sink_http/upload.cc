#include "sink_http/upload.h"

namespace millrace::http_sink {

bool Upload::fits(std::string_view row) const {
  return rows_ < settings_.batch_records && text_.size() + row.size() + 1 <= settings_.batch_bytes;
}

void Upload::add(std::string_view row, const std::string& key) {
  if (rows_++ == 0) key_ = key;
  if (settings_.is_array && !text_.empty()) text_ += ',';
  text_ += row.data() ? row : "null";
  if (!settings_.is_array) text_ += '\n';
}

std::string Upload::body() const { return settings_.is_array ? "[" + text_ + "]" : text_; }

void Upload::clear() {
  text_.clear();
  key_.clear();
  rows_ = 0;
}

}  // namespace millrace::http_sink
