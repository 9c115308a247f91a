// Kernels of expressions against what a person would write with the same library over the same
// rows: RE2 for ~, simdjson for ->>, a loop for arithmetic. And a projection out of a thousand
// columns.
#include <benchmark/benchmark.h>
#include <re2/re2.h>
#include <simdjson.h>

#include "expr/compile.h"
#include "sample.h"

namespace millrace::bench {
namespace {

constexpr size_t kRows = 1024;

/// Titles of the sample's records, and their `length` objects as raw JSON.
struct Batch {
  Schema schema{{{"title", Type::kText}, {"length", Type::kJsonb}}};
  std::vector<Column> columns = std::vector<Column>(2);
  std::vector<const Column*> views;
  uint32_t rows;

  Batch() {
    const auto& lines = Sample::get().lines();
    rows = static_cast<uint32_t>(std::min(kRows, lines.size()));
    std::vector<WantedField> fields;
    for (const Field& field : schema.fields()) fields.push_back(wanted(field.name, field.type));
    std::vector<BrokenValue> broken;
    make_json_decoder(fields)->decode({lines.data(), rows}, columns, broken);
    for (const Column& column : columns) views.push_back(&column);
  }
};

void run_program(benchmark::State& state, const char* text) {
  const Batch batch;
  auto program = compile_expression(text, batch.schema);
  if (!program) return state.SkipWithError(program.error().summary().c_str());
  Scratch scratch;
  RowErrors errors;
  for (auto _ : state) {
    errors.start(batch.rows);
    benchmark::DoNotOptimize(&evaluate(*program, {batch.views, batch.rows},
                                       Selection::all(batch.rows), scratch, errors));
  }
  if (!errors.empty()) return state.SkipWithError(errors.list()[0].text.c_str());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * batch.rows);
}

constexpr const char* kPattern = "[0-9]+ (of|in) [A-Z]";

void re2_plain(benchmark::State& state) {
  const Batch batch;
  const RE2 re2(kPattern);
  std::vector<uint8_t> out(batch.rows);
  for (auto _ : state) {
    for (uint32_t row = 0; row < batch.rows; ++row) {
      const std::string_view text = batch.columns[0].texts[row];
      out[row] = RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), re2);
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * batch.rows);
}
void re2_program(benchmark::State& state) { run_program(state, "title ~ '[0-9]+ (of|in) [A-Z]'"); }

void json_simdjson(benchmark::State& state) {
  const Batch batch;
  simdjson::ondemand::parser parser;
  std::vector<std::string_view> out(batch.rows);
  for (auto _ : state) {
    for (uint32_t row = 0; row < batch.rows; ++row) {
      if (!batch.columns[1].valid(row)) continue;
      const std::string_view text = batch.columns[1].texts[row];
      simdjson::ondemand::document document;
      if (parser.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING)
              .get(document))
        continue;
      if (document.get_object().find_field_unordered("new").raw_json_token().get(out[row]))
        out[row] = {};
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * batch.rows);
}
void json_program(benchmark::State& state) { run_program(state, "length -> 'new'"); }

/// A thousand fields in a record, one of which is read: the decoder must not look at the rest.
void project_one_of_thousand(benchmark::State& state) {
  std::string line = "{";
  std::vector<WantedField> fields;
  for (int i = 0; i < 1000; ++i)
    line += (i ? ",\"f" : "\"f") + std::to_string(i) + "\":" + std::to_string(i * 7);
  line += "}";
  const size_t size = line.size();
  line.append(64, ' ');
  for (int i = 0; i < static_cast<int>(state.range(0)); ++i)
    fields.push_back(
        wanted("f" + std::to_string(i * 999 / static_cast<int>(state.range(0))), Type::kInt8));
  const std::vector<std::string_view> lines(64, std::string_view(line).substr(0, size));
  auto decoder = make_json_decoder(fields);
  std::vector<Column> columns(fields.size());
  std::vector<BrokenValue> broken;
  for (auto _ : state) decoder->decode(lines, columns, broken);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 64);
  const auto records = static_cast<double>(state.iterations() * 64);
  state.counters["cells_read_per_record"] = static_cast<double>(decoder->cells_read()) / records;
}

BENCHMARK(re2_plain);
BENCHMARK(re2_program);
BENCHMARK(json_simdjson);
BENCHMARK(json_program);
BENCHMARK(project_one_of_thousand)->Arg(1)->Arg(1000);

}  // namespace
}  // namespace millrace::bench

BENCHMARK_MAIN();
