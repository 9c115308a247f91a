// Runs the recorded conformance cases (MILLRACE_TEST_DATA/conformance/sse/cases.jsonl).

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/json/json_pick.h"
#include "common/sse/sse_reading.h"

namespace millrace::sse {
namespace {

std::filesystem::path cases_file() {
  const char* folder = std::getenv("MILLRACE_TEST_DATA");
  const auto data = folder ? std::filesystem::path(folder)
                           : std::filesystem::path(MILLRACE_SOURCE_DIR) / "../shared/data";
  return data / "conformance/sse/cases.jsonl";
}

std::string text_of(std::string_view raw) {
  json::JsonReader reader;
  std::string text;
  reader.text(raw, text);
  return text;
}

std::vector<Reading::Event> events_of(std::string_view array) {
  json::JsonReader elements, members;
  const json::JsonPick fields({"type", "data", "lastEventId"});
  std::vector<Reading::Event> events;
  elements.elements(array, [&](std::string_view raw) {
    std::vector<std::string_view> found;
    fields.pick(members, raw, found);
    events.push_back({text_of(found[0]), text_of(found[1]), text_of(found[2])});
  });
  return events;
}

TEST(SseConformance, EveryCaseAlsoCutAtEveryByte) {
  if (!std::filesystem::exists(cases_file())) {
    GTEST_SKIP() << "no recorded cases: set MILLRACE_TEST_DATA to the folder of test data";
  }
  std::ifstream lines(cases_file());
  const json::JsonPick fields({"name", "stream", "events", "retry", "lastEventIdAtEnd"});
  size_t cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    json::JsonReader reader;
    std::vector<std::string_view> found;
    ASSERT_TRUE(fields.pick(reader, line, found)) << line;
    SCOPED_TRACE(text_of(found[0]));
    std::string stream;
    ASSERT_TRUE(reader.text(found[1], stream));
    const Reading reading = read_cut_everywhere(stream);
    EXPECT_EQ(reading.events, events_of(found[2]));
    const bool tells_retry = found[3].data(), tells_id = found[4].data();
    EXPECT_EQ(reading.retry_ms,
              tells_retry ? json::integer_of(found[3]).value_or(-1) : reading.retry_ms);
    EXPECT_EQ(reading.last_event_id, tells_id ? text_of(found[4]) : reading.last_event_id);
  }
  EXPECT_GE(cases, 25u);
}

}  // namespace
}  // namespace millrace::sse
