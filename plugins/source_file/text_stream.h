#pragma once

/// The text of one file: unpacked and as UTF-8, front to back, into memory of the caller. A plain
/// UTF-8 file goes straight from read(2) to where its records will stay.

#include <memory>

#include "raw_file.h"

namespace millrace::file_source {

class TextStream {
 public:
  TextStream(RawFile file, const Settings& settings);

  /// Up to `max` bytes; `max` at least 16. 0 = nothing more at present.
  std::size_t read(char* to, std::size_t max);
  /// Before the first read: goes on at byte `offset` of the unpacked file. A packed file is
  /// unpacked up to there; gives up if `ctx` is cancelled.
  void go_to(uint64_t offset, const context& ctx);
  /// Nothing more will come: throws if the file ends inside a compressed frame or a character.
  void check_complete() const;

  RawFile& file() { return file_; }
  Encoding encoding() const { return encoding_; }

 private:
  bool settle_compression();
  std::size_t read_unpacked(char* to, std::size_t max);
  std::size_t read_decoded(char* to, std::size_t max);
  std::size_t read_packed(std::string& buffer);

  RawFile file_;
  Encoding encoding_;
  std::optional<compress::Compression> compression_;  ///< nullopt: not known yet.
  bool follow_;
  std::unique_ptr<compress::Decompressor> decompressor_;
  std::string packed_;            ///< As read from the file.
  std::string_view packed_rest_;  ///< What of it is not unpacked yet.
  std::string encoded_;           ///< Unpacked, in the file's encoding.
  std::size_t encoded_rest_ = 0;  ///< Where in it the unconverted bytes begin.
};

}  // namespace millrace::file_source
