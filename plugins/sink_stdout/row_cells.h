#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cell.h"

namespace millrace::stdout_sink {

/// Names and values of a row, in order.
using NamedCells = std::vector<std::pair<std::string, Cell>>;

/// The members of a JSON object as cells, numbers as they are written. What is no object, or no
/// JSON, is one cell "value".
NamedCells cells_of(std::string_view row);

}  // namespace millrace::stdout_sink
