#pragma once

/// How the states of an operator's aggregates lie in one slot, and what is done to all of them at
/// once. Threads: immutable, any.

#include <string>
#include <string_view>
#include <vector>

#include "aggregates/aggregate.h"

namespace millrace {

class AggregateLayout {
 public:
  explicit AggregateLayout(std::vector<const AggregateFunction*> functions);

  size_t size() const { return functions_.size(); }
  const AggregateFunction& function(size_t i) const { return *functions_[i]; }
  size_t offset(size_t i) const { return offsets_[i]; }
  size_t slot_bytes() const { return slot_bytes_; }
  /// Names, types and state versions: state of another layout must not be read as this.
  std::string describe() const;

  void init(std::byte* slot) const;
  void destroy(std::byte* slot) const;
  /// `into` came first.
  void merge(std::byte* into, const std::byte* from) const;
  /// merge(a, merge(b, c)) gives the same bits as merge(merge(a, b), c), for all of them.
  bool associative() const;
  void encode(const std::byte* slot, std::string& out) const;
  /// `slot` is initialised. False: `bytes` is no such slot.
  bool decode(std::byte* slot, std::string_view bytes) const;

 private:
  std::vector<const AggregateFunction*> functions_;
  std::vector<size_t> offsets_;
  size_t slot_bytes_ = 0;
};

}  // namespace millrace
