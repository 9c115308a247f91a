// The table: all families in the order of the reference page.

#include <vector>

#include "expr/kernel.h"

namespace millrace {

std::span<const Function* const> functions() {
  static const std::vector<const Function*> kAll = [] {
    std::vector<const Function*> all;
    for (const auto family :
         {logic_functions(), comparison_functions(), arithmetic_functions(), math_functions(),
          text_functions(), like_functions(), time_functions(), cast_functions()}) {
      for (const Function& function : family) all.push_back(&function);
    }
    return all;
  }();
  return kAll;
}

}  // namespace millrace
