#pragma once

/// Headers of rows on their way to a sink that sends headers. A record that nobody rewrote keeps
/// its own. A row of a side output says behind those why it is one, in text (semantics R13, R45),
/// also behind operators without state, which filtered, selected or exploded it:
///
/// | header | of | is |
/// |---|---|---|
/// | millrace.operator, millrace.reason | `.late`, `.errors`, `.gaps` | whose it is, and why |
/// | millrace.watermark, millrace.late_by_ms | `.late` | what was known when it was judged |
/// | millrace.window_start, millrace.window_end | `.late` of windows | its closest window |
///
/// Threads: one. Memory: what add() collects is kept for the next start().

#include "columns/json_encode.h"
#include "nodes/node.h"

namespace millrace {

class RowHeaders {
 public:
  /// The fields of a shape that say why its rows are there. None: they are no side output's.
  class Reasons {
   public:
    explicit Reasons(const Shape& shape);
    bool empty() const { return told_.empty(); }
    /// Marks them.
    void demand(std::vector<bool>& wanted) const;

   private:
    friend class RowHeaders;
    struct Told {
      std::string header;
      uint32_t field;
    };
    std::vector<Told> told_;
  };

  /// For `rows` rows.
  void start(uint32_t rows);
  /// Row `i`, by rising i from 0: row `row` of `rows`, which have that shape.
  void add(uint32_t i, const Shape& shape, const Reasons& reasons, const Rows& rows, uint32_t row);

  /// What rows [first, behind) need: nothing if none has a header.
  void ask(uint32_t first, uint32_t behind, mr_need& need) const;
  /// Into the room that ask() got.
  void write(uint32_t first, uint32_t behind, const mr_room& room) const;

 private:
  struct Places {
    uint64_t headers = 0, bytes = 0;
  };
  Places behind_row(uint32_t row) const { return row == 0 ? Places{} : ends_[row - 1]; }
  void add_own(const BatchRef& batch, uint32_t record);
  void add_cell(std::string_view name, const Column& column, uint32_t row);
  void put(std::string_view name, std::string_view value);
  mr_span store(std::string_view text);

  Buffer<Places> ends_;        ///< By row.
  Buffer<mr_header> headers_;  ///< Places in bytes_.
  ByteBuffer bytes_;
};

}  // namespace millrace
