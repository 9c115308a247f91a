// The table: all families, in the order of the reference page.

#include <vector>

#include "functions/kernel.h"

namespace millrace {

std::span<const Function* const> scalar_functions() {
  static const std::vector<const Function*> kAll = [] {
    std::vector<const Function*> all;
    for (const auto family :
         {logic_functions(),      comparison_functions(), arithmetic_functions(),
          numeric_functions(),    math_functions(),       text_functions(),
          string_functions(),     character_functions(),  digest_functions(),
          like_functions(),       pattern_functions(),    similar_functions(),
          format_functions(),     time_functions(),       calendar_functions(),
          jsonb_functions(),      json_build_functions(), array_functions(),
          array_text_functions(), array_fold_functions(), place_functions(),
          to_char_functions(),    reading_functions(),    number_to_char_functions(),
          zone_functions(),       cast_functions(),       numeric_casts(),
          calendar_casts()}) {
      for (const Function& function : family) all.push_back(&function);
    }
    return all;
  }();
  return kAll;
}

}  // namespace millrace
