#include "columns/array_cell.h"

#include "columns/array.h"
#include "columns/array_text.h"

namespace millrace {
namespace {

void store_array(const Column& elements, Column& column, size_t row) {
  static thread_local std::string packed;
  packed.clear();
  pack_array(elements, packed);
  column.texts[row] = column.bytes.store(packed);
}

/// Objects are elements of jsonb[] only.
Parsed read_element(const JsonTokens& tokens, uint32_t i, std::string_view raw, Column& elements,
                    size_t at) {
  if (tokens.kind(i) != '{') {
    return read_cell(tokens, i, raw, CellFormat::kTyped, elements, at);
  }
  if (!is_json(raw)) return Parsed::kBroken;
  if (elements.type != Type::kJsonb) return Parsed::kMismatch;
  elements.texts[at] = raw;
  return Parsed::kOk;
}

}  // namespace

Parsed read_json_array(const JsonTokens& tokens, uint32_t i, std::string_view raw, Column& column,
                       size_t row) {
  static thread_local Column elements;
  elements.reset(element_of(column.type), 0);
  const char* const last = raw.data() + raw.size() - 1;
  bool fits = true;
  // Every token from '[' on is an element or what stands between two.
  for (uint32_t at = i + 1; tokens.at(at) != last;) {
    const uint32_t behind = tokens.behind(at);
    if (behind == tokens.broken()) return Parsed::kBroken;
    const std::string_view value =
        behind == at + 1 ? tokens.scalar(at) : tokens.between(at, behind - 1);
    elements.push_null();
    const size_t index = elements.size() - 1;
    const Parsed parsed = read_element(tokens, at, value, elements, index);
    if (parsed == Parsed::kBroken) return parsed;
    if (parsed == Parsed::kOk) elements.set_cell(index, kValid, index + 1);
    fits = fits && parsed != Parsed::kMismatch;
    at = behind;
    if (tokens.kind(at) == ',') {
      ++at;
      if (tokens.at(at) == last) return Parsed::kBroken;
    } else if (tokens.at(at) != last) {
      return Parsed::kBroken;
    }
  }
  // A value that is read is good JSON, even where its type does not fit (R46).
  if (!fits) return is_json(raw) ? Parsed::kMismatch : Parsed::kBroken;
  store_array(elements, column, row);
  return Parsed::kOk;
}

bool array_cell_from_text(std::string_view text, Column& column, size_t row) {
  static thread_local Column texts, elements;
  texts.reset(Type::kText, 0);
  if (parse_array_text(text, texts) != ArrayFault::kNone) return false;
  elements.reset(element_of(column.type), 0);
  for (size_t i = 0; i < texts.size(); ++i) {
    elements.push_null();
    if (!texts.valid(i)) continue;
    if (!cell_from_text(texts.texts[i], elements, i)) return false;
    elements.set_cell(i, kValid, i + 1);
  }
  store_array(elements, column, row);
  return true;
}

}  // namespace millrace
