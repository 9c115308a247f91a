#include "record/keyed_batch.h"

#include <cstring>

#include "record/host_batch.h"

namespace millrace {

BatchRef with_keys(const BatchRef& batch, std::string_view bytes, std::span<const mr_span> spans) {
  auto* host = new HostBatch(batch.abi());
  BatchRef result = BatchRef::adopt(&host->abi);
  host->columns = Block::take(spans.size_bytes());
  host->key = Block::take(bytes.size());
  if (!host->columns || !host->key) return {};
  std::memcpy(host->columns.data(), spans.data(), spans.size_bytes());
  std::memcpy(host->key.data(), bytes.data(), bytes.size());
  host->abi.key = {host->key.data(), bytes.size(),
                   reinterpret_cast<const mr_span*>(host->columns.data())};
  host->parent = batch;
  return result;
}

}  // namespace millrace
