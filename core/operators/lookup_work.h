#pragma once

/// Working memory of a LookupNode; included by lookup_*.cc only.

#include "operators/lookup_node.h"

namespace millrace {

struct LookupNode::Work final : PairWork {
  std::vector<std::shared_ptr<const std::string>>
      met;  ///< Versions that rows of this apply point to.
};

/// A stream row that looks into the table: of the chunk, or one that waited.
struct LookupNode::StreamRow {
  SideRow side;
  EventTime time;
  const std::string_view* key;  ///< Null: a NULL key, which nothing matches.
};

}  // namespace millrace
