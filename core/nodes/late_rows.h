#pragma once

/// The `.late` port of a grouped operator: its input rows, cut to those that came too late, with
/// what was known when they were judged in hidden columns behind the fields (semantics R13).
/// Threads: the applying one.

#include "nodes/node.h"
#include "window/slicer.h"

namespace millrace {

/// Hidden fields of every side output, by which its rows go on saying whose they are and why, also
/// behind operators without state (row_headers.h).
inline constexpr std::string_view kWhose = "#operator", kWhy = "#reason";
/// Hidden fields of `.late`, behind those of the record (R13).
inline constexpr std::string_view kLateContext[] = {
    kWhose,          "#key",        "#event_time", "#watermark",
    "#window_start", "#window_end", "#late_by_ms", kWhy};

/// Rows of the stage with the context's fields.
Shape late_shape(const Shape& stage, bool has_bytes);

class LateRows {
 public:
  struct Late {
    uint32_t row;  ///< Of the stage. They come ascending.
    EventTime w;
    Span window;  ///< The closest one: it closed last.
    EventTime closed_at;
    bool after_idle = false;  ///< Its partition was idle and had not caught up (R17).
  };
  void start() { late_.clear(); }
  void add(const Late& late) { late_.push_back(late); }
  size_t size() const { return late_.size(); }
  const Late& front() const { return late_.front(); }

  /// Fills the port. `op`: the operator's name, which outlives the rows. `groups`: the key columns
  /// over the stage's rows. `shown` false: only counted.
  void finish(std::string_view op, const Rows& stage, const Shape& shape,
              const std::vector<const Column*>& groups, bool shown, Rows& out) const;

 private:
  std::vector<Late> late_;
};

}  // namespace millrace
