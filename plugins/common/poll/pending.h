#pragma once

/// Records that wait for their poll. A source that makes several records of one answer queues them
/// here and puts them out as budgets allow. Threads: one.

#include <deque>
#include <millrace/plugin.hpp>
#include <string>
#include <utility>
#include <vector>

namespace millrace::poll {

struct Item {
  std::string value;
  std::optional<std::string> key{};
  int64_t time_us = MR_TIME_NONE;
  uint64_t dedupe_hash = 0;
  int64_t dedupe_time_us = MR_TIME_NONE;
  uint32_t dedupe_group = 0;
  uint32_t partition = 0;
  uint64_t position = 0;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string broken_why{};  ///< Not empty: `value` goes to `.errors`.
};

class Pending {
 public:
  void add(Item item) { items_.push_back(std::move(item)); }
  bool empty() const { return items_.empty(); }
  size_t size() const { return items_.size(); }
  void clear() { items_.clear(); }
  void drop_front(size_t count);

  /// Puts out what fits into the budget; a record larger than it goes alone. Returns how many.
  size_t put_out(const budget& b, emitter& out);

 private:
  std::deque<Item> items_;
};

/// One record or, if it is broken, one row of `.errors`.
void put_out(const Item& item, emitter& out);

}  // namespace millrace::poll
