// A filter program over decoded columns against the loop that a person would write over the same
// columns, in batches of 256 rows (the usual ones) and of 4096. All batches of the sample by turns:
// the branches of one batch again and again would be known by heart.
#include <benchmark/benchmark.h>

#include <memory>

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

  Batch(size_t first, size_t rows_wanted) {
    const auto& lines = Sample::get().lines();
    rows = static_cast<uint32_t>(std::min(rows_wanted, lines.size() - first));
    std::vector<WantedField> fields;
    for (const Field& field : schema.fields()) fields.push_back(wanted(field.name, field.type));
    std::vector<BrokenValue> broken;
    make_json_decoder(fields)->decode({lines.data() + first, rows}, columns, broken);
    for (const Column& column : columns) views.push_back(&column);
  }
};

/// The whole sample in batches of this size.
std::vector<std::unique_ptr<Batch>> batches_of(size_t rows) {
  std::vector<std::unique_ptr<Batch>> batches;
  for (size_t first = 0; first < Sample::get().lines().size(); first += rows)
    batches.push_back(std::make_unique<Batch>(first, rows));
  return batches;
}

int64_t rows_of(const std::vector<std::unique_ptr<Batch>>& batches) {
  int64_t rows = 0;
  for (const auto& batch : batches) rows += batch->rows;
  return rows;
}

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
  const auto batches = batches_of(static_cast<size_t>(state.range(0)));
  std::vector<uint32_t> kept(batches[0]->rows);
  for (auto _ : state) {
    for (const auto& batch : batches) benchmark::DoNotOptimize(hand_filter(*batch, kept.data()));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * rows_of(batches));
}

/// Whether the program keeps the rows that the loop keeps.
bool is_right(const Program& program, const Batch& batch) {
  Scratch scratch;
  RowErrors errors;
  errors.start(batch.rows);
  const Selection kept =
      filter(program, {batch.views, batch.rows}, Selection::all(batch.rows), scratch, errors);
  std::vector<uint32_t> expected(batch.rows);
  expected.resize(hand_filter(batch, expected.data()));
  bool equal = errors.empty() && kept.count == expected.size();
  for (uint32_t i = 0; equal && i < kept.count; ++i) equal = kept[i] == expected[i];
  return equal;
}

void program(benchmark::State& state) {
  const auto batches = batches_of(static_cast<size_t>(state.range(0)));
  auto compiled = compile_filter(kFilter, batches[0]->schema);
  if (!compiled) return state.SkipWithError("the filter does not compile");
  for (const auto& batch : batches) {
    if (!is_right(*compiled, *batch))
      return state.SkipWithError("the program keeps other rows than the loop");
  }
  Scratch scratch;
  RowErrors errors;
  for (auto _ : state) {
    for (const auto& batch : batches) {
      errors.start(batch->rows);
      benchmark::DoNotOptimize(filter(*compiled, {batch->views, batch->rows},
                                      Selection::all(batch->rows), scratch, errors));
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * rows_of(batches));
}

BENCHMARK(hand_loop)->Arg(256)->Arg(4096);
BENCHMARK(program)->Arg(256)->Arg(4096);

}  // namespace
}  // namespace millrace::bench

BENCHMARK_MAIN();
