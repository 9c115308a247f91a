#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <millrace/testing.hpp>
#include <sstream>

#include "common/json/pointer.h"
#include "source_darksky/budget.h"
#include "source_darksky/missing.h"
#include "source_darksky/settings.h"
#include "source_darksky/targets.h"

namespace millrace::darksky {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(Missing, DS6_OnlyWholeNumbersOutsideOfTexts) {
  EXPECT_EQ(missing_as_null(R"({"a":-999,"b":-999.0,"c":[-999]})"),
            R"({"a":null,"b":null,"c":[null]})");
  for (const char* same : {R"({"a":-9990,"b":-999.5,"c":-999e1,"d":999,"e":-99})",
                           R"({"a":"-999","b":"\\\"-999"})", "", "-"}) {
    EXPECT_EQ(missing_as_null(same), same);
  }
  EXPECT_EQ(missing_as_null("{\"a\": -999 }"), "{\"a\": null }") << "blanks stay";
}

http::Head head_of(const std::string& limit, const std::string& remaining,
                   const std::string& reset) {
  return {
      200,
      {{"Ratelimit-Limit", limit}, {"RateLimit-Remaining", remaining}, {"Ratelimit-Reset", reset}}};
}

TEST(Budget, H5_ResetIsSecondsLeftOrAnEpochSecond) {
  const http::Micros wall = seconds(1'760'000'000);
  EXPECT_EQ(read_quota(head_of("100", "7", "60"), wall)->reset, http::Micros(seconds(60)));
  EXPECT_EQ(read_quota(head_of("100", "7", "1760000060"), wall)->reset, http::Micros(seconds(60)));
  // Milliseconds, or nonsense: no longer than a month, or nobody would ask again.
  for (const char* far : {"1760000060000", "999999999999999"}) {
    EXPECT_EQ(read_quota(head_of("100", "7", far), wall)->reset, http::Micros(seconds(31 * 86400)))
        << far;
  }
  for (const char* bad : {"", "x", "-1", "1e99", "nan"}) {
    EXPECT_FALSE(read_quota(head_of("100", bad, "60"), wall)) << bad;
  }
}

TEST(Budget, DS9_TheLastTwentiethIsMadeToLast) {
  EXPECT_EQ(stretched({100, 5, minutes(50)}, 1, minutes(1)), http::Micros(minutes(1)));
  EXPECT_EQ(stretched({100, 4, minutes(40)}, 1, minutes(1)), http::Micros(minutes(10)));
  EXPECT_EQ(stretched({100, 4, minutes(40)}, 2, minutes(1)), http::Micros(minutes(20)));
  EXPECT_EQ(stretched({100, 0, minutes(40)}, 1, minutes(1)), http::Micros(minutes(40)));
}

TEST(Targets, DS2_ThreeDecimalsMatter) {
  EXPECT_EQ(coordinates({"", 52.52, 13.40544}), "52.52,13.405");
  EXPECT_EQ(coordinates({"", -0.0001, 180}), "0,180");
}

std::string validate(const std::string& text) {
  static const test::library plugin(MILLRACE_PLUGIN_FILE);
  return test::harness::validate(plugin.component("darksky"), text);
}

TEST(Settings, DS9_TheQuotaIsArithmeticDoneBeforeTheFirstCall) {
  const std::string base =
      R"({"api_key": "k", "targets": [{"name": "a", "lat": 1, "lon": 2}], "every": )";
  EXPECT_EQ(validate(base + R"("5m"})"), "");
  EXPECT_NE(validate(base + R"("4m"})").find("smallest every that fits is 5m"), std::string::npos);
  EXPECT_EQ(validate(base + R"("1s", "quota": "unlimited"})"), "");
  EXPECT_NE(validate(base + R"("1h", "dialect": "darksky", "quota": 20})").find("a day"),
            std::string::npos);
  EXPECT_NE(validate(base + R"("1h", "quota": "much"})").find("unlimited"), std::string::npos);
}

TEST(Settings, PlacesAreChecked) {
  const auto places = [](const std::string& list) {
    return validate(R"({"api_key": "k", "targets": )" + list + "}");
  };
  EXPECT_NE(places(R"([{"name": "a", "lat": 1, "lon": 2}, {"name": "a", "lat": 1, "lon": 2}])")
                .find("two places"),
            std::string::npos);
  EXPECT_NE(places(R"([{"name": "a", "lat": 91, "lon": 2}])").find("nowhere"), std::string::npos);
  EXPECT_NE(places(R"({"file": "/nowhere.csv"})").find("cannot read"), std::string::npos);
  EXPECT_NE(places("[]").find("at least one"), std::string::npos);
}

TEST(Settings, ARowOfTheFileThatIsCutIsToldAndOneWithoutANameIsLeftOut) {
  const std::string file = testing::TempDir() + "places.csv";
  const auto of_file = [&](const std::string& rows) {
    std::ofstream(file) << "name,lat,lon\n" << rows;
    return validate(R"({"api_key": "k", "quota": "unlimited", "targets": {"file": ")" + file +
                    "\"}}");
  };
  EXPECT_EQ(of_file("a,1,2\r\n,3,4\n\nb,5,6"), "");
  EXPECT_NE(of_file("a,1,2\nb,5\n").find("places.csv:3: fewer fields"), std::string::npos);
  EXPECT_NE(of_file("a,1,\n").find("places.csv:2: \"\" is not a number"), std::string::npos);
}

TEST(Recorded, EveryForecastHasWhatThePluginReads) {
  const char* folder = std::getenv("MILLRACE_TEST_DATA");
  const std::filesystem::path data = std::filesystem::path(folder ? folder : "") / "darksky";
  if (!folder || !std::filesystem::exists(data)) {
    GTEST_SKIP() << "no recorded forecasts: set MILLRACE_TEST_DATA to the folder of test data";
  }
  int documents = 0, with_time = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data)) {
    if (entry.path().extension() != ".json" || entry.path().string().ends_with(".http.json"))
      continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const std::string body = missing_as_null(text.str());
    EXPECT_TRUE(json::at_pointer(body, "/latitude")) << entry.path();
    const auto time = json::at_pointer(body, "/currently/time");
    with_time += time && json::integer_of(*time).has_value();
    ++documents;
  }
  EXPECT_GE(documents, 11);
  EXPECT_GE(with_time, documents - 1) << "one recording excludes the block";
}

}  // namespace
}  // namespace millrace::darksky
