#pragma once

/// Deleted rows of a table on their way to a topic. As rows they begin with `"op":"delete"`
/// (contract); a compacted topic, and whoever reads one as a table, wants a tombstone: the key with
/// a null value (semantics R29). Pure.

#include <string_view>

namespace millrace::kafka {

/// The sink's `deletes` says "tombstone".
inline bool wants_tombstones(std::string_view deletes) { return deletes == "tombstone"; }

/// Rows are written by our own encoder: without blanks, the operation first.
inline bool is_delete(std::string_view row) { return row.starts_with("{\"op\":\"delete\""); }

}  // namespace millrace::kafka
