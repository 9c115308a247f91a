#pragma once

/// Common sub-expressions: equal nodes of a program become one, which is evaluated once per batch.
/// Private to this room.

#include <map>
#include <string>
#include <vector>

#include "expr/program.h"

namespace millrace {

/// Walks a tree in the order of evaluation. A node may only stand for a later one that sees no more
/// rows: what was met in a branch of CASE, or behind the first arm of AND, OR and COALESCE, is
/// forgotten at its end, since other rows come behind it.
class CommonNodes {
 public:
  CommonNodes(std::vector<ProgramNode>& nodes, const std::vector<Column>& constants)
      : nodes_(nodes), constants_(constants) {}
  /// The node that stands for `index`; its children are replaced in place.
  uint32_t replace(uint32_t index);

 private:
  using Scope = std::map<std::string, uint32_t>;

  void replace_children(uint32_t index);
  void replace_branches(ProgramNode& node);
  std::string key_of(const ProgramNode& node) const;
  uint32_t known(const std::string& key, uint32_t index);

  std::vector<ProgramNode>& nodes_;
  const std::vector<Column>& constants_;
  std::vector<Scope> scopes_{1};
};

}  // namespace millrace
