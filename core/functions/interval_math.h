#pragma once

/// Arithmetic of intervals that several families need. Private to this room; pure functions.

#include "columns/interval.h"

namespace millrace {

/// a * factor, or a / factor: the part of a month that it leaves goes to days, that of a day to the
/// time. False: out of range.
bool scale_interval(const IntervalValue& a, double factor, bool divide, IntervalValue& out);

}  // namespace millrace
