#pragma once

/// A pipeline of one source, one operator and one sink, without plugins: for tests of commits.

#include "core/nodes/chunks.h"
#include "core/state/state_fixture.h"
#include "json/document.h"
#include "json/value.h"
#include "pipeline/committer.h"

namespace millrace {

/// Keeps a text as state: in the meta, and as a block.
class FakeOperator final : public Node {
 public:
  FakeOperator(std::string name, Node* input) : Node(std::move(name), {{input, Port::kMain}}) {}
  void prepare(Chunk&) const override {}
  Result<void> apply(Chunk&, Range) override { return {}; }
  void demand(size_t, std::vector<bool>&) const override {}
  void save(uint64_t, Commit& commit, JsonValue& meta) override {
    meta.set("text", JsonValue::string(text));
    commit.put.push_back(small_block(name(), 0, 0, text));
  }
  Result<void> restore(const JsonValue& meta, CommitLog& log) override {
    text = meta.find("text")->as_string();
    blocks = stored(log, name()).size();
    return {};
  }
  std::string text = "";
  size_t blocks = 0;
};

/// A pipeline of a source, an operator and a sink that was never opened.
struct Pipeline {
  explicit Pipeline(const std::string& identity = "sum by page",
                    const std::string& name = "per_minute",
                    const std::string& path = "edits.jsonl") {
    source = graph.add(plain_source("edits", 0, 10));
    op = graph.add(std::make_unique<FakeOperator>(name, source));
    SinkPlan plan;
    plan.component.abi = nullptr;
    plan.lazy = true;
    sink = graph.add(std::make_unique<SinkNode>("out", "p", std::vector<Input>{{op, Port::kMain}},
                                                std::move(plan)));
    SourceStart& start = graph.sources.emplace_back();
    start.node = source;
    start.component.abi = nullptr;
    start.identity = "file " + path;
    graph.operators.push_back({op, identity});
    graph.sinks.push_back(sink);
    graph.written_sinks = 1;
    graph.finish();
  }
  void apply(const std::vector<Sent>& records, bool end = false,
             std::vector<DuplicateFilter::Entry> remembered = {}) {
    auto chunk = chunk_of(*source, records, end);
    chunk->remembered = std::move(remembered);
    ASSERT_TRUE(source->apply(*chunk, {0, chunk->records, true}));
  }
  Graph graph;
  SourceNode* source;
  FakeOperator* op;
  SinkNode* sink;
};

inline std::string error_of(const Result<void>& result) {
  return result ? "" : result.error().message;
}

inline JsonValue meta_of(CommitLog& log) {
  auto last = log.last();
  EXPECT_TRUE(last && *last);
  auto parsed = parse_json((*last)->meta, "meta");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed->root;
}

}  // namespace millrace
