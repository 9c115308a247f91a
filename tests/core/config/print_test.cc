#include "config/print.h"

#include <gtest/gtest.h>

#include "loading.h"

namespace millrace {
namespace {

TEST(Print, ShowsTheResolvedConfiguration) {
  const Loading loading = load(R"({
  "pipeline": "p", // gone
  "sources": {"in": {"plugin": "file", "path": "${env:MILLRACE_NO_SUCH:-in.jsonl}"}},
  "sinks": {"out": {"from": "in", "plugin": "stdout"}},
})",
                               {"commit.every=2s"});
  ASSERT_EQ(loading.faults, "");
  EXPECT_EQ(loading.config->printed, R"({
  "pipeline": "p",
  "sources": {
    "in": {
      "plugin": "file",
      "path": "in.jsonl",
      "on_mismatch": "errors",
      "validate": "structure",
      "on_gap": "report",
      "dedupe_max": 1048576,
      "format": "ndjson",
      "follow": false,
      "replay": {
        "speed": "max",
        "loop": 1
      }
    }
  },
  "sinks": {
    "out": {
      "from": "in",
      "plugin": "stdout",
      "format": "table",
      "context": false
    }
  },
  "commit": {
    "every": "2s",
    "log": "local",
    "dir": ".millrace",
    "keep": "log"
  },
  "operators": {},
  "limits": {
    "outbox": "256MiB"
  }
})");
}

TEST(Print, WhatIsPrintedLoadsAgain) {
  const Loading first = load(with_operators(R"({
    "o": {"from": "in", "window": {"session": "1m"}}, "b": {"from": "in"},
    "j": {"from": "in", "join": {"with": "b", "on": ["x"], "within": {"after": "1m"}}},
    "t": {"from": "in", "plugin": "tag", "config": {"prefix": "x"}}})"));
  ASSERT_EQ(first.faults, "");
  const Loading second = load(first.config->printed);
  EXPECT_EQ(second.faults, "");
  EXPECT_EQ(second.config->printed, first.config->printed);
}

}  // namespace
}  // namespace millrace
