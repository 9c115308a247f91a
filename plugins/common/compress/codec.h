#pragma once

/// Compressed files as streams of bytes, in both directions. A gzip file may hold several members
/// and a zstd file several frames, one behind the other: together they are one stream. That is what
/// lets a sink end a frame at each commit and cut the file there later.
/// Threads: one object is used by one thread.

#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace::compress {

enum class Compression { kNone, kGzip, kZstd };

/// "none", "gzip", "zstd"; nullopt for other words.
std::optional<Compression> compression_named(std::string_view name);
std::string_view name_of(Compression compression);

/// What the first bytes of a file say; nullopt = too few to tell. With `all` set no more will come.
std::optional<Compression> detect(std::string_view head, bool all);
/// The name of a compressed or binary format that is known but not read ("xz", "Parquet"…), or "".
std::string_view foreign_format(std::string_view head);

/// The data are not what they claim to be.
struct Corrupt : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Decodes from the front of `in` to the front of `out` and moves both past what was used. Comes
  /// back when `out` is full or `in` used up; then also with an empty `in`, if there was more to
  /// put out. Throws Corrupt.
  virtual void decode(std::string_view& in, std::span<char>& out) = 0;
  /// The data may end here: behind a frame, or before the first.
  virtual bool between_frames() const = 0;
};

class Compressor {
 public:
  virtual ~Compressor() = default;
  /// Adds what is ready to `out`.
  virtual void encode(std::string_view in, std::string& out) = 0;
  /// Everything so far can be decoded from what was put out. Without bytes since the last one:
  /// nothing.
  virtual void end_frame(std::string& out) = 0;
  /// Forgets a frame that was begun: its bytes are to be thrown away.
  virtual void reset() = 0;
};

/// Null for kNone.
std::unique_ptr<Decompressor> make_decompressor(Compression compression);
std::unique_ptr<Compressor> make_compressor(Compression compression);

std::unique_ptr<Decompressor> make_gunzip();
std::unique_ptr<Compressor> make_gzip();
std::unique_ptr<Decompressor> make_unzstd();
std::unique_ptr<Compressor> make_zstd();

}  // namespace millrace::compress
