#include "record/batch.h"

#include <new>

#include "record/host_batch.h"

namespace millrace {
namespace {

void retain(const mr_batch* batch) noexcept {
  static_cast<HostBatch*>(batch->owner)->references.fetch_add(1, std::memory_order_relaxed);
}

void release(const mr_batch* batch) noexcept {
  auto* host = static_cast<HostBatch*>(batch->owner);
  if (host->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete host;
}

/// What keeps the arenas of `in` alive. A filter behind a filter holds on to the first batch, not
/// to the spans in between.
BatchRef arenas_of(const mr_batch& in) {
  const HostBatch* host = HostBatch::of(in);
  if (host && !host->owns_arena() && host->parent) return host->parent;
  return BatchRef::share(&in);
}

template <class T>
const T* pick(const T* from, std::span<const uint32_t> indices, T* to) {
  if (!from) return nullptr;
  for (std::size_t i = 0; i < indices.size(); ++i) to[i] = from[indices[i]];
  return to;
}

bool gather_headers(const mr_batch& in, std::span<const uint32_t> indices, HostBatch& out,
                    uint32_t* first) {
  if (!in.header_first) return true;
  uint64_t total = 0;
  for (uint32_t index : indices) total += in.header_first[index + 1] - in.header_first[index];
  out.headers = Block::take(total * sizeof(mr_header));
  if (!out.headers) return false;
  auto* headers = reinterpret_cast<mr_header*>(out.headers.data());
  uint32_t used = 0;
  first[0] = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    for (uint32_t h = in.header_first[indices[i]]; h < in.header_first[indices[i] + 1]; ++h) {
      headers[used++] = in.headers[h];
    }
    first[i + 1] = used;
  }
  out.abi.header_first = first;
  out.abi.headers = headers;
  return true;
}

}  // namespace

BatchRef BatchRef::share(const mr_batch* batch) {
  if (batch) batch->retain(batch);
  return adopt(batch);
}

BatchRef BatchRef::adopt(const mr_batch* batch) {
  BatchRef ref;
  ref.batch_ = batch;
  return ref;
}

BatchRef::BatchRef(const BatchRef& other) : batch_(other.batch_) {
  if (batch_) batch_->retain(batch_);
}

BatchRef::~BatchRef() {
  if (batch_) batch_->release(batch_);
}

std::span<const mr_header> BatchRef::headers(uint32_t i) const {
  if (!batch_->header_first) return {};
  const uint32_t first = batch_->header_first[i];
  return {batch_->headers + first, batch_->header_first[i + 1] - first};
}

std::string_view BatchRef::header_text(mr_span span) const {
  if (span.len == MR_NULL_LEN) return {};
  return {reinterpret_cast<const char*>(batch_->header_bytes.base) + span.off, span.len};
}

BatchRef BatchRef::slice(uint32_t first, uint32_t count) const {
  if (first == 0 && count == size()) return *this;
  auto* host = new HostBatch(*batch_);
  mr_batch& abi = host->abi;
  abi.count = count;
  if (abi.key.spans) abi.key.spans += first;
  if (abi.value.spans) abi.value.spans += first;
  if (abi.time_us) abi.time_us += first;
  if (abi.header_first) abi.header_first += first;
  if (abi.partition) abi.partition += first;
  if (abi.position) abi.position += first;
  if (abi.origin) abi.origin += first;
  if (abi.epoch) abi.first_row += first;
  host->parent = *this;
  return adopt(&host->abi);
}

BatchRef BatchRef::tagged(std::string_view pipeline, uint64_t epoch, uint64_t first_row) const {
  auto* host = new HostBatch(*batch_);
  host->abi.pipeline = {pipeline.data(), pipeline.size()};
  host->abi.epoch = epoch;
  host->abi.first_row = first_row;
  host->parent = *this;
  return adopt(&host->abi);
}

RecordColumns::RecordColumns(uint8_t* block, uint64_t records) {
  // Widest first, so that every column is aligned.
  auto cut = [&block, records]<class T>(T*& column) {
    column = reinterpret_cast<T*>(block);
    block += records * sizeof(T);
  };
  cut(time_us);
  cut(position);
  cut(value_spans);
  cut(key_spans);
  cut(partition);
  cut(origin);
  cut(header_first);
}

HostBatch::HostBatch(const mr_batch& like) : abi(like) {
  abi.struct_size = sizeof abi;
  abi.owner = this;
  abi.retain = retain;
  abi.release = release;
}

const HostBatch* HostBatch::of(const mr_batch& batch) {
  return batch.release == release ? static_cast<const HostBatch*>(batch.owner) : nullptr;
}

BatchRef gather(const mr_batch& in, std::span<const uint32_t> indices, uint32_t origin_base) {
  auto* host = new HostBatch({});
  BatchRef result = BatchRef::adopt(&host->abi);
  host->columns = Block::take(RecordColumns::bytes_for(indices.size()));
  if (!host->columns) return {};
  RecordColumns columns(host->columns.data(), indices.size());
  mr_batch& abi = host->abi;
  abi.flags = in.flags;
  abi.source_id = in.source_id;
  abi.count = static_cast<uint32_t>(indices.size());
  abi.key = {in.key.base, in.key.size, pick(in.key.spans, indices, columns.key_spans)};
  abi.value = {in.value.base, in.value.size, pick(in.value.spans, indices, columns.value_spans)};
  abi.time_us = pick(in.time_us, indices, columns.time_us);
  abi.partition = pick(in.partition, indices, columns.partition);
  abi.position = pick(in.position, indices, columns.position);
  abi.header_bytes = in.header_bytes;
  if (!gather_headers(in, indices, *host, columns.header_first)) return {};
  for (std::size_t i = 0; i < indices.size(); ++i) columns.origin[i] = indices[i] + origin_base;
  abi.origin = columns.origin;
  host->parent = arenas_of(in);
  return result;
}

bool spans_inside(const mr_span* spans, uint64_t count, uint64_t size) {
  uint64_t bad = 0;  // Without branches: garbage is rare, this runs for every record.
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t end = uint64_t{spans[i].off} + spans[i].len;
    bad |= static_cast<uint64_t>(end > size) & static_cast<uint64_t>(spans[i].len != MR_NULL_LEN);
  }
  return bad == 0;
}

const char* fault_of(const mr_batch& batch) {
  constexpr uint64_t kArenaMax = uint64_t{1} << 32;
  if (batch.struct_size < MR_BATCH_MIN_SIZE) return "batch: struct_size is too small";
  if (!batch.retain || !batch.release) return "batch: retain or release is missing";
  for (const mr_bytes_col* column : {&batch.key, &batch.value, &batch.header_bytes}) {
    if (column->size > kArenaMax) return "batch: arena of more than 4 GiB";
    if (column->size > 0 && !column->base) return "batch: arena without memory";
    if (column->spans && !spans_inside(column->spans, batch.count, column->size)) {
      return "batch: span outside of its arena";
    }
  }
  if (!batch.header_first) return nullptr;
  for (uint32_t i = 0; i < batch.count; ++i) {
    if (batch.header_first[i] > batch.header_first[i + 1]) return "batch: header_first decreases";
  }
  const uint32_t begin = batch.header_first[0], end = batch.header_first[batch.count];
  if (begin == end) return nullptr;
  if (!batch.headers) return "batch: headers are missing";
  for (uint32_t h = begin; h < end; ++h) {
    const mr_span pair[] = {batch.headers[h].name, batch.headers[h].value};
    if (pair[0].len == MR_NULL_LEN) return "batch: header without a name";
    if (!spans_inside(pair, 2, batch.header_bytes.size)) return "batch: header outside its arena";
  }
  return nullptr;
}

}  // namespace millrace
