// JSONTestSuite (Nicolas Seriot), from $MILLRACE_TEST_DATA/conformance.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "decoding.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

/// The folder of recorded data; empty when nobody says where it is.
fs::path test_data() {
  const char* folder = std::getenv("MILLRACE_TEST_DATA");
  return folder ? folder : "";
}

struct Case {
  std::string name, text;
};

/// The files that begin with `prefix`, by name; empty when the suite is not there.
std::vector<Case> cases(std::string_view prefix) {
  std::vector<Case> out;
  std::error_code none;
  const fs::path folder = test_data() / "conformance/JSONTestSuite/test_parsing";
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename().string();
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    out.push_back({name, {std::istreambuf_iterator<char>(file), {}}});
  }
  std::sort(out.begin(), out.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
  return out;
}

bool is_object(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '{';
}

#define SKIP_WITHOUT(list) \
  if ((list).empty())      \
  GTEST_SKIP() << "no recorded cases: set MILLRACE_TEST_DATA to the folder of test data"

/// An object, or null, which is a record without a value (R29).
bool is_record(const std::string& text) {
  return is_object(text) || text.find("null") == text.find_first_not_of(" \t\r\n");
}

TEST(JsonTestSuite, GoodObjectsDecodeAndOtherRootsAreNoRecords) {
  const auto good = cases("y_");
  SKIP_WITHOUT(good);
  size_t objects = 0;
  for (const Case& one : good) {
    const bool broken = decode_one({}, one.text) == Cells{"BROKEN"};
    EXPECT_EQ(broken, !is_record(one.text)) << one.name;
    objects += is_object(one.text);
  }
  EXPECT_GE(objects, 10u);
}

TEST(JsonTestSuite, GoodValuesCanBeReadAndValidated) {
  const auto good = cases("y_");
  SKIP_WITHOUT(good);
  const auto decoder = make_json_decoder({});
  for (const Case& one : good) {
    Padded padded;
    EXPECT_EQ(decoder->validate(padded.add(one.text)), "") << one.name;
    const std::string cell = cell_of(Type::kJsonb, one.text);
    const size_t first = one.text.find_first_not_of(" \t\r\n");
    const size_t last = one.text.find_last_not_of(" \t\r\n");
    const std::string trimmed = one.text.substr(first, last - first + 1);
    EXPECT_EQ(cell, trimmed == "null" ? "NULL" : trimmed) << one.name;
  }
}

TEST(JsonTestSuite, R46_BadTextsAreRefusedByFullValidation) {
  const auto bad = cases("n_");
  SKIP_WITHOUT(bad);
  EXPECT_GE(bad.size(), 180u);
  const auto decoder = make_json_decoder({});
  for (const Case& one : bad) {
    Padded padded;
    EXPECT_NE(decoder->validate(padded.add(one.text)), "") << one.name;
  }
}

TEST(JsonTestSuite, R46_BadTextsAreNoRecords) {
  const auto bad = cases("n_");
  SKIP_WITHOUT(bad);
  size_t unread = 0;
  for (const Case& one : bad) {
    if (decode_one({}, one.text) == Cells{"BROKEN"}) continue;
    // Only this one is bad in nothing but a token that nobody reads: {"a":/*comment*/"b"}.
    ++unread;
    EXPECT_EQ(one.name, "n_structure_object_with_comment.json") << one.text.substr(0, 80);
    EXPECT_EQ(decode_one({want("a", Type::kText)}, one.text), (Cells{"BROKEN"})) << one.name;
  }
  EXPECT_LE(unread, 1u);
}

TEST(JsonTestSuite, R46_BadScalarsAreBrokenWhenTheyAreRead) {
  auto bad = cases("n_number_");
  SKIP_WITHOUT(bad);
  for (const Case& one : cases("n_string_")) bad.push_back(one);
  for (const Case& one : cases("n_incomplete_")) bad.push_back(one);
  size_t read = 0;
  for (const Case& one : bad) {
    // `[VALUE]`: the value goes into a member. What is no such array is a matter of structure.
    if (one.text.size() < 2 || one.text.front() != '[' || one.text.back() != ']') continue;
    const std::string value = one.text.substr(1, one.text.size() - 2);
    if (value.empty()) continue;
    EXPECT_EQ(cell_of(Type::kJsonb, value), "BROKEN") << one.name;
    ++read;
  }
  EXPECT_GE(read, 60u);
}

TEST(JsonTestSuite, R46_BadArraysAreBrokenWhenTheyAreRead) {
  const auto bad = cases("n_array_");
  SKIP_WITHOUT(bad);
  for (const Case& one : bad) {
    EXPECT_EQ(cell_of(Type::kJsonb, one.text), "BROKEN")
        << one.name << ": " << one.text.substr(0, 80);
  }
}

TEST(JsonTestSuite, AllKernelsAgreeOnDoubtfulTexts) {
  const auto doubtful = cases("i_");
  SKIP_WITHOUT(doubtful);
  for (const Case& one : doubtful) {
    decode_one({}, one.text);  // Compares the kernels.
    cell_of(Type::kJsonb, one.text);
    cell_of(Type::kText, one.text);
  }
}

}  // namespace
}  // namespace millrace
