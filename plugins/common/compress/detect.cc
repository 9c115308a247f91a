#include <utility>

#include "common/compress/codec.h"

namespace millrace::compress {
namespace {

using namespace std::string_view_literals;

constexpr std::pair<Compression, std::string_view> kNames[] = {
    {Compression::kNone, "none"}, {Compression::kGzip, "gzip"}, {Compression::kZstd, "zstd"}};

constexpr std::string_view kGzipMagic = "\x1f\x8b\x08"sv;
constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd"sv;
/// Behind a first byte 0x50 … 0x5f: a zstd frame that decoders skip.
constexpr std::string_view kSkippableMagic = "\x2a\x4d\x18"sv;

enum class Match { kNo, kPartly, kYes };

Match match(std::string_view head, std::string_view magic) {
  if (head.size() >= magic.size()) return head.starts_with(magic) ? Match::kYes : Match::kNo;
  return magic.starts_with(head) ? Match::kPartly : Match::kNo;
}

Match match_skippable(std::string_view head) {
  if (head.empty()) return Match::kPartly;
  const auto first = static_cast<unsigned char>(head[0]);
  return (first & 0xf0) == 0x50 ? match(head.substr(1), kSkippableMagic) : Match::kNo;
}

}  // namespace

std::optional<Compression> compression_named(std::string_view name) {
  for (const auto& [compression, known] : kNames) {
    if (known == name) return compression;
  }
  return std::nullopt;
}

std::string_view name_of(Compression compression) {
  for (const auto& [known, name] : kNames) {
    if (known == compression) return name;
  }
  return "";
}

std::optional<Compression> detect(std::string_view head, bool all) {
  const Match gzip = match(head, kGzipMagic);
  const Match zstd = match(head, kZstdMagic);
  const Match skippable = match_skippable(head);
  if (gzip == Match::kYes) return Compression::kGzip;
  if (zstd == Match::kYes || skippable == Match::kYes) return Compression::kZstd;
  const bool open = gzip == Match::kPartly || zstd == Match::kPartly || skippable == Match::kPartly;
  if (open && !all) return std::nullopt;
  return Compression::kNone;
}

std::string_view foreign_format(std::string_view head) {
  if (head.starts_with("\xfd"
                       "7zXZ\0"sv)) {
    return "xz";
  }
  if (head.size() >= 10 && head.starts_with("BZh") && head.substr(4, 6) == "1AY&SY"sv) {
    return "bzip2";
  }
  if (head.starts_with("PK\x03\x04"sv)) return "zip";
  if (head.starts_with("PAR1"sv)) return "Parquet";
  return "";
}

std::unique_ptr<Decompressor> make_decompressor(Compression compression) {
  if (compression == Compression::kGzip) return make_gunzip();
  if (compression == Compression::kZstd) return make_unzstd();
  return nullptr;
}

std::unique_ptr<Compressor> make_compressor(Compression compression) {
  if (compression == Compression::kGzip) return make_gzip();
  if (compression == Compression::kZstd) return make_zstd();
  return nullptr;
}

}  // namespace millrace::compress
