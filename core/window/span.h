#pragma once

#include "base/time.h"

namespace millrace {

/// [start, end) in event time (semantics R2).
struct Span {
  EventTime start, end;
  bool operator==(const Span&) const = default;
};

}  // namespace millrace
