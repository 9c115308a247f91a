#include "columns/json_tokens.h"

#include <simdjson.h>

#include <algorithm>

namespace millrace {
namespace {

/// In our words where simdjson's begin like a sentence of their own: the text stands in `.errors`.
const char* reason_of(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR: return "the record is not valid UTF-8";
    case simdjson::UNCLOSED_STRING: return "a string does not end";
    case simdjson::UNESCAPED_CHARS: return "a string holds a bare control character";
    case simdjson::EMPTY: return "the record is empty";
    default: return simdjson::error_message(error);
  }
}

}  // namespace

JsonTokens::JsonTokens() = default;
JsonTokens::~JsonTokens() = default;

const char* JsonTokens::find(std::string_view text) {
  constexpr size_t kFirstCapacity = 16 * 1024;
  constexpr size_t kDepth =
      1;  // Only the second stage of simdjson, which we do not use, needs depth.
  count_ = 0;
  if (!stage_ || stage_->capacity() < text.size()) {
    const size_t capacity = std::max(kFirstCapacity, text.size() + text.size() / 2);
    stage_.reset();
    const auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(
        std::min<size_t>(capacity, simdjson::SIMDJSON_MAXSIZE_BYTES), kDepth, stage_);
    if (error) return reason_of(error);
  }
  const auto error = stage_->stage1(reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                                    simdjson::stage1_mode::regular);
  if (error) return reason_of(error);
  text_ = text.data();
  size_ = static_cast<uint32_t>(text.size());
  starts_ = stage_->structural_indexes.get();
  count_ = stage_->n_structural_indexes;
  return nullptr;
}

char* JsonTokens::unescape(uint32_t i, char* out) const {
  const auto* from = reinterpret_cast<const uint8_t*>(text_ + starts_[i] + 1);
  return reinterpret_cast<char*>(stage_->parse_string(from, reinterpret_cast<uint8_t*>(out)));
}

}  // namespace millrace
