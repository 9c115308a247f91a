#include "expr/table.h"

#include <vector>

#include "aggregates/aggregate.h"

namespace millrace {

std::span<const Function* const> functions() {
  static const std::vector<const Function*> kAll = [] {
    const auto scalar = scalar_functions();
    std::vector<const Function*> all(scalar.begin(), scalar.end());
    for (const auto family : {finish_functions(), ordered_functions()}) {
      for (const Function& function : family) all.push_back(&function);
    }
    return all;
  }();
  return kAll;
}

}  // namespace millrace
