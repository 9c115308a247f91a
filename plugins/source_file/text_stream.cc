#include "text_stream.h"

#include <cstring>

namespace millrace::file_source {
namespace {

constexpr std::size_t kPackedBytes = 128 << 10;
constexpr std::size_t kEncodedBytes = 64 << 10;
constexpr std::size_t kLongestMagic = 16;

}  // namespace

TextStream::TextStream(RawFile file, const Settings& settings)
    : file_(std::move(file)),
      encoding_(settings.encoding),
      compression_(settings.compression),
      follow_(settings.follow) {
  if (compression_) decompressor_ = compress::make_decompressor(*compression_);
}

/// False: the file is too short to tell, and may still grow.
bool TextStream::settle_compression() {
  if (compression_) return true;
  const std::string seen = file_.head(kLongestMagic);
  if (const auto foreign = compress::foreign_format(seen); !foreign.empty()) {
    throw config_error(file_.path() + ": is a " + std::string(foreign) +
                       " file, which cannot be read; unpack or convert it first");
  }
  if (encoding_ != Encoding::kUtf16le &&
      (seen.starts_with("\xff\xfe") || seen.starts_with("\xfe\xff"))) {
    throw config_error(file_.path() +
                       ": is UTF-16; for little-endian set \"encoding\": \"utf-16le\"");
  }
  compression_ = compress::detect(seen, !follow_);
  if (!compression_) return false;
  decompressor_ = compress::make_decompressor(*compression_);
  return true;
}

std::size_t TextStream::read(char* to, std::size_t max) {
  if (!settle_compression()) return 0;
  return encoding_ == Encoding::kUtf8 ? read_unpacked(to, max) : read_decoded(to, max);
}

std::size_t TextStream::read_packed(std::string& buffer) {
  buffer.resize(kPackedBytes);
  buffer.resize(file_.read(buffer.data(), buffer.size()));
  return buffer.size();
}

std::size_t TextStream::read_unpacked(char* to, std::size_t max) {
  if (!decompressor_) return file_.read(to, max);
  std::span<char> room(to, max);
  try {
    while (!room.empty()) {
      const std::size_t before = room.size();
      decompressor_->decode(packed_rest_, room);
      if (room.empty() || !packed_rest_.empty()) continue;
      const bool more = read_packed(packed_) > 0;
      packed_rest_ = packed_;
      if (!more && room.size() == before) break;
    }
  } catch (const compress::Corrupt& broken) {
    const std::string what = file_.path() + ": broken " +
                             std::string(compress::name_of(*compression_)) + " data before byte " +
                             std::to_string(file_.offset()) + ": " + broken.what();
    throw fatal(what);
  }
  return max - room.size();
}

std::size_t TextStream::read_decoded(char* to, std::size_t max) {
  std::span<char> room(to, max);
  const auto convert = [&](bool last) {
    std::string_view in = std::string_view(encoded_).substr(encoded_rest_);
    to_utf8(encoding_, in, room, last);
    encoded_rest_ = encoded_.size() - in.size();
  };
  convert(false);
  while (room.size() == max) {
    encoded_.erase(0, std::exchange(encoded_rest_, 0));
    const std::size_t had = encoded_.size();
    encoded_.resize(had + kEncodedBytes);
    const std::size_t got = read_unpacked(encoded_.data() + had, kEncodedBytes);
    encoded_.resize(had + got);
    convert(got == 0 && !follow_);
    if (got == 0) break;
  }
  return max - room.size();
}

void TextStream::go_to(uint64_t offset, const context& ctx) {
  if (offset == 0 || !settle_compression()) return;
  if (!decompressor_) return file_.seek(offset);
  std::string thrown_away(kPackedBytes, '\0');
  for (uint64_t left = offset; left > 0;) {
    if (ctx.cancelled()) throw cancelled();
    const std::size_t want = std::min<uint64_t>(left, thrown_away.size());
    const std::size_t got = read_unpacked(thrown_away.data(), want);
    if (got == 0) {
      throw fatal(file_.path() + ": ends before byte " + std::to_string(offset) +
                  " (unpacked), where the last run stopped; start again with --fresh");
    }
    left -= got;
  }
}

void TextStream::check_complete() const {
  if (decompressor_ && !decompressor_->between_frames()) {
    throw fatal(file_.path() + ": ends inside a " + std::string(compress::name_of(*compression_)) +
                " frame at byte " + std::to_string(file_.offset()) +
                ": it is cut, or still being written");
  }
  if (encoded_rest_ < encoded_.size()) {
    throw fatal(file_.path() + ": ends in the middle of a character; is its encoding utf-16le?");
  }
}

}  // namespace millrace::file_source
