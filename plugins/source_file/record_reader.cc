#include "record_reader.h"

namespace millrace::file_source {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string name_of(const Place& place) {
  if (place.line == 0) return "byte " + std::to_string(place.offset);
  return "line " + std::to_string(place.line);
}

}  // namespace

Step RecordReader::read(const budget& b, emitter& out) {
  out.batch_flags(plan_.batch_flags);
  for (uint32_t done = 0; done < b.max_records;) {
    if (place_.offset == 0) skip_byte_order_mark();
    Found found = skipping_ ? find_end_of_long_line() : find(pending_.view(), ended_);
    if (found.what == What::kNeedsMore) {
      if (done > 0) return Step::kMore;  // A batch that leaves now beats a full one later.
      if (!skipping_ && is_hopeless()) {
        begin_long_line();
      } else if (const auto step = fill(b)) {
        return *step;
      }
      continue;
    }
    const std::string_view text = pending_.view().substr(0, found.bytes);
    if (found.what == What::kRecord) {
      if (without_line_end(text).size() > plan_.max_record) {
        found = {What::kBroken, found.bytes, {}, too_long()};
      } else if (done > 0 && out.bytes() + found.value.size() > b.max_bytes) {
        return Step::kMore;
      } else if (plan_.clock && !plan_.clock->due(found.value)) {
        return Step::kWaiting;
      }
    }
    take(found, text, out);
    pending_.consume(found.bytes);
    done += found.what != What::kNothing;
  }
  return Step::kMore;
}

void RecordReader::take(const Found& found, std::string_view text, emitter& out) {
  const Place before = place_;
  pass(text);
  if (found.what == What::kBroken) reject(found.why, before, text, out);
  if (found.what == What::kRecord) {
    out.append({.value = found.value, .partition = plan_.number, .position = place_.offset});
  }
}

/// Nullopt: look again.
std::optional<Step> RecordReader::fill(const budget& b) {
  if (ended_) return Step::kDry;
  const std::size_t want = std::max(kChunkBytes, pending_.size());
  const std::size_t got =
      pending_.grow(want, [this](char* to, std::size_t max) { return text_->read(to, max); });
  if (got == 0) {
    if (!plan_.tail_is_record) return Step::kDry;
    ended_ = true;
    return std::nullopt;
  }
  if (b.left().count() == 0) return Step::kMore;
  return std::nullopt;
}

void RecordReader::skip_byte_order_mark() {
  if (!pending_.view().starts_with(kByteOrderMark)) return;
  place_.offset = encoded_size(text_->encoding(), kByteOrderMark);
  pending_.consume(kByteOrderMark.size());
}

void RecordReader::pass(std::string_view text) {
  place_.offset += std::exchange(long_offset_, 0) + encoded_size(text_->encoding(), text);
  if (place_.line > 0) {
    place_.line += static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  }
}

/// Too long even if the last byte turns out to be half of a CRLF.
bool RecordReader::is_hopeless() const {
  return pending_.size() > plan_.max_record + 1;
}

void RecordReader::begin_long_line() {
  skipping_ = true;
  long_head_ = pending_.view().substr(0, kRejectBytesMax);
}

RecordReader::Found RecordReader::find_end_of_long_line() {
  const std::string_view text = pending_.view();
  const std::size_t end = text.find('\n');
  if (end != text.npos) return {What::kBroken, end + 1, {}, too_long()};
  if (ended_) return {What::kBroken, text.size(), {}, too_long()};
  long_offset_ += encoded_size(text_->encoding(), text);
  pending_.clear();
  return {};
}

void RecordReader::reject(const std::string& why, const Place& at, std::string_view text,
                          emitter& out) {
  const std::string_view bytes = skipping_ ? std::string_view(long_head_) : without_line_end(text);
  std::string reason = name_of(at) + ": " + why;
  if (skipping_ || bytes.size() > kRejectBytesMax) {
    reason += " (only its first " + std::to_string(kRejectBytesMax) + " bytes are kept)";
  }
  out.reject_bytes({.bytes = bytes.substr(0, kRejectBytesMax),
                    .partition = plan_.number,
                    .position = place_.offset},
                   reason);
  skipping_ = false;
  long_head_ = std::string();
}

std::string RecordReader::too_long() const {
  return "longer than max_record, " + std::to_string(plan_.max_record) + " bytes";
}

}  // namespace millrace::file_source
