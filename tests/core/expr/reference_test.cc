// The reference page holds every function, aggregate and departure, from their tables.

#include "expr/reference.h"

#include <gtest/gtest.h>

#include "aggregates/aggregate.h"
#include "expr/departures.h"
#include "expr/table.h"
#include "functions/function.h"

namespace millrace {
namespace {

TEST(Reference, HoldsEveryEntryWithAnExample) {
  const std::string page = expression_reference();
  for (const Function* function : functions()) {
    const bool own =
        function->name.find(' ') != std::string_view::npos && !function->name.starts_with("is ");
    if (own) continue;
    EXPECT_FALSE(function->example.empty()) << function->name;
    EXPECT_FALSE(function->doc.empty()) << function->name;
    std::string name;  // As a cell of a table holds it.
    for (const char c : function->name) name += c == '|' ? "\\|" : std::string(1, c);
    EXPECT_NE(page.find(name), std::string::npos) << function->name;
  }
  for (const AggregateFunction& function : aggregate_functions()) {
    EXPECT_NE(page.find(function.example), std::string::npos) << function.name;
    EXPECT_FALSE(function.doc.empty()) << function.name;
  }
  for (const Departure& one : departures()) {
    EXPECT_NE(page.find(one.here), std::string::npos) << one.id;
    EXPECT_FALSE(one.why.empty()) << one.id;
  }
}

}  // namespace
}  // namespace millrace
