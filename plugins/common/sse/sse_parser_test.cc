// Each test is named for the rule it proves (plugins/RULES.md, S).

#include "common/sse/sse_parser.h"

#include "common/sse/sse_reading.h"

namespace millrace::sse {
namespace {

using Events = std::vector<Reading::Event>;

Events events_of(std::string_view stream) { return read_cut_everywhere(stream).events; }

std::vector<std::string> data_of(std::string_view stream) {
  std::vector<std::string> data;
  for (const auto& event : events_of(stream)) data.push_back(event.data);
  return data;
}

using Texts = std::vector<std::string>;

TEST(SseParser, S1_ReplacesEachIllFormedSequenceByOneCharacter) {
  EXPECT_EQ(data_of("data: \xFF\n\n"), Texts{"\uFFFD"});
  EXPECT_EQ(data_of("data: a\xE2\x82\n\n"), Texts{"a\uFFFD"});  // Cut short: one.
  EXPECT_EQ(data_of("data: \xE2\x82\xC3\xA9\n\n"), Texts{"\uFFFD\u00E9"});
  EXPECT_EQ(data_of("data: \xC0\x80\n\n"), Texts{"\uFFFD\uFFFD"});            // Overlong.
  EXPECT_EQ(data_of("data: \xED\xA0\x80\n\n"), Texts{"\uFFFD\uFFFD\uFFFD"});  // Surrogate.
  EXPECT_EQ(data_of("data: \xF4\x90\x80\x80\n\n"),
            Texts{"\uFFFD\uFFFD\uFFFD\uFFFD"});  // Above U+10FFFF.
  EXPECT_EQ(data_of("data: \xF0\x9F\x99\n\n"), Texts{"\uFFFD"});
}

TEST(SseParser, S1_PassesWellFormedBytesOnUnchanged) {
  const std::string text = "\u00E9 \u20AC \U0001F642 \xEF\xBF\xBD \x01";
  EXPECT_EQ(data_of("data: " + text + "\n\n"), Texts{text});
}

TEST(SseParser, S1_RepairsTypeAndIdToo) {
  const Events events = events_of("event: \xFF\nid: \xFE\ndata: x\n\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0], (Reading::Event{"\uFFFD", "x", "\uFFFD"}));
}

TEST(SseParser, S2_DropsOneByteOrderMarkAtTheStart) {
  EXPECT_EQ(data_of("\xEF\xBB\xBF"
                    "data: x\n\n"),
            Texts{"x"});
  EXPECT_EQ(data_of("\xEF\xBB\xBF\xEF\xBB\xBF"
                    "data: x\n\ndata: y\n\n"),
            Texts{"y"});
  EXPECT_EQ(data_of("data: x\n\n\xEF\xBB\xBF"
                    "data: y\n\n"),
            Texts{"x"});
  EXPECT_EQ(data_of("\xEF\xBB\xBF\ndata: x\n\n"), Texts{"x"});
}

TEST(SseParser, S3_TakesEveryLineEnd) {
  for (const char* stream :
       {"data: a\ndata: b\n\n", "data: a\r\ndata: b\r\n\r\n", "data: a\rdata: b\r\r",
        "data: a\r\ndata: b\n\r", "data: a\ndata: b\r\r\n"}) {
    EXPECT_EQ(data_of(stream), Texts{"a\nb"}) << stream;
  }
}

TEST(SseParser, S3_CarriageReturnDispatchesWithoutWaiting) {
  SseParser parser;
  std::string_view input = "data:a\r\r";
  EXPECT_EQ(parser.next(input), SseParser::Got::kEvent);
  EXPECT_TRUE(input.empty());
  // The LF that comes with the next read belongs to the CR.
  input = "\ndata:b\r\n\r";
  ASSERT_EQ(parser.next(input), SseParser::Got::kEvent);
  EXPECT_EQ(parser.event().data, "b");
}

TEST(SseParser, S3_LineFeedAfterCrIsSwallowedOnce) {
  EXPECT_EQ(data_of("data: a\r\n\n"), Texts{"a"});
  EXPECT_EQ(data_of("data: a\r\n\r\n\n\ndata: b\n\n"), (Texts{"a", "b"}));
}

TEST(SseParser, S4_EmptyLineDispatches) {
  EXPECT_EQ(data_of("data: a\n\n\n\ndata: b\n\n"), (Texts{"a", "b"}));
}

TEST(SseParser, S5_IgnoresComments) {
  EXPECT_EQ(data_of(": hi\n\n"), Texts{});
  EXPECT_EQ(data_of(":ok\n\ndata: a\n:\n: b\ndata: c\n\n"), Texts{"a\nc"});
}

TEST(SseParser, S6_RemovesOneBlankAfterTheColon) {
  EXPECT_EQ(data_of("data:x\n\ndata: x\n\ndata:  x\n\ndata:\tx\n\ndata: a:b\n\n"),
            (Texts{"x", "x", " x", "\tx", "a:b"}));
}

TEST(SseParser, S7_LineWithoutColonIsAName) {
  EXPECT_EQ(data_of("data\n\ndata\ndata\n\n"), (Texts{"", "\n"}));
}

TEST(SseParser, S8_NamesAreExact) {
  EXPECT_EQ(data_of("Data: a\n data: b\ndata : c\ndatas: d\ndat: e\n\ndata: x\n\n"), Texts{"x"});
}

TEST(SseParser, S9_LastEventTypeWins) {
  const Events events = events_of("event: a\nevent: b\ndata: x\n\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, "b");
}

TEST(SseParser, S10_JoinsDataLines) {
  EXPECT_EQ(data_of("data: a\ndata: b\n\n"), Texts{"a\nb"});
  EXPECT_EQ(data_of("data: a\n\ndata\ndata\n\ndata:"), (Texts{"a", "\n"}));
}

TEST(SseParser, S11_IdWithNulIsIgnored) {
  using std::string_view_literals::operator""sv;
  const Events events = events_of("id: 1\ndata: x\n\nid: a\0b\ndata: y\n\n"sv);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].id, "1");
}

TEST(SseParser, S12_RetryTakesDigitsOnly) {
  EXPECT_EQ(read_cut_everywhere("retry: 5000\n").retry_ms, 5000);
  for (const char* bad : {"retry: -1\n", "retry: 1.5\n", "retry: 10s\n", "retry:  3\n", "retry\n",
                          "retry:\n", "retry: \xD9\xA3\n"}) {
    EXPECT_EQ(read_cut_everywhere(bad).retry_ms, -1) << bad;
  }
  EXPECT_EQ(read_cut_everywhere("retry: 3000\nretry: x\n").retry_ms, 3000);
}

TEST(SseParser, S12_RetryIsClamped) {
  EXPECT_EQ(read_cut_everywhere("retry: 0\n").retry_ms, 100);
  EXPECT_EQ(read_cut_everywhere("retry: 99999999999999999999999999\n").retry_ms, 600'000);
}

TEST(SseParser, S13_IdSticksUntilSetAgain) {
  const Events events = events_of("id: 1\ndata: x\n\ndata: w\n\nid\ndata: y\n\ndata: z\n\n");
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].id, "1");
  EXPECT_EQ(events[1].id, "1");
  EXPECT_EQ(events[2].id, "");
  EXPECT_EQ(events[3].id, "");
}

TEST(SseParser, S14_EmptyDataForgetsTheType) {
  const Events events = events_of("event: e\n\ndata: x\n\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, "message");
}

TEST(SseParser, S14_EmptyTypeIsMessage) {
  const Events events = events_of("event: a\nevent\ndata: x\n\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].type, "message");
}

TEST(SseParser, S15_BlockWithOnlyAnIdMovesThePosition) {
  const Reading reading = read_cut_everywhere("id: 7\n\n");
  EXPECT_TRUE(reading.events.empty());
  EXPECT_EQ(reading.last_event_id, "7");
}

TEST(SseParser, S15_DataLineAloneIsAnEmptyEvent) {
  EXPECT_EQ(data_of("data\n\ndata:\n\ndata\ndata\n\n"), (Texts{"", "", "\n"}));
}

TEST(SseParser, S16_EndDiscardsWhatIsPending) {
  const Reading reading = read_cut_everywhere("id: 8\ndata: a\n\ndata: x\nid: 9");
  EXPECT_EQ(reading.events.size(), 1u);
  EXPECT_EQ(reading.last_event_id, "8");
  EXPECT_EQ(read_cut_everywhere("data: x\nid: 9\n").last_event_id, "");
}

TEST(SseParser, S16_AnotherStreamBeginsCleanButKeepsThePosition) {
  SseParser parser;
  std::string_view input = "id: 1\ndata: a\n\nevent: e\nid: 2\ndata: half";
  EXPECT_EQ(parser.next(input), SseParser::Got::kEvent);
  EXPECT_EQ(parser.next(input), SseParser::Got::kNothing);
  parser.restart();
  EXPECT_EQ(parser.last_event_id(), "1");
  input =
      "\xEF\xBB\xBF"
      "data: b\n\n";
  ASSERT_EQ(parser.next(input), SseParser::Got::kEvent);
  EXPECT_EQ(parser.event().data, "b");
  EXPECT_EQ(parser.event().type, "message");
  EXPECT_EQ(parser.event().id, "1");
}

TEST(SseParser, S17_RefusesALineOverTheLimit) {
  const SseLimits limits{.line = 10, .message = 100};
  EXPECT_FALSE(read_cut_everywhere("data: 1234\n\n", limits).too_long);
  EXPECT_TRUE(read_cut_everywhere("data: 12345\n\n", limits).too_long);
  EXPECT_TRUE(read_cut_everywhere(": a comment of any length", limits).too_long);
}

TEST(SseParser, S17_RefusesAnEventOverTheLimit) {
  const SseLimits limits{.line = 100, .message = 10};
  EXPECT_FALSE(read_cut_everywhere("data: 1234\ndata: 1234\n\n", limits).too_long);
  EXPECT_TRUE(read_cut_everywhere("data: 1234\ndata: 1234\ndata\n\n", limits).too_long);
}

TEST(SseParser, WikimediaGreeting) {
  const Events events = events_of(":ok\n\nevent: message\nid: [{\"topic\":\"t\"}]\ndata: {}\n\n");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0], (Reading::Event{"message", "{}", "[{\"topic\":\"t\"}]"}));
}

}  // namespace
}  // namespace millrace::sse
