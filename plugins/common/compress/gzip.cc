#include <zlib.h>

#include <algorithm>
#include <climits>
#include <new>

#include "common/compress/codec.h"

namespace millrace::compress {
namespace {

constexpr int kWindowBits = 15;
constexpr int kGzipFormat = 16;  // Added to the window bits: gzip instead of zlib's own frame.
constexpr int kLevel = 6;
constexpr int kMemoryLevel = 8;

uInt clamp_size(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, UINT_MAX));
}

Bytef* bytes_of(const char* text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text));  // zlib reads, in spite of its type.
}

class Gunzip final : public Decompressor {
 public:
  Gunzip() {
    if (inflateInit2(&stream_, kWindowBits + kGzipFormat) != Z_OK) throw std::bad_alloc();
  }
  ~Gunzip() override { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  void decode(std::string_view& in, std::span<char>& out) override {
    while (!out.empty()) {
      if (between_) skip_padding(in);
      if (in.empty() && !holds_output_) return;
      inflate_some(in, out);
    }
  }
  bool between_frames() const override { return between_; }

 private:
  /// Tape blocks and some tools fill the end of a file with zero bytes, which gzip(1) ignores.
  void skip_padding(std::string_view& in) {
    if (members_ == 0) return;
    in.remove_prefix(std::min(in.find_first_not_of('\0'), in.size()));
  }
  void inflate_some(std::string_view& in, std::span<char>& out) {
    stream_.next_in = bytes_of(in.data());
    stream_.avail_in = clamp_size(in.size());
    stream_.next_out = bytes_of(out.data());
    stream_.avail_out = clamp_size(out.size());
    const uInt had_in = stream_.avail_in, had_out = stream_.avail_out;
    const int rc = inflate(&stream_, Z_NO_FLUSH);
    in.remove_prefix(had_in - stream_.avail_in);
    out = out.subspan(had_out - stream_.avail_out);
    if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
      throw Corrupt(stream_.msg ? stream_.msg : "broken gzip data");
    }
    between_ = rc == Z_STREAM_END;
    holds_output_ = !between_ && out.empty();
    if (!between_) return;
    ++members_;
    inflateReset(&stream_);
  }

  z_stream stream_{};
  uint64_t members_ = 0;
  bool between_ = true;
  bool holds_output_ = false;  ///< The last call stopped because `out` was full.
};

class Gzip final : public Compressor {
 public:
  Gzip() {
    if (deflateInit2(&stream_, kLevel, Z_DEFLATED, kWindowBits + kGzipFormat, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Gzip() override { deflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void encode(std::string_view in, std::string& out) override {
    while (!in.empty()) {
      const std::string_view piece = in.substr(0, UINT_MAX);
      in.remove_prefix(piece.size());
      begun_ = true;
      stream_.next_in = bytes_of(piece.data());
      stream_.avail_in = static_cast<uInt>(piece.size());
      run(Z_NO_FLUSH, out);
    }
  }
  void end_frame(std::string& out) override {
    if (!begun_) return;
    stream_.avail_in = 0;
    run(Z_FINISH, out);
    reset();
  }
  void reset() override {
    deflateReset(&stream_);
    begun_ = false;
  }

 private:
  void run(int flush, std::string& out) {
    char chunk[16384];
    do {
      stream_.next_out = bytes_of(chunk);
      stream_.avail_out = sizeof chunk;
      deflate(&stream_, flush);
      out.append(chunk, sizeof chunk - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_gunzip() { return std::make_unique<Gunzip>(); }
std::unique_ptr<Compressor> make_gzip() { return std::make_unique<Gzip>(); }

}  // namespace millrace::compress
