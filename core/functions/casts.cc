#include "functions/casts.h"

#include <map>
#include <utility>

namespace millrace {

bool casts_implicitly(Type from, Type to) {
  const Function* cast = find_cast(from, to);
  return cast && cast->cast == Cast::kImplicit;
}

bool cast_is_free(Type from, Type to) {
  return (from == Type::kInt4 && to == Type::kInt8) ||
         (from == Type::kTimestamp && to == Type::kTimestamptz) ||
         (from == Type::kTimestamptz && to == Type::kTimestamp) ||
         (from == Type::kNumeric && to == Type::kText);
}

const Function* find_cast(Type from, Type to) {
  static const auto kCasts = [] {
    std::map<std::pair<Type, Type>, const Function*> casts;
    for (const Function* function : scalar_functions()) {
      if (function->cast != Cast::kNone) casts[{function->args[0], function->result}] = function;
    }
    return casts;
  }();
  const auto found = kCasts.find({from, to});
  return found == kCasts.end() ? nullptr : found->second;
}

}  // namespace millrace
