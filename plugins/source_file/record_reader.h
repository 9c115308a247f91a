#pragma once

/// From the text of one file to records. This class keeps the place, the budget, the pace and the
/// limits; a format says where a record ends and what its value is.

#include "gate.h"
#include "pending_text.h"
#include "text_stream.h"

namespace millrace::file_source {

/// Behind the last record (or reject) of a file.
struct Place {
  uint64_t offset = 0;  ///< In bytes of the unpacked file.
  uint64_t line = 1;    ///< From 1; 0 = not known, after a seek.
};

enum class Step {
  kMore,     ///< Budget used, or enough for one batch.
  kWaiting,  ///< The next record is not due yet.
  kDry,      ///< Everything that is there was read.
};

struct ReaderPlan {
  uint32_t number = 0;         ///< Of the file.
  bool tail_is_record = true;  ///< What stands behind the last line end counts as a line.
  uint64_t max_record = 0;
  Gate* gate = nullptr;                 ///< Null: as fast as taken.
  std::size_t chunk_bytes = 256 << 10;  ///< Read at once.
  uint32_t batch_flags = 0;
};

class RecordReader {
 public:
  /// The stream stands at `place`.
  RecordReader(std::unique_ptr<TextStream> text, Place place, const ReaderPlan& plan)
      : text_(std::move(text)), place_(place), plan_(plan) {}
  virtual ~RecordReader() = default;
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  virtual Step read(const budget& b, emitter& out);
  /// Where to resume.
  virtual Place place() const { return place_; }
  TextStream& text() { return *text_; }

 protected:
  enum class What { kNeedsMore, kNothing, kRecord, kBroken };
  /// What stands at the front of the pending text.
  struct Found {
    What what = What::kNeedsMore;
    std::size_t bytes = 0;     ///< With its line end.
    std::string_view value{};  ///< Of a record; lent until the next call.
    std::string why{};         ///< It is broken.
  };
  /// `last`: no text will follow. `text` may be empty only then.
  virtual Found find(std::string_view text, bool last) = 0;

  std::string too_long() const;
  bool is_hopeless() const;
  /// Bytes of the longest record that is allowed, with a line end.
  virtual std::size_t record_room() const { return plan_.max_record + kLineEndMax; }

  static constexpr std::size_t kLineEndMax = 2;
  static constexpr std::size_t kRejectBytesMax = 64 << 10;

  std::unique_ptr<TextStream> text_;
  Place place_;
  const ReaderPlan plan_;
  PendingText pending_;
  bool ended_ = false;     ///< The stream gave 0 and its tail counts.
  bool skipping_ = false;  ///< Inside of a line that is too long.

 private:
  std::optional<Step> fill(const budget& b);
  Found find_end_of_long_line();
  void keep_long_head(std::string_view text);
  void skip_byte_order_mark();
  void take(const Found& found, std::string_view text, emitter& out);
  void pass(std::string_view text);
  void reject(const std::string& why, const Place& at, std::string_view text, emitter& out);

  std::string long_head_;     ///< The first bytes of the line that is being skipped.
  uint64_t long_offset_ = 0;  ///< Bytes of the file skipped so far.
};

/// JSON lines and plain lines.
class LineReader final : public RecordReader {
 public:
  /// `keep_empty`: an empty line is a record.
  LineReader(std::unique_ptr<TextStream> text, Place place, const ReaderPlan& plan, bool keep_empty)
      : RecordReader(std::move(text), place, plan), keep_empty_(keep_empty) {}

  Step read(const budget& b, emitter& out) override;

 protected:
  Found find(std::string_view text, bool last) override;

 private:
  bool can_read_room() const;
  Step read_room(const budget& b, emitter& out);
  std::size_t take_lines(std::string_view text, const budget& b, value_room& room);

  bool keep_empty_;
  uint32_t usual_records_ = 1024;  ///< In one room.
};

}  // namespace millrace::file_source
