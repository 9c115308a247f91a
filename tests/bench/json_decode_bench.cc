// JsonDecoder: records of 1 KB to the six columns of the count pipeline, in batches of 256 KiB; and
// simdjson's first stage alone, below which no decoder that checks a record's structure gets.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <span>

#include "sample.h"

namespace millrace::bench {
namespace {

enum Wanted { kType, kBot, kWiki, kTime, kNew, kOld, kWantedCount };

std::vector<WantedField> count_fields() {
  return {wanted("type", Type::kText),
          wanted("bot", Type::kBool),
          wanted("wiki", Type::kText),
          wanted("timestamp", Type::kTimestamptz, CellFormat::kTimeSeconds),
          wanted("length.new", Type::kInt8),
          wanted("length.old", Type::kInt8)};
}

/// A digest of all cells.
struct Answer {
  size_t broken = 0, bots = 0, nulls = 0, type_bytes = 0, wiki_bytes = 0;
  int64_t seconds = 0, bytes_new = 0, bytes_old = 0;
  bool operator==(const Answer&) const = default;
};

/// The same from simdjson's other parser.
Answer expected_answer() {
  Answer answer;
  simdjson::dom::parser parser;
  for (std::string_view line : Sample::get().lines()) {
    const simdjson::dom::element record = parser.parse(line.data(), line.size()).value();
    answer.bots += record["bot"].get_bool().value();
    answer.type_bytes += record["type"].get_string().value().size();
    answer.wiki_bytes += record["wiki"].get_string().value().size();
    answer.seconds += record["timestamp"].get_int64().value();
    for (auto [path, sum] :
         {std::pair("/length/new", &answer.bytes_new), {"/length/old", &answer.bytes_old}}) {
      int64_t number;
      if (record.at_pointer(path).get_int64().get(number)) {
        ++answer.nulls;
      } else {
        *sum += number;
      }
    }
  }
  return answer;
}

void add_batch(std::span<const Column> columns, size_t rows, Answer& answer) {
  for (size_t row = 0; row < rows; ++row) {
    answer.bots += columns[kBot].bools[row];
    answer.type_bytes += columns[kType].texts[row].size();
    answer.wiki_bytes += columns[kWiki].texts[row].size();
    answer.seconds += columns[kTime].ints[row] / 1'000'000;
    for (auto [column, sum] : {std::pair(kNew, &answer.bytes_new), {kOld, &answer.bytes_old}}) {
      if (columns[column].valid(row)) {
        *sum += columns[column].ints[row];
      } else {
        ++answer.nulls;
      }
    }
  }
}

template <class Take>
void each_batch(Take take) {
  const std::span<const std::string_view> lines(Sample::get().lines());
  for (size_t first = 0; first < lines.size(); first += kBatchRows) {
    take(lines.subspan(first, std::min(kBatchRows, lines.size() - first)));
  }
}

void count_items(benchmark::State& state) {
  const auto runs = static_cast<int64_t>(state.iterations());
  state.SetItemsProcessed(runs * static_cast<int64_t>(Sample::get().lines().size()));
  state.SetBytesProcessed(runs * static_cast<int64_t>(Sample::get().bytes()));
}

void decode(benchmark::State& state) {
  const auto decoder = make_json_decoder(count_fields());
  std::vector<Column> columns(kWantedCount);
  std::vector<BrokenValue> broken;
  Answer answer;
  each_batch([&](auto lines) {
    decoder->decode(lines, columns, broken);
    add_batch(columns, lines.size(), answer);
  });
  answer.broken = broken.size();
  if (answer != expected_answer())
    return state.SkipWithError("the columns differ from the DOM's values");
  for (auto _ : state) {
    each_batch([&](auto lines) {
      decoder->decode(lines, columns, broken);
      benchmark::DoNotOptimize(columns.data());
    });
  }
  count_items(state);
}

/// On Demand's iterate() and nothing behind it.
void first_stage(benchmark::State& state) {
  simdjson::ondemand::parser parser;
  for (auto _ : state) {
    for (std::string_view line : Sample::get().lines()) {
      auto record = parser.iterate(line.data(), line.size(), line.size() + 64);
      benchmark::DoNotOptimize(record);
    }
  }
  count_items(state);
}

BENCHMARK(decode);
BENCHMARK(first_stage);

}  // namespace
}  // namespace millrace::bench

BENCHMARK_MAIN();
