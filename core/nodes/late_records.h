#pragma once

/// The `.late` port of an operator that judges records one by one, without windows (joins, dedupe):
/// the records as they came, of any of its inputs, with R13's context in hidden columns behind.
/// Threads: the applying one.

#include "nodes/late_rows.h"

namespace millrace {

class LateRecords {
 public:
  struct Late {
    uint32_t input;
    uint32_t row;  ///< Of that input.
    EventTime w;
    EventTime over_at;        ///< W at which the record's time was over.
    std::string key;          ///< Its text (E27).
    bool after_idle = false;  ///< Its partition was idle and had not caught up (R17).
  };

  /// `shapes` of the inputs. Where all pass source records on, late ones are shown as those; else
  /// as the fields of all inputs, without the NULL ones.
  explicit LateRecords(const std::vector<Shape>& shapes);

  const Shape& shape() const { return shape_; }
  /// Marks the fields of input `i` that late records show; of records that are passed on as they
  /// came only those of `read`, which somebody reads (by own field; may end early).
  void demand(size_t input, const std::vector<bool>& read, std::vector<bool>& wanted) const;

  struct Work {
    std::vector<Late> late;
    Buffer<uint32_t> origins;
  };
  /// `rows` by input. They are added by rising record. `shown` false: `late: drop`.
  /// `op`: the operator's name, which outlives the rows.
  void finish(std::string_view op, Work& work, const std::vector<const Rows*>& rows, bool shown,
              Rows& out) const;

 private:
  void write_context(std::string_view op, const Late& late, EventTime time, Rows& out) const;

  Shape shape_;
  std::vector<std::vector<int32_t>> fields_;  ///< By input and own field: its field there, or -1.
};

}  // namespace millrace
