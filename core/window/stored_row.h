#pragma once

/// A row of typed columns as bytes, for rows that outlive their chunk (join buffers, dedupe,
/// tables). Each cell is its state (valid, NULL, mismatch) and, if valid, its value, exactly:
/// unlike a group key, -0 stays -0. The bytes are stored, so a change here is a change of the block
/// format. Pure. Threads: any.

#include <string>

#include "base/bytes.h"
#include "columns/column.h"

namespace millrace {

void write_stored_cell(const Column& column, size_t row, std::string& out);
/// Pushes the next cell behind the last row of `to`, whose type is that of the written column.
/// Texts point into the bytes. False: the bytes are no such cell.
bool read_stored_cell(ByteReader& from, Column& to);
bool skip_stored_cell(ByteReader& from, Type type);

/// Pushes a copy of a cell, its state included; texts stay views.
void push_cell(const Column& from, size_t row, Column& to);

}  // namespace millrace
