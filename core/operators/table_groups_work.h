#pragma once

/// Working memory of a TableGroupsNode; included by table_groups_*.cc only.

#include "json/value.h"
#include "operators/table_groups_node.h"

namespace millrace {

struct TableGroupsNode::Work final : NodeWork {
  TableInput::Work in;
  GroupedOutput::Work out;
  ErrorRows error_rows;
  std::vector<FailedRow> failed;
  std::vector<std::string> gone;  ///< Groups that lost their last row in this range.
};

}  // namespace millrace
