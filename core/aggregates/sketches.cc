// Sketches: answers with a stated error in little memory. All merge, and the state of a set of
// values does not depend on the order or the split they came in, but for approx_top.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "aggregates/state.h"
#include "base/hash.h"
#include "columns/packed_values.h"

namespace millrace {
namespace {

using View = std::string_view;

/// HyperLogLog with 2^12 registers: standard error 1.04 / 64 = 1.6 %. Up to 256 different values
/// their hashes are kept, and the answer is exact (but for colliding hashes).
class DistinctCount {
 public:
  void add(uint64_t hash) {
    if (!registers_.empty()) return raise(hash);
    exact_.insert(hash);
    if (exact_.size() > kExactMax) become_sketch();
  }
  void merge(const DistinctCount& from) {
    if (!from.registers_.empty()) {
      if (registers_.empty()) become_sketch();
      for (size_t i = 0; i < kRegisters; ++i)
        registers_[i] = std::max(registers_[i], from.registers_[i]);
    }
    for (const uint64_t hash : from.exact_) add(hash);
  }
  void emit(Column& out, RowErrors&) const {
    append_int(out, registers_.empty() ? static_cast<int64_t>(exact_.size()) : estimate());
  }
  void encode(std::string& out) const {
    put(out, static_cast<uint8_t>(!registers_.empty()));
    if (!registers_.empty()) {
      out.append(reinterpret_cast<const char*>(registers_.data()), kRegisters);
      return;
    }
    std::vector<uint64_t> sorted(exact_.begin(), exact_.end());
    std::sort(sorted.begin(), sorted.end());
    put(out, static_cast<uint32_t>(sorted.size()));
    for (const uint64_t hash : sorted) put(out, hash);
  }
  bool decode(std::string_view& in) {
    bool sketch = false;
    uint32_t size = 0;
    if (!take_flag(in, sketch)) return false;
    if (sketch) {
      if (in.size() < kRegisters) return false;
      registers_.assign(in.begin(), in.begin() + kRegisters);
      in.remove_prefix(kRegisters);
      return true;
    }
    if (!take(in, size) || size > kExactMax) return false;
    for (uint64_t hash = 0; size > 0; --size) {
      if (!take(in, hash)) return false;
      exact_.insert(hash);
    }
    return true;
  }

 private:
  static constexpr size_t kBits = 12, kRegisters = size_t{1} << kBits, kExactMax = 256;
  static constexpr int kRankMax = 64 - kBits + 1;

  void raise(uint64_t hash) {
    const int rank = std::min(std::countl_zero(hash << kBits) + 1, kRankMax);
    uint8_t& held = registers_[hash >> (64 - kBits)];
    held = std::max(held, static_cast<uint8_t>(rank));
  }
  void become_sketch() {
    registers_.assign(kRegisters, 0);
    for (const uint64_t hash : exact_) raise(hash);
    exact_.clear();
  }
  /// Ertl's estimator (arXiv 1702.01284): no bias at either end, no tables.
  int64_t estimate() const {
    std::array<double, kRankMax + 1> counts{};
    for (const uint8_t rank : registers_) counts[std::min<size_t>(rank, kRankMax)] += 1;
    const double m = kRegisters;
    double z = m * tau(1 - counts[kRankMax] / m);
    for (int rank = kRankMax - 1; rank >= 1; --rank)
      z = 0.5 * (z + counts[static_cast<size_t>(rank)]);
    z += m * sigma(counts[0] / m);
    return std::llround(m * m / (2 * std::log(2.0)) / z);
  }
  static double sigma(double x) {
    if (x == 1) return INFINITY;
    double y = 1, z = x, before = 0;
    do {
      x *= x;
      before = z;
      z += x * y;
      y += y;
    } while (z != before);
    return z;
  }
  static double tau(double x) {
    if (x == 0 || x == 1) return 0;
    double y = 1, z = 1 - x, before = 0;
    do {
      x = std::sqrt(x);
      before = z;
      y *= 0.5;
      z -= (1 - x) * (1 - x) * y;
    } while (z != before);
    return z / 3;
  }

  std::unordered_set<uint64_t> exact_;
  std::vector<uint8_t> registers_;
};

/// Counts per logarithmic bucket: any quantile within 1 % of a value that stands there.
struct Quantiles {
  std::map<int32_t, int64_t> buckets;  ///< Signed: below zero the negative numbers.
  int64_t values = 0;

  static constexpr double kGamma = 1.01 / 0.99;
  static constexpr int32_t kShift = 100'000, kNan = INT32_MAX, kInfinite = INT32_MAX - 1;

  static int32_t bucket_of(double value) {
    if (std::isnan(value)) return kNan;
    if (std::isinf(value)) return value > 0 ? kInfinite : -kInfinite;
    if (value == 0) return 0;
    const auto size =
        static_cast<int32_t>(std::ceil(std::log(std::fabs(value)) / std::log(kGamma))) + kShift;
    return value < 0 ? -size : size;
  }
  static double value_of(int32_t bucket) {
    if (bucket == 0) return 0;
    if (bucket == kNan) return std::nan("");
    if (bucket == kInfinite || bucket == -kInfinite) return bucket > 0 ? INFINITY : -INFINITY;
    const double size = 2 * std::pow(kGamma, std::abs(bucket) - kShift) / (kGamma + 1);
    return bucket < 0 ? -size : size;
  }
  void add(double value) {
    ++buckets[bucket_of(value)];
    ++values;
  }
  void merge(const Quantiles& from) {
    for (const auto& [bucket, count] : from.buckets) buckets[bucket] += count;
    values += from.values;
  }
  /// Pairs of a value and how many have it, rising: what "approx percentile" reads.
  void emit(Column& out, RowErrors&) const {
    if (values == 0) return append_null(out);
    std::string pairs;
    for (const auto& [bucket, count] : buckets) {
      put(pairs, value_of(bucket));
      put(pairs, count);
    }
    append_text(out, pairs);
  }
  void encode(std::string& out) const {
    put(out, static_cast<uint32_t>(buckets.size()));
    for (const auto& [bucket, count] : buckets) {
      put(out, bucket);
      put(out, count);
    }
  }
  bool decode(std::string_view& in) {
    uint32_t size = 0;
    if (!take(in, size)) return false;
    for (; size > 0; --size) {
      int32_t bucket = 0;
      int64_t count = 0;
      if (!take(in, bucket) || !take(in, count) || count <= 0) return false;
      buckets[bucket] = count;
      values += count;
    }
    return true;
  }
};

/// Misra and Gries' counters, merged as Agarwal et al. (PODS 2012) do: counts are too low by at
/// most one 256th of all values; what is more frequent than that is there.
struct Top {
  std::unordered_map<std::string, int64_t> counts;

  static constexpr size_t kCounters = 256;

  void add(const std::string& value, int64_t times) {
    counts[value] += times;
    if (counts.size() > 2 * kCounters) shrink();
  }
  void shrink() {
    if (counts.size() <= kCounters) return;
    std::vector<int64_t> sorted;
    for (const auto& [value, count] : counts) sorted.push_back(count);
    std::nth_element(sorted.begin(), sorted.begin() + kCounters, sorted.end(), std::greater<>());
    const int64_t less = sorted[kCounters];
    for (auto at = counts.begin(); at != counts.end();) {
      at->second -= less;
      at = at->second <= 0 ? counts.erase(at) : std::next(at);
    }
  }
  void merge(const Top& from) {
    for (const auto& [value, count] : from.counts) counts[value] += count;
    shrink();
  }
  /// By falling count, then by bytes.
  std::vector<std::pair<std::string, int64_t>> sorted() const {
    std::vector<std::pair<std::string, int64_t>> all(counts.begin(), counts.end());
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    return all;
  }
  void encode(std::string& out) const {
    put(out, static_cast<uint32_t>(counts.size()));
    for (const auto& [value, count] : sorted()) {
      put_bytes(out, value);
      put(out, count);
    }
  }
  bool decode(std::string_view& in) {
    uint32_t size = 0;
    if (!take(in, size)) return false;
    for (; size > 0; --size) {
      std::string value;
      int64_t count = 0;
      if (!take_bytes(in, value) || !take(in, count) || count <= 0) return false;
      counts[value] = count;
    }
    return true;
  }
  /// What "approx top" reads: sizes, texts and counts.
  void emit(Column& out, RowErrors&) const {
    if (counts.empty()) return append_null(out);
    std::string pairs;
    for (const auto& [value, count] : sorted()) {
      put_bytes(pairs, value);
      put(pairs, count);
    }
    append_text(out, pairs);
  }
};

void count_distinct(std::byte* const* states, const Column* argument, Selection rows) {
  static thread_local std::string packed;
  each_state<DistinctCount>(states, *argument, rows, [&](DistinctCount& state, uint32_t at) {
    packed.clear();
    pack_value(*argument, at, true, packed);
    state.add(hash_bytes(packed));
  });
}

void add_quantiles(std::byte* const* states, const Column* argument, Selection rows) {
  const double* values = argument->floats.data();
  each_state<Quantiles>(states, *argument, rows,
                        [=](Quantiles& state, uint32_t at) { state.add(values[at]); });
}

void add_top(std::byte* const* states, const Column* argument, Selection rows) {
  const View* values = argument->texts.data();
  each_state<Top>(states, *argument, rows,
                  [=](Top& state, uint32_t at) { state.add(std::string(values[at]), 1); });
}

const std::array kEntries = {
    AggregateFunction{"approx_count_distinct", std::nullopt, true, Type::kInt8, 1,
                      kernel_of<DistinctCount>(count_distinct),
                      "Different values; exact up to 256, then with a standard error of 1.6 %.",
                      "approx_count_distinct(x)"},
    AggregateFunction{"approx_percentile", Type::kFloat8, false, Type::kText, 1,
                      kernel_of<Quantiles>(add_quantiles),
                      "A percentile within 1 % of a value that stands there.",
                      "approx_percentile(x, 0.99)", "approx percentile"},
    AggregateFunction{"approx_top", Type::kText, false, Type::kText, 1, kernel_of<Top>(add_top),
                      "The commonest texts as a JSON array of {\"value\", \"count\"}; counts may "
                      "be too low by a 256th of all.",
                      "approx_top(x, 10)", "approx top"},
};

}  // namespace

std::span<const AggregateFunction> sketch_aggregates() { return kEntries; }

}  // namespace millrace
