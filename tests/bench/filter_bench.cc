// A filter program over decoded columns against the loop that a person would write over the same
// columns, per batch of 256 rows (the usual one) and over 4096.
#include <benchmark/benchmark.h>

#include "expr/compile.h"
#include "sample.h"

namespace millrace::bench {
namespace {

constexpr const char* kFilter = "not bot and type = 'edit' and namespace in (0, 2, 4)";

/// The sample's first rows as columns. Texts are views into the records, a KB apart, as in a run.
struct Batch {
  Schema schema{{{"bot", Type::kBool}, {"type", Type::kText}, {"namespace", Type::kInt8}}};
  std::vector<Column> columns = std::vector<Column>(3);
  std::vector<const Column*> views;
  uint32_t rows;

  explicit Batch(size_t rows_wanted) {
    const auto& lines = Sample::get().lines();
    rows = static_cast<uint32_t>(std::min(rows_wanted, lines.size()));
    std::vector<WantedField> fields;
    for (const Field& field : schema.fields()) fields.push_back(wanted(field.name, field.type));
    std::vector<BrokenValue> broken;
    make_json_decoder(fields)->decode({lines.data(), rows}, columns, broken);
    for (const Column& column : columns) views.push_back(&column);
  }
};

uint32_t hand_filter(const Batch& batch, uint32_t* out) {
  const uint8_t* bots = batch.columns[0].bools.data();
  const std::string_view* types = batch.columns[1].texts.data();
  const int64_t* namespaces = batch.columns[2].ints.data();
  uint32_t count = 0;
  for (uint32_t row = 0; row < batch.rows; ++row) {
    const int64_t space = namespaces[row];
    if (!bots[row] && types[row] == "edit" && (space == 0 || space == 2 || space == 4))
      out[count++] = row;
  }
  return count;
}

void hand_loop(benchmark::State& state) {
  const Batch batch(static_cast<size_t>(state.range(0)));
  std::vector<uint32_t> kept(batch.rows);
  for (auto _ : state) benchmark::DoNotOptimize(hand_filter(batch, kept.data()));
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * batch.rows);
}

void program(benchmark::State& state) {
  const Batch batch(static_cast<size_t>(state.range(0)));
  auto compiled = compile_filter(kFilter, batch.schema);
  if (!compiled) return state.SkipWithError("the filter does not compile");
  Scratch scratch;
  RowErrors errors;
  const Inputs inputs{batch.views, batch.rows};
  errors.start(batch.rows);
  const Selection kept = filter(*compiled, inputs, Selection::all(batch.rows), scratch, errors);
  std::vector<uint32_t> expected(batch.rows);
  expected.resize(hand_filter(batch, expected.data()));
  bool equal = errors.empty() && kept.count == expected.size();
  for (uint32_t i = 0; equal && i < kept.count; ++i) equal = kept[i] == expected[i];
  if (!equal) return state.SkipWithError("the program keeps other rows than the loop");
  for (auto _ : state) {
    errors.start(batch.rows);
    benchmark::DoNotOptimize(
        filter(*compiled, inputs, Selection::all(batch.rows), scratch, errors));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * batch.rows);
}

BENCHMARK(hand_loop)->Arg(256)->Arg(4096);
BENCHMARK(program)->Arg(256)->Arg(4096);

}  // namespace
}  // namespace millrace::bench

BENCHMARK_MAIN();
