#pragma once

/// Columns as the Arrow C data interface, for sinks that take them (millrace.arrow/1; ext/arrow.h
/// says which types become what). Everything is copied, so what is exported lives on its own until
/// its `release` is called, by whomever, on any thread.

#include <span>

#include "base/result.h"
#include "columns/column.h"

struct ArrowSchema;
struct ArrowArray;

namespace millrace {

void export_schema(const Schema& schema, ArrowSchema& out);
/// All `rows` rows of each column; cells that are not valid are null. kFailed: more than 2 GiB of
/// text in a column.
Result<void> export_columns(std::span<const Column> columns, uint32_t rows, ArrowArray& out);

}  // namespace millrace
