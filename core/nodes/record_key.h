#pragma once

/// The record's key (E27) where shapes change. Behind a `group_by` it is made of fields, and a
/// `select` need not show them: they go on as hidden ones. Pure.

#include <cstdint>
#include <vector>

#include "nodes/node.h"

namespace millrace {

/// Shown fields of `from` that are its record's key: behind a select they follow all other hidden
/// fields, in this order.
std::vector<uint32_t> shown_keys(const Shape& from);

/// `fields`: what a select shows, `visible` of them, and behind it the hidden fields of `from`.
/// Adds the key's, and returns where in `fields` the whole key is.
std::vector<uint32_t> keep_record_key(const Shape& from, uint32_t visible,
                                      std::vector<Field>& fields);

/// For rows without the hidden fields of the shape: they have a key only if all of it is shown.
void drop_hidden_key(Shape& shape);

}  // namespace millrace
