#pragma once

/// The mr_out of tests: copies everything that a component puts out, and judges it. What a real
/// host would refuse is refused here with the same code, and noted in `faults`.

#include <millrace/testing/records.hpp>

namespace millrace {
inline namespace sdk_v1 {
namespace test {

class output {
 public:
  std::vector<row> rows;
  std::vector<refused> rejects;
  std::vector<lost> gaps;
  std::vector<partition_event> events;
  std::vector<std::string> faults;  ///< Broken promises, as sentences.

  output() {
    abi_ = {sizeof(mr_out), 0,      this,   pass,   select,       reserve,
            reserve_value,  commit, donate, reject, reject_bytes, gap};
  }
  output(const output&) = delete;
  output& operator=(const output&) = delete;
  mr_out* abi() { return &abi_; }
  static output& of(mr_out* out) { return *static_cast<output*>(out->self); }

  void clear() {
    rows.clear();
    rejects.clear();
    gaps.clear();
    events.clear();
    faults.clear();
  }

 private:
  mr_rc fault(const char* text) {
    faults.emplace_back(text);
    return MR_E_CONTRACT;
  }
  mr_rc add(const mr_batch& batch) {
    for (uint32_t i = 0; i < batch.count; ++i) rows.push_back(row_of(batch_view(batch), i));
    return MR_OK;
  }

  static mr_rc pass(mr_out* out, const mr_batch* in) noexcept { return of(out).add(*in); }
  static mr_rc select(mr_out* out, const mr_batch* in, const uint32_t* idx, uint32_t n) noexcept {
    for (uint32_t i = 0; i < n; ++i) {
      if (idx[i] >= in->count) return of(out).fault("select: index beyond the batch");
      if (i > 0 && idx[i] <= idx[i - 1]) return of(out).fault("select: indices do not increase");
    }
    for (uint32_t i = 0; i < n; ++i) of(out).rows.push_back(row_of(batch_view(*in), idx[i]));
    return MR_OK;
  }
  static mr_rc reserve(mr_out* out, const mr_need* need, mr_room* to) noexcept {
    return of(out).lend(*need, *to, nullptr);
  }
  static mr_rc reserve_value(mr_out* out, const mr_batch* in, uint64_t value_bytes,
                             mr_room* to) noexcept {
    return of(out).lend({sizeof(mr_need), in->count, 0, 0, 0, 0, 0, value_bytes, 0}, *to, in);
  }

  /// Memory of exactly the size asked for, so that a sanitizer sees the first byte beyond it.
  mr_rc lend(const mr_need& need, mr_room& to, const mr_batch* in) {
    if (need.struct_size < sizeof need || to.struct_size < sizeof to) {
      return fault("reserve: struct_size is too small");
    }
    need_ = need;
    rewritten_ = in;
    auto size = [this](uint32_t column, uint64_t n) { return need_.columns & column ? n : 0; };
    const uint32_t n = need.records;
    value_.resize(need.value_bytes);
    value_spans_.resize(n);
    key_.resize(size(MR_COL_KEY, need.key_bytes));
    key_spans_.resize(size(MR_COL_KEY, n));
    header_.resize(size(MR_COL_HEADERS, need.header_bytes));
    headers_.resize(size(MR_COL_HEADERS, need.headers));
    first_.resize(size(MR_COL_HEADERS, n + 1));
    time_.resize(size(MR_COL_TIME, n));
    partition_.resize(size(MR_COL_PARTITION, n));
    position_.resize(size(MR_COL_POSITION, n));
    origin_.resize(size(MR_COL_ORIGIN, n));
    hash_.resize(size(MR_COL_DEDUPE, n));
    hash_time_.resize(size(MR_COL_DEDUPE, n));
    hash_group_.resize(size(MR_COL_DEDUPE, n));
    auto at = [](auto& column) { return column.empty() ? nullptr : column.data(); };
    to = {sizeof to,   n,          at(key_),       at(key_spans_), value_.data(),  at(value_spans_),
          at(header_), at(first_), at(headers_),   at(time_),      at(partition_), at(position_),
          at(origin_), at(hash_),  at(hash_time_), at(hash_group_)};
    lent_ = true;
    return MR_OK;
  }

  static bool inside(mr_span span, std::size_t size) {
    return span.len == MR_NULL_LEN || uint64_t{span.off} + span.len <= size;
  }
  static bytes text(const std::vector<uint8_t>& arena, mr_span span) {
    if (span.len == MR_NULL_LEN) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(arena.data()) + span.off, span.len);
  }
  const char* judge(uint32_t n) const {
    if (n > need_.records) return "commit: more records than the room has";
    for (uint32_t i = 0; i < n; ++i) {
      if (!inside(value_spans_[i], value_.size())) return "commit: value span outside of the room";
      if (!key_spans_.empty() && !inside(key_spans_[i], key_.size())) {
        return "commit: key span outside of the room";
      }
      if (!first_.empty() && (first_[0] != 0 || first_[i] > first_[i + 1])) {
        return "commit: header_first is out of order";
      }
    }
    if (first_.empty()) return nullptr;
    if (first_[n] > headers_.size()) return "commit: more headers than the room has";
    for (uint32_t h = 0; h < first_[n]; ++h) {
      if (headers_[h].name.len == MR_NULL_LEN || !inside(headers_[h].name, header_.size()) ||
          !inside(headers_[h].value, header_.size())) {
        return "commit: header outside of the room";
      }
    }
    return nullptr;
  }
  static mr_rc commit(mr_out* out, uint32_t n) noexcept {
    output& o = of(out);
    if (!std::exchange(o.lent_, false)) return o.fault("commit: no room was reserved");
    if (const char* why = o.judge(n)) return o.fault(why);
    for (uint32_t i = 0; i < n; ++i) o.rows.push_back(o.lent_row(i));
    return MR_OK;
  }
  row lent_row(uint32_t i) const {
    row r = rewritten_ ? row_of(batch_view(*rewritten_), i) : row{};
    r.value = text(value_, value_spans_[i]);
    r.flags = need_.batch_flags;
    if (rewritten_) return r;
    if (!key_spans_.empty()) r.key = text(key_, key_spans_[i]);
    if (!time_.empty()) r.time_us = time_[i];
    if (!partition_.empty()) r.partition = partition_[i];
    if (!position_.empty()) r.position = position_[i];
    if (!hash_.empty()) r.dedupe_hash = hash_[i];
    for (uint32_t h = first_.empty() ? 0 : first_[i]; !first_.empty() && h < first_[i + 1]; ++h) {
      r.headers.emplace_back(*text(header_, headers_[h].name), text(header_, headers_[h].value));
    }
    return r;
  }

  static mr_rc donate(mr_out* out, mr_batch* batch) noexcept {
    output& o = of(out);
    const char* why = nullptr;
    if (batch->struct_size < MR_BATCH_MIN_SIZE) return o.fault("donate: struct_size is too small");
    for (uint32_t i = 0; i < batch->count; ++i) {
      if (batch->value.spans && !inside(batch->value.spans[i], batch->value.size)) why = "value";
      if (batch->key.spans && !inside(batch->key.spans[i], batch->key.size)) why = "key";
    }
    const mr_rc rc = why ? o.fault("donate: span outside of its arena") : o.add(*batch);
    batch->release(batch);
    return rc;
  }
  static mr_rc reject(mr_out* out, const mr_batch* in, uint32_t index, mr_rc rc,
                      mr_str why) noexcept {
    output& o = of(out);
    if (in && index >= in->count) return o.fault("reject: index beyond the batch");
    if (rc >= 0) return o.fault("reject: the code is not an error");
    refused r{.index = index, .rc = rc, .why = std::string(detail::from_abi(why))};
    if (in) {
      const row which = row_of(batch_view(*in), index);
      r.bytes = which.value.value_or("");
      r.partition = which.partition;
      r.position = which.position;
    }
    r.after_rows = o.rows.size();
    o.rejects.push_back(std::move(r));
    return MR_OK;
  }
  static mr_rc reject_bytes(mr_out* out, uint32_t partition, uint64_t position, int64_t,
                            mr_str text, mr_rc rc, mr_str why) noexcept {
    output& o = of(out);
    if (rc >= 0) return o.fault("reject_bytes: the code is not an error");
    o.rejects.push_back({.bytes = std::string(detail::from_abi(text)),
                         .partition = partition,
                         .position = position,
                         .rc = rc,
                         .why = std::string(detail::from_abi(why)),
                         .after_rows = o.rows.size()});
    return MR_OK;
  }
  static mr_rc gap(mr_out* out, const mr_gap* g) noexcept {
    of(out).gaps.push_back({g->partition, g->from_position, g->to_position, g->estimated != 0,
                            std::string(detail::from_abi(g->reason))});
    return MR_OK;
  }

  mr_out abi_{};
  bool lent_ = false;
  mr_need need_{};
  const mr_batch* rewritten_ = nullptr;
  std::vector<uint8_t> value_, key_, header_;
  std::vector<mr_span> value_spans_, key_spans_;
  std::vector<mr_header> headers_;
  std::vector<uint32_t> first_, partition_, origin_, hash_group_;
  std::vector<int64_t> time_, hash_time_;
  std::vector<uint64_t> position_, hash_;
};

}  // namespace test
}  // namespace sdk_v1
}  // namespace millrace
