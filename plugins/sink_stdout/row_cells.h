#pragma once

#include <millrace/plugin.hpp>

#include "cell.h"

namespace millrace::stdout_sink {

/// Names and values of a row, in order.
using NamedCells = std::vector<std::pair<std::string, Cell>>;

/// The members of a JSON object as cells. What is no object, or no JSON, is one cell "value".
NamedCells cells_of(const context& ctx, std::string_view row);

}  // namespace millrace::stdout_sink
