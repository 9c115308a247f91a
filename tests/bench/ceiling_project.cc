// The ceiling of the project pipeline: the hand loop for `not bot and type in ('edit','new')` and
// four fields of what is left, written as ndjson. Texts go out with the escapes they came with,
// which is what Millrace makes of them anew; run.py compares the files byte by byte.
#include <simdjson.h>

#include "mapped_lines.h"
#include "row_writer.h"

namespace millrace::bench {
namespace {

void project_line(simdjson::ondemand::parser& parser, std::string_view line, RowWriter& out) {
  auto record = parser.iterate(line.data(), line.size(), line.size() + kPadding);
  auto object = record.get_object();
  // In the order of the records, so that no lookup has to begin anew.
  const std::string_view type = text_inside(object["type"].raw_json_token());
  if (type != "edit" && type != "new") return;
  const std::string_view title = text_inside(object["title"].raw_json_token());
  const int64_t timestamp = object["timestamp"].get_int64().value();
  if (object["bot"].get_bool().value()) return;
  auto length = object["length"].get_object();
  int64_t before = 0;
  const bool known = !length["old"].get_int64().get(before);  // Else null or missing: no delta.
  const int64_t after = length["new"].get_int64().value();
  const std::string_view wiki = text_inside(object["wiki"].raw_json_token());
  out.text(R"({"wiki":")").text(wiki).text(R"(","title":")").text(title).text(R"(","delta":)");
  if (known) {
    out.number(after - before);
  } else {
    out.text("null");
  }
  out.text(R"(,"timestamp":)").number(timestamp).text("}\n").end_row();
}

}  // namespace
}  // namespace millrace::bench

int main(int argc, char** argv) {
  using namespace millrace::bench;
  const Arguments arguments = parse_arguments(argc, argv);
  simdjson::ondemand::parser parser;
  RowWriter out(arguments.out);
  each_line(map_file(arguments.input),
            [&](std::string_view line) { project_line(parser, line, out); });
}
