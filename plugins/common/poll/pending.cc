#include "common/poll/pending.h"

namespace millrace::poll {

void put_out(const Item& item, emitter& out) {
  if (!item.broken_why.empty()) {
    return out.reject_bytes({.bytes = item.value,
                             .partition = item.partition,
                             .position = item.position,
                             .time_us = item.time_us},
                            item.broken_why);
  }
  std::vector<header> headers;
  for (const auto& [name, value] : item.headers) headers.push_back({name, value});
  record r{.value = item.value,
           .time_us = item.time_us,
           .partition = item.partition,
           .position = item.position,
           .headers = headers,
           .dedupe_hash = item.dedupe_hash,
           .dedupe_time_us = item.dedupe_time_us,
           .dedupe_group = item.dedupe_group};
  if (item.key) r.key = *item.key;
  out.append(r);
}

size_t Pending::put_out(const budget& b, emitter& out) {
  size_t count = 0;
  while (!items_.empty() && out.records() < b.max_records) {
    const Item& item = items_.front();
    if (!b.has_credit(item.partition)) break;
    const size_t size = item.value.size() + (item.key ? item.key->size() : 0);
    if (out.records() > 0 && out.bytes() + size > b.max_bytes) break;
    // Rejects are no records, so they need a bound of their own.
    if (count >= b.max_records) break;
    poll::put_out(item, out);
    items_.pop_front();
    ++count;
  }
  return count;
}

void Pending::drop_front(size_t count) {
  items_.erase(items_.begin(),
               items_.begin() + static_cast<std::ptrdiff_t>(std::min(count, items_.size())));
}

}  // namespace millrace::poll
