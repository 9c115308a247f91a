// Compressed files and files in other encodings.

#include "common/compress/codec.h"
#include "test_source.h"

namespace millrace::file_source {
namespace {

using compress::Compression;

std::string packed(Compression compression, std::initializer_list<std::string> frames) {
  const auto compressor = compress::make_compressor(compression);
  std::string out;
  for (const std::string& frame : frames) {
    compressor->encode(frame, out);
    compressor->end_frame(out);
  }
  return out;
}

/// Bytes that do not shrink to nothing.
std::string lines(int count) {
  std::string text;
  uint64_t x = 1;
  for (int i = 0; i < count; ++i) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    text += std::to_string(i) + "-" + std::to_string(x) + "\n";
  }
  return text;
}

class PackedFile : public ::testing::TestWithParam<Compression> {
 protected:
  ScratchDir dir_;
};

TEST_P(PackedFile, ReadsSeveralFramesAsOneText) {
  write_file(dir_ / "a", packed(GetParam(), {"1\n2", "2\n", "", "3\n"}));
  EXPECT_THAT(read_all(dir_ / "a"), ElementsAre("1", "22", "3"));
  EXPECT_THAT(read_all(dir_ / "a",
                       R"("compression": ")" + std::string(compress::name_of(GetParam())) + '"'),
              ElementsAre("1", "22", "3"));
}

TEST_P(PackedFile, ReadsTheSameAsThePlainFile) {
  write_file(dir_ / "plain", lines(40000));
  write_file(dir_ / "packed", packed(GetParam(), {lines(40000)}));
  EXPECT_EQ(read_all(dir_ / "packed"), read_all(dir_ / "plain"));
}

TEST_P(PackedFile, ResumesInTheMiddleAndAtTheEnd) {
  write_file(dir_ / "a", packed(GetParam(), {lines(5000)}));
  std::vector<std::string> got;
  test::bytes state;
  for (mr_rc rc = MR_MORE; rc != MR_END;) {
    harness h(component(), config_of(dir_ / "a"));
    h.open(state, 1);
    rc = h.poll(700);
    for (const std::string& value : values(h)) got.push_back(value);
    state = h.snapshot(1);
  }
  EXPECT_THAT(got, SizeIs(5000));
  append_file(dir_ / "a", packed(GetParam(), {"more\n"}));
  harness later(component(), config_of(dir_ / "a"));
  later.open(state, 2);
  later.poll_all();
  EXPECT_THAT(values(later), ElementsAre("more"));
}

TEST_P(PackedFile, RefusesACutFile) {
  const std::string whole = packed(GetParam(), {"1\n", lines(1000)});
  write_file(dir_ / "a", whole.substr(0, whole.size() - 5));
  harness h(component(), config_of(dir_ / "a"));
  h.open();
  EXPECT_THAT(failure_of([&] { h.poll_all(); }), HasSubstr("it is cut, or still being written"));
  EXPECT_EQ(h.out.rows.at(0).value, "1");
}

TEST_P(PackedFile, RefusesBrokenData) {
  std::string bytes = packed(GetParam(), {lines(10000)});
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 64; ++i) bytes[i] ^= 0x55;
  write_file(dir_ / "a", bytes);
  harness h(component(), config_of(dir_ / "a"));
  h.open();
  const std::string why = failure_of([&] { h.poll_all(); });
  EXPECT_THAT(
      why, HasSubstr("broken " + std::string(compress::name_of(GetParam())) + " data before byte"));
}

TEST_P(PackedFile, FollowsFrameByFrame) {
  write_file(dir_ / "a", packed(GetParam(), {"1\n"}));
  harness h(component(), config_of(dir_ / "a", R"("follow": true)"));
  h.open();
  const std::string rest = packed(GetParam(), {"2\n"});
  for (std::size_t half : {rest.size() / 2, rest.size()}) {
    h.poll_all();
    append_file(dir_ / "a",
                half < rest.size() ? rest.substr(0, half) : rest.substr(rest.size() / 2));
    usleep(220000);
  }
  h.poll_all();
  EXPECT_THAT(values(h), ElementsAre("1", "2"));
}

INSTANTIATE_TEST_SUITE_P(Codecs, PackedFile,
                         ::testing::Values(Compression::kGzip, Compression::kZstd),
                         [](const auto& info) {
                           return std::string(compress::name_of(info.param));
                         });

TEST(PackedFiles, NamesFormatsItCannotRead) {
  ScratchDir dir;
  write_file(dir / "a", std::string("\xfd"
                                    "7zXZ\0\0",
                                    7));
  harness h(component(), config_of(dir / "a"));
  h.open();
  EXPECT_THAT(failure_of([&] { h.poll_all(); }), HasSubstr("xz"));
}

TEST(PackedFiles, IgnoresZeroBytesBehindAGzipMember) {
  ScratchDir dir;
  write_file(dir / "a", packed(Compression::kGzip, {"1\n"}) + std::string(512, '\0'));
  EXPECT_THAT(read_all(dir / "a"), ElementsAre("1"));
}

std::string utf16(const std::u16string& text) {
  std::string bytes;
  for (const char16_t unit : text) {
    bytes += static_cast<char>(unit & 0xff);
    bytes += static_cast<char>(unit >> 8);
  }
  return bytes;
}

TEST(Encodings, ReadsUtf16WithPositionsOfTheFile) {
  ScratchDir dir;
  write_file(dir / "a", utf16(u"\ufeffgrün\r\n\U0001f600\n"));
  const std::string config = config_of(dir / "a", R"("format": "lines", "encoding": "utf-16le")");
  harness h(component(), config);
  h.open();
  h.poll(1);
  EXPECT_EQ(h.out.rows.at(0).position, 14u);
  harness rest(component(), config);
  rest.open(h.snapshot(1), 1);
  EXPECT_EQ(rest.poll_all(), MR_END);
  EXPECT_THAT(values(h), ElementsAre("grün"));
  EXPECT_THAT(values(rest), ElementsAre("😀"));
  EXPECT_EQ(rest.out.rows.at(0).position, 20u);
}

TEST(Encodings, RefusesHalfACharacterAndTheWrongEncoding) {
  ScratchDir dir;
  write_file(dir / "a", utf16(u"x\n") + "y");
  harness odd(component(), config_of(dir / "a", R"("encoding": "utf-16le")"));
  odd.open();
  EXPECT_THAT(failure_of([&] { odd.poll_all(); }), HasSubstr("in the middle of a character"));
  write_file(dir / "b", utf16(u"\ufeffx\n"));
  harness wrong(component(), config_of(dir / "b"));
  wrong.open();
  EXPECT_THAT(failure_of([&] { wrong.poll_all(); }), HasSubstr("utf-16le"));
}

TEST(Encodings, ConvertsLongTextsInPieces) {
  ScratchDir dir;
  std::string latin, utf8;
  for (int i = 0; i < 50000; ++i) {
    latin += std::to_string(i) + "\xe9\n";
    utf8 += std::to_string(i) + "é\n";
  }
  write_file(dir / "latin", latin);
  write_file(dir / "utf8", utf8);
  EXPECT_EQ(read_all(dir / "latin", R"("encoding": "latin1")"), read_all(dir / "utf8"));
}

}  // namespace
}  // namespace millrace::file_source
