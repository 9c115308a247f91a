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
    if (place_.offset == 0 && !skipping_) skip_byte_order_mark();
    Found found = skipping_ ? find_end_of_long_line() : find(pending_.view(), ended_);
    if (found.what == What::kNeedsMore) {
      if (done > 0) return Step::kMore;  // A batch that leaves now beats a full one later.
      if (!skipping_ && is_hopeless()) {
        skipping_ = true;
      } else if (const auto step = fill(b)) {
        return *step;
      }
      continue;
    }
    const std::string_view text = pending_.view().substr(0, found.bytes);
    // Too long comes first, so that nothing depends on how the file was cut into reads.
    if (found.what != What::kNothing && without_line_end(text).size() > plan_.max_record) {
      found = {What::kBroken, found.bytes, {}, too_long()};
    }
    if (found.what == What::kRecord) {
      if (out.records() > 0 && out.bytes() + found.value.size() > b.max_bytes) return Step::kMore;
      if (plan_.gate && !plan_.gate->may_go(found.value)) return Step::kWaiting;
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
  const std::size_t want = std::max(plan_.chunk_bytes, pending_.size());
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

/// Too long even if the last bytes turn out to be a CRLF.
bool RecordReader::is_hopeless() const { return pending_.size() >= record_room(); }

RecordReader::Found RecordReader::find_end_of_long_line() {
  const std::string_view text = pending_.view();
  const std::size_t end = text.find('\n');
  if (end != text.npos) return {What::kBroken, end + 1, {}, too_long()};
  if (ended_) return {What::kBroken, text.size(), {}, too_long()};
  keep_long_head(text);
  long_offset_ += encoded_size(text_->encoding(), text);
  pending_.clear();
  return {};
}

/// With room for a line end, which is taken off once all is there.
void RecordReader::keep_long_head(std::string_view text) {
  long_head_.append(text.substr(0, kRejectBytesMax + kLineEndMax - long_head_.size()));
}

void RecordReader::reject(const std::string& why, const Place& at, std::string_view text,
                          emitter& out) {
  if (skipping_) keep_long_head(text);
  const std::string_view bytes = without_line_end(skipping_ ? std::string_view(long_head_) : text);
  std::string reason = name_of(at) + ": " + why;
  if (bytes.size() > kRejectBytesMax) {
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
