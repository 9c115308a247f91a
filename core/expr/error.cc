#include "expr/error.h"

#include <algorithm>

namespace millrace {

std::string ExprError::summary() const {
  std::string line = message;
  if (!hint.empty()) {
    line += "; ";
    line += hint;
  }
  return line;
}

std::string ExprError::caret() const {
  const size_t place = std::min<size_t>(position, text.size());
  // Only the line of the fault: an expression may be broken over several.
  size_t begin = text.rfind('\n', place == 0 ? 0 : place - 1);
  begin = place == 0 || begin == std::string::npos ? 0 : begin + 1;
  const size_t end = std::min(text.find('\n', place), text.size());
  std::string lines = text.substr(begin, end - begin);
  std::string under;
  for (size_t i = begin; i < place; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\t') {
      under += '\t';
    } else if ((byte & 0xC0) != 0x80) {
      under += ' ';
    }
  }
  lines += '\n';
  lines += under;
  lines += "^ ";
  lines += summary();
  return lines;
}

}  // namespace millrace
