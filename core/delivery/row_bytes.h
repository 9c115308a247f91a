#pragma once

/// A row of typed columns as the value of a batch: its cells one behind the other, as
/// window/stored_row.h writes them. Rows on their way to a sink that takes columns have this form,
/// in memory and in the outbox. Pure.

#include <vector>

#include "columns/json_encode.h"
#include "columns/schema.h"
#include "record/batch.h"

namespace millrace {

void write_row_bytes(const Column* const* columns, uint32_t count, size_t row, ByteBuffer& out);

/// One column per field of `schema`, with the rows of `batch`; texts point into the batch. A cell
/// that did not fit its type is NULL. False: some value is no such row.
bool read_row_bytes(const Schema& schema, const BatchRef& batch, std::vector<Column>& columns);

}  // namespace millrace
