#include "row_cells.h"

#include <charconv>

namespace millrace::stdout_sink {
namespace {

constexpr int kDepthMax = 16;  // What is deeper is shown as "…": the cell ends long before.

std::string number_text(const config& value) {
  char text[32];
  int64_t whole = 0;
  try {
    whole = value.i64("");
    return {text, std::to_chars(text, text + sizeof text, whole).ptr};
  } catch (const config_error&) {
    return {text, std::to_chars(text, text + sizeof text, value.f64("")).ptr};
  }
}

std::string nested_text(const config& value, int depth) {
  switch (value.type("")) {
    case MR_JSON_NULL: return "null";
    case MR_JSON_FALSE: return "false";
    case MR_JSON_TRUE: return "true";
    case MR_JSON_NUMBER: return number_text(value);
    case MR_JSON_STRING: return '"' + value.str("") + '"';
    default: break;
  }
  if (depth == kDepthMax) return "\u2026";
  const bool is_object = value.type("") == MR_JSON_OBJECT;
  std::string text(1, is_object ? '{' : '[');
  for (const auto& [key, member] : value.members("")) {
    if (text.size() > 1) text += ", ";
    if (is_object) text += key + ": ";
    text += nested_text(member, depth + 1);
  }
  return text += is_object ? '}' : ']';
}

Cell cell_of(const config& value) {
  switch (value.type("")) {
    case MR_JSON_NULL: return {.text = "", .is_number = false, .is_null = true};
    case MR_JSON_NUMBER: return {.text = number_text(value), .is_number = true, .is_null = false};
    case MR_JSON_STRING: return {.text = printable(value.str(""))};
    default: return {.text = printable(nested_text(value, 0))};
  }
}

}  // namespace

NamedCells cells_of(const context& ctx, std::string_view row) {
  NamedCells cells;
  try {
    const config json(ctx, row);
    if (json.type("") != MR_JSON_OBJECT) {
      cells.emplace_back("value", cell_of(json));
      return cells;
    }
    for (const auto& [name, value] : json.members("")) {
      cells.emplace_back(printable(name), cell_of(value));
    }
  } catch (const failure&) {
    cells.assign(1, {"value", {.text = printable(row)}});
  }
  return cells;
}

}  // namespace millrace::stdout_sink
