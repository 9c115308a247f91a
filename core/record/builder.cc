#include "record/building.h"

namespace millrace {
namespace {

constexpr uint32_t kColumnsKnown = MR_COL_KEY | MR_COL_HEADERS | MR_COL_TIME | MR_COL_PARTITION |
                                   MR_COL_POSITION | MR_COL_ORIGIN | MR_COL_DEDUPE;

/// New values for the records of a batch whose other columns are shared.
struct Rewrite {
  BatchRef in;
  Block value, spans;
  uint64_t value_bytes = 0;
};

}  // namespace

struct BatchBuilder::State {
  enum class Room { kNone, kNew, kValues };

  mr_rc refuse(const char* why) {
    fault = why;
    return MR_E_CONTRACT;
  }
  /// A batch that plugin code made itself is judged before it is passed on; the host's own is good.
  bool admits(const mr_batch& in) {
    const char* why = HostBatch::of(in) ? nullptr : fault_of(in);
    if (why) fault = why;
    return !why;
  }
  void put(BatchRef batch) {
    records += batch.size();
    taken.batches.push_back({std::move(batch), nullptr});
  }
  /// Ends the batch that is being written, so that what follows comes after it.
  void seal() {
    room = Room::kNone;
    if (!building || building->count() == 0) return;
    taken.batches.push_back(std::move(*std::exchange(building, nullptr)).seal());
  }
  mr_rc commit_values(uint32_t n);

  std::unique_ptr<Building> building;
  Rewrite rewrite;
  Room room = Room::kNone;
  uint32_t origin_base = 0;
  mr_room lent{};
  Taken taken;
  uint32_t records = 0;
  uint64_t bytes = 0;
  const char* fault = "";
};

BatchBuilder::BatchBuilder() : state_(std::make_unique<State>()) {}
BatchBuilder::~BatchBuilder() = default;
BatchBuilder::BatchBuilder(BatchBuilder&&) noexcept = default;

mr_rc BatchBuilder::reserve(const mr_need& wanted, mr_room& room) {
  State& s = *state_;
  s.room = State::Room::kNone;
  mr_need need = wanted;
  need.columns &= kColumnsKnown;
  if (!(need.columns & MR_COL_KEY)) need.key_bytes = 0;
  if (!(need.columns & MR_COL_HEADERS)) need.header_bytes = need.headers = 0;
  for (uint64_t bytes : {need.key_bytes, need.value_bytes, need.header_bytes}) {
    if (bytes > UINT32_MAX) return s.refuse("reserve: room of more than 4 GiB");
  }
  if (s.building && !s.building->fits(need)) {
    s.seal();
    s.building = nullptr;  // Empty but too small.
  }
  if (!s.building) s.building = Building::make(need);
  if (!s.building) return MR_E_NO_MEMORY;
  const mr_rc rc = s.building->lend(need, room);
  if (rc != MR_OK) return rc;
  s.lent = room;
  s.room = State::Room::kNew;
  return MR_OK;
}

mr_rc BatchBuilder::reserve_value(const mr_batch& in, uint64_t value_bytes, mr_room& room) {
  State& s = *state_;
  s.seal();
  if (!s.admits(in)) return MR_E_CONTRACT;
  if (value_bytes > UINT32_MAX) return s.refuse("reserve_value: room of more than 4 GiB");
  s.rewrite = {BatchRef::share(&in), Block::take(value_bytes),
               Block::take(uint64_t{in.count} * sizeof(mr_span)), value_bytes};
  if (!s.rewrite.value || !s.rewrite.spans) return MR_E_NO_MEMORY;
  const uint32_t struct_size = room.struct_size;
  room = mr_room{};
  room.struct_size = struct_size;
  room.records = in.count;
  room.value = s.rewrite.value.data();
  room.value_spans = reinterpret_cast<mr_span*>(s.rewrite.spans.data());
  s.room = State::Room::kValues;
  return MR_OK;
}

mr_rc BatchBuilder::State::commit_values(uint32_t n) {
  const auto* spans = reinterpret_cast<const mr_span*>(rewrite.spans.data());
  if (n > rewrite.in.size()) return refuse("commit: more records than the room has");
  if (!spans_inside(spans, n, rewrite.value_bytes)) {
    return refuse("commit: value span outside of the room");
  }
  if (n == 0) return MR_OK;
  auto* host = new HostBatch(rewrite.in.abi());
  BatchRef batch = BatchRef::adopt(&host->abi);
  host->abi.count = n;
  host->abi.flags &= ~MR_BATCH_TEXT_CELLS;
  host->abi.value = {rewrite.value.data(), rewrite.value_bytes, spans};
  host->abi.origin = nullptr;
  host->parent = std::move(rewrite.in);
  host->value = std::move(rewrite.value);
  host->columns = std::move(rewrite.spans);
  put(std::move(batch));
  return MR_OK;
}

mr_rc BatchBuilder::commit(uint32_t n) {
  State& s = *state_;
  const State::Room room = std::exchange(s.room, State::Room::kNone);
  if (room == State::Room::kNone) return s.refuse("commit: no room was reserved");
  if (room == State::Room::kValues) return s.commit_values(n);
  if (s.origin_base && s.lent.origin) {
    for (uint32_t i = 0; i < n && i < s.lent.records; ++i) {
      if (s.lent.origin[i] != MR_NO_ORIGIN) s.lent.origin[i] += s.origin_base;
    }
  }
  if (const char* why = s.building->commit(n)) return s.refuse(why);
  s.records += n;
  s.bytes += n ? s.building->last_bytes() : 0;
  return MR_OK;
}

mr_rc BatchBuilder::pass(const mr_batch& in) {
  State& s = *state_;
  s.seal();
  if (!s.admits(in)) return MR_E_CONTRACT;
  if (in.count == 0) return MR_OK;
  BatchRef batch = BatchRef::share(&in);
  s.put(std::move(batch));
  return MR_OK;
}

mr_rc BatchBuilder::select(const mr_batch& in, std::span<const uint32_t> indices) {
  State& s = *state_;
  if (!s.admits(in)) return MR_E_CONTRACT;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= in.count) return s.refuse("select: index beyond the batch");
    if (i > 0 && indices[i] <= indices[i - 1]) {
      return s.refuse("select: indices are not strictly increasing");
    }
  }
  if (indices.size() == in.count) return pass(in);
  s.seal();
  if (indices.empty()) return MR_OK;
  BatchRef batch = gather(in, indices, s.origin_base);
  if (!batch) return MR_E_NO_MEMORY;
  s.put(std::move(batch));
  return MR_OK;
}

mr_rc BatchBuilder::donate(mr_batch* donated) {
  State& s = *state_;
  s.seal();
  if (!donated) return s.refuse("donate: no batch");
  if (const char* why = fault_of(*donated)) {
    if (donated->struct_size >= MR_BATCH_MIN_SIZE && donated->release) donated->release(donated);
    return s.refuse(why);
  }
  BatchRef batch = BatchRef::adopt(donated);
  if (batch.size() == 0) return MR_OK;
  s.put(std::move(batch));
  return MR_OK;
}

void BatchBuilder::origin_base(uint32_t base) { state_->origin_base = base; }

void BatchBuilder::reject(Reject reject) {
  reject.after_record = state_->records;
  if (reject.index != UINT32_MAX) reject.index += state_->origin_base;
  state_->taken.rejects.push_back(std::move(reject));
}

void BatchBuilder::gap(Gap gap) { state_->taken.gaps.push_back(std::move(gap)); }

uint32_t BatchBuilder::records() const { return state_->records; }
uint64_t BatchBuilder::bytes() const { return state_->bytes; }
const char* BatchBuilder::fault() const { return state_->fault; }

BatchBuilder::Taken BatchBuilder::take() {
  state_->seal();
  state_->records = 0;
  state_->bytes = 0;
  return std::exchange(state_->taken, Taken{});
}

}  // namespace millrace
