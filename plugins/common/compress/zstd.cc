#include <zstd.h>

#include <new>

#include "common/compress/codec.h"

namespace millrace::compress {
namespace {

constexpr int kLevel = 3;

std::size_t checked(std::size_t result) {
  if (ZSTD_isError(result)) throw Corrupt(ZSTD_getErrorName(result));
  return result;
}

class Unzstd final : public Decompressor {
 public:
  Unzstd() : stream_(ZSTD_createDStream()) {
    if (!stream_) throw std::bad_alloc();
  }
  ~Unzstd() override { ZSTD_freeDStream(stream_); }
  Unzstd(const Unzstd&) = delete;
  Unzstd& operator=(const Unzstd&) = delete;

  void decode(std::string_view& in, std::span<char>& out) override {
    while (!out.empty() && (!in.empty() || holds_output_)) {
      ZSTD_inBuffer from{in.data(), in.size(), 0};
      ZSTD_outBuffer to{out.data(), out.size(), 0};
      const std::size_t more = checked(ZSTD_decompressStream(stream_, &to, &from));
      in.remove_prefix(from.pos);
      out = out.subspan(to.pos);
      between_ = more == 0;
      holds_output_ = !between_ && out.empty();
    }
  }
  bool between_frames() const override { return between_; }

 private:
  ZSTD_DStream* stream_;
  bool between_ = true;
  bool holds_output_ = false;  ///< The last call stopped because `out` was full.
};

class Zstd final : public Compressor {
 public:
  Zstd() : stream_(ZSTD_createCCtx()) {
    if (!stream_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(stream_, ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(stream_, ZSTD_c_checksumFlag, 1);
  }
  ~Zstd() override { ZSTD_freeCCtx(stream_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  void encode(std::string_view in, std::string& out) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    while (from.pos < from.size) {
      begun_ = true;
      run(from, ZSTD_e_continue, out);
    }
  }
  void end_frame(std::string& out) override {
    if (!begun_) return;
    ZSTD_inBuffer nothing{nullptr, 0, 0};
    while (run(nothing, ZSTD_e_end, out) > 0) {
    }
    begun_ = false;
  }
  void reset() override {
    ZSTD_CCtx_reset(stream_, ZSTD_reset_session_only);
    begun_ = false;
  }

 private:
  std::size_t run(ZSTD_inBuffer& from, ZSTD_EndDirective what, std::string& out) {
    char chunk[16384];
    ZSTD_outBuffer to{chunk, sizeof chunk, 0};
    const std::size_t left = checked(ZSTD_compressStream2(stream_, &to, &from, what));
    out.append(chunk, to.pos);
    return left;
  }

  ZSTD_CCtx* stream_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> make_unzstd() { return std::make_unique<Unzstd>(); }
std::unique_ptr<Compressor> make_zstd() { return std::make_unique<Zstd>(); }

}  // namespace millrace::compress
