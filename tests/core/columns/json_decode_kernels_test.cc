// The kernels of simdjson are one decoder: same cells, same broken rows, whatever comes.
#include <random>

#include "decoding.h"

namespace millrace {
namespace {

/// Random JSON around the wanted paths, often well formed, often not.
class RandomRecords {
 public:
  explicit RandomRecords(uint64_t seed) : random_(seed) {}

  std::string record() {
    std::string out = object(3);
    if (pick(3) != 0) return out;
    for (size_t hits = pick(3) + 1; hits > 0 && !out.empty(); --hits) damage(out);
    return out;
  }

 private:
  size_t pick(size_t below) { return random_() % below; }

  std::string key() {
    static const std::string kKeys[] = {"a",        "b",         "o",     "abcdefg",
                                        "abcdefgh", "abcdefghi", "z",     "\\u0061",
                                        "q\\\"",    "",          "größe", "abcdefgh\\u0069"};
    return '"' + kKeys[pick(std::size(kKeys))] + '"';
  }

  std::string scalar() {
    static const std::string kScalars[] = {"0",
                                           "-1",
                                           "1.0",
                                           "1e3",
                                           "9223372036854775808",
                                           "01",
                                           "1.5",
                                           "null",
                                           "true",
                                           "nul",
                                           "\"\"",
                                           "\"x\"",
                                           "\"\\u00e9\"",
                                           "\"\\ud834\\udd1e\"",
                                           "-0.0e1",
                                           "tru",
                                           "\"12\"",
                                           "1700000000",
                                           "\"1970-01-01T00:00:00Z\"",
                                           "\"\\ud800\"",
                                           "\"größe\""};
    return kScalars[pick(std::size(kScalars))];
  }

  std::string value(int depth) {
    const size_t kind = depth > 0 ? pick(5) : 0;
    if (kind == 3) return object(depth - 1);
    if (kind != 4) return scalar();
    std::string out = "[";
    for (size_t i = pick(4); i > 0; --i) out += value(depth - 1) + (i > 1 ? "," : "");
    return out + "]";
  }

  std::string object(int depth) {
    std::string out = "{";
    for (size_t i = pick(6); i > 0; --i) {
      out += std::string(pick(3), ' ') + key() + ":" + value(depth) + (i > 1 ? "," : "");
    }
    return out + "}" + std::string(pick(2), ' ');
  }

  void damage(std::string& text) {
    static const std::string kBytes = "{}[]\",:\\ \n\x01\xff\x80u0a-.e";
    const size_t at = pick(text.size());
    switch (pick(3)) {
      case 0: text[at] = kBytes[pick(kBytes.size())]; break;
      case 1: text.erase(at, 1); break;
      default: text.insert(at, 1, kBytes[pick(kBytes.size())]); break;
    }
  }

  std::mt19937_64 random_;
};

TEST(JsonDecoder, AllKernelsAgreeOnRandomRecords) {
  if (kernels().size() < 2) GTEST_SKIP() << "this processor runs one kernel only";
  const std::vector<WantedField> wanted = {want("a", Type::kInt8),
                                           want("a", Type::kJsonb),
                                           want("b", Type::kText),
                                           want("o", Type::kJsonb),
                                           want("o.a", Type::kFloat8),
                                           want("o.o.b", Type::kBool),
                                           want("abcdefg", Type::kInt4),
                                           want("abcdefgh", Type::kTimestamptz),
                                           want("abcdefghi", Type::kText),
                                           want("b", Type::kTimestamptz, CellFormat::kTimeSeconds),
                                           {{""}, Type::kText},
                                           {{"q\""}, Type::kInt8}};
  RandomRecords random(20'240'607);
  std::vector<std::string> records;
  for (int i = 0; i < 20'000; ++i) records.push_back(random.record());
  const Decoded out = decode(wanted, records);
  size_t broken = 0;
  for (const std::string& reason : out.reasons) broken += !reason.empty();
  // The mixture is worth something only if both kinds are in it.
  EXPECT_GT(broken, records.size() / 10);
  EXPECT_LT(broken, records.size() * 9 / 10);
}

TEST(JsonDecoder, ARecordDecodesAloneAsAmongOthers) {
  const std::vector<WantedField> wanted = {want("a", Type::kInt8), want("o.b", Type::kText),
                                           want("o", Type::kJsonb)};
  RandomRecords random(7);
  std::vector<std::string> records;
  for (int i = 0; i < 1000; ++i) records.push_back(random.record());
  const Decoded together = decode(wanted, records);
  const auto decoder = make_json_decoder(wanted);
  for (size_t i = 0; i < records.size(); ++i) {
    const Decoded alone = decode_with(*decoder, wanted.size(), {records[i]});
    ASSERT_EQ(alone.rows[0], together.rows[i]) << records[i];
    ASSERT_EQ(alone.reasons[0], together.reasons[i]) << records[i];
  }
}

}  // namespace
}  // namespace millrace
