// The ceiling of the count pipeline: the loop that a skilled person writes by hand for this one
// question and this one file. It counts edits and bytes per wiki and minute for `not bot and type
// in ('edit','new')`. It knows what Millrace must not assume: lines in order of time, no broken
// ones, wikis without escapes. Fields are looked up in the order in which the records have them,
// and the first refusal ends a record: the fastest of the ways tried (341 ns per KB; the same
// lookups without early end 355, one pass over all members 375, the same pass with each member
// copied into an ondemand::field 640).
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <thread>
#include <unordered_map>

#include "mapped_lines.h"
#include "row_writer.h"

namespace millrace::bench {
namespace {

struct Totals {
  int64_t edits = 0, bytes = 0;
};
using Minute = std::unordered_map<std::string_view, Totals>;
using Minutes = std::map<int64_t, Minute>;

void count_line(simdjson::ondemand::parser& parser, std::string_view line, Minutes& minutes,
                std::pair<int64_t, Minute*>& last) {
  auto record = parser.iterate(line.data(), line.size(), line.size() + kPadding);
  auto object = record.get_object();
  const std::string_view type = text_inside(object["type"].raw_json_token());
  if (type != "edit" && type != "new") return;
  const int64_t minute = object["timestamp"].get_int64().value() / 60;
  if (object["bot"].get_bool().value()) return;
  auto length = object["length"].get_object();
  int64_t before = 0;
  if (length["old"].get_int64().get(before)) before = 0;  // Null and missing are no bytes.
  const int64_t after = length["new"].get_int64().value();
  const std::string_view wiki = text_inside(object["wiki"].raw_json_token());
  if (!last.second || last.first != minute) last = {minute, &minutes[minute]};
  Totals& totals = (*last.second)[wiki];
  ++totals.edits;
  totals.bytes += after - before;
}

Minutes count_part(std::string_view part) {
  simdjson::ondemand::parser parser;
  Minutes minutes;
  std::pair<int64_t, Minute*> last{0, nullptr};
  each_line(part, [&](std::string_view line) { count_line(parser, line, minutes, last); });
  return minutes;
}

/// The parts side by side, their results added up.
Minutes count_file(std::string_view text, size_t threads) {
  const auto parts = cut_at_lines(text, threads);
  std::vector<Minutes> results(threads);
  std::vector<std::thread> workers;
  for (size_t i = 1; i < threads; ++i) {
    workers.emplace_back([&results, &parts, i] { results[i] = count_part(parts[i]); });
  }
  results[0] = count_part(parts[0]);
  for (std::thread& worker : workers) worker.join();
  for (size_t i = 1; i < threads; ++i) {
    for (const auto& [minute, wikis] : results[i]) {
      for (const auto& [wiki, totals] : wikis) {
        Totals& sum = results[0][minute][wiki];
        sum.edits += totals.edits;
        sum.bytes += totals.bytes;
      }
    }
  }
  return std::move(results[0]);
}

/// As contract §4 wants it: windows by their end, groups by the bytes of their text.
void write_rows(const Minutes& minutes, const char* path) {
  RowWriter out(path);
  for (const auto& [minute, wikis] : minutes) {
    const std::map<std::string_view, Totals> sorted(wikis.begin(), wikis.end());
    for (const auto& [wiki, totals] : sorted) {
      out.text(R"({"window_start":")")
          .minute(minute)
          .text(R"(","window_end":")")
          .minute(minute + 1);
      out.text(R"(","wiki":")").text(wiki).text(R"(","edits":)").number(totals.edits);
      out.text(R"(,"bytes":)").number(totals.bytes).text("}\n").end_row();
    }
  }
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  using namespace millrace::bench;
  const Arguments arguments = parse_arguments(argc, argv);
  write_rows(count_file(map_file(arguments.input), arguments.threads), arguments.out);
}
