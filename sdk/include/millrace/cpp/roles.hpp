#pragma once

/// What a plugin author derives from. A constructor takes (const context&, const config&) and does
/// no I/O. Calls of one instance never overlap, except cancel(). Optional functions are offered to
/// the host only if the class overrides them.
///
/// Order of calls: constructor, open, work, cancel (maybe), close, destructor. After close, open
/// may come again. Exceptions are welcome everywhere: see errors.hpp.

#include <time.h>

#include <algorithm>
#include <millrace/cpp/config.hpp>
#include <millrace/cpp/emitter.hpp>

namespace millrace {
inline namespace sdk_v1 {

enum class flow : mr_rc {
  ok = MR_OK,
  more = MR_MORE,        ///< There is more at once.
  pending = MR_PENDING,  ///< prepare: the completion will say.
  idle = MR_IDLE,        ///< Nothing now.
  end = MR_END,          ///< Never more.
};

enum class replay : uint32_t {
  none = MR_REPLAY_NONE,
  window = MR_REPLAY_WINDOW,
  exact = MR_REPLAY_EXACT,
};

struct traits {
  bool bounded = false;
  sdk_v1::replay replay = sdk_v1::replay::none;
};

/// How an instance is opened.
struct opening {
  std::string_view state;   ///< Its last committed snapshot; data() null = none.
  uint64_t last_epoch = 0;  ///< 0 = no commit yet.
  bool fresh = false;       ///< Forget what was before.
  bool until_end = false;   ///< Fix a target now, answer flow::end when it is reached.
};

struct budget {
  uint32_t max_records = 0;
  uint64_t max_bytes = 0;
  int64_t deadline_us = 0;               ///< CLOCK_MONOTONIC.
  std::span<const uint32_t> partitions;  ///< With credit.
  bool all_partitions = true;

  bool has_credit(uint32_t partition) const {
    return all_partitions ||
           std::find(partitions.begin(), partitions.end(), partition) != partitions.end();
  }
  /// Time that is left; never negative.
  std::chrono::microseconds left() const {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t now_us = int64_t{now.tv_sec} * 1000000 + now.tv_nsec / 1000;
    return std::chrono::microseconds(std::max<int64_t>(0, deadline_us - now_us));
  }
};

/// A commit that holds: these positions will never be asked for again.
struct acknowledged {
  uint64_t epoch = 0;
  std::span<const uint32_t> partitions;
  std::span<const uint64_t> positions;
};

class component_base {
 public:
  component_base() = default;
  component_base(const component_base&) = delete;
  component_base& operator=(const component_base&) = delete;
  virtual ~component_base() = default;

  virtual void open(const opening&) {}
  /// From any thread, at any time: wakes a blocked call. Must not block.
  virtual void cancel() noexcept {}
  /// Joins every thread that the instance made. Also called after a failed open.
  virtual void close() {}
};

class source : public component_base {
 public:
  virtual traits source_traits() const { return {}; }
  /// Puts records out, within the budget and only from partitions with credit.
  virtual flow poll(const budget& b, emitter& out) = 0;
  /// Where to resume: after the last record that poll put out, never what was acked.
  virtual std::string snapshot(uint64_t epoch) = 0;
  /// Optional: upstream may forget.
  virtual void ack(const acknowledged&) {}
  /// Optional: the next record of `partition` is the first after `position`.
  virtual void seek(uint32_t partition, uint64_t position) { (void)partition, (void)position; }
};

class processor : public component_base {
 public:
  virtual void process(batch_view in, emitter& out) = 0;
  /// Optional: no record before `w_us` will come, except late ones.
  virtual void watermark(int64_t w_us, emitter& out) { (void)w_us, (void)out; }
  /// Optional: state of its own.
  virtual std::string snapshot(uint64_t epoch) { return (void)epoch, std::string(); }
};

/// One record at a time. What map() leaves alone is passed on without copying; throw bad_record to
/// reject one.
class record_processor : public processor {
 public:
  /// Changes `r`, or returns false to drop it. What `r` then points to must live until the next
  /// call.
  virtual bool map(record& r) = 0;
  void process(batch_view in, emitter& out) final {
    std::vector<uint32_t> untouched;
    bool copying = false;  // From the first changed record to the end of the batch.
    auto pass_untouched = [&] {
      if (!untouched.empty()) out.select(in, untouched);
      untouched.clear();
    };
    std::vector<header> headers;
    for (uint32_t i = 0; i < in.size(); ++i) {
      const record before = read(in, i, headers);
      record after = before;
      try {
        if (!map(after)) continue;
      } catch (const bad_record& bad) {
        pass_untouched();
        out.reject(in, i, bad.what(), bad.rc());
        continue;
      }
      if (!copying && same(before, after)) {
        untouched.push_back(i);
        continue;
      }
      pass_untouched();
      copying = true;
      out.append(after);
    }
    pass_untouched();
  }

 private:
  static record read(batch_view in, uint32_t i, std::vector<header>& headers) {
    headers.clear();
    for (uint32_t h = 0; h < in.header_count(i); ++h) headers.push_back(in.header_at(i, h));
    record r;
    r.value = in.value(i);
    r.key = in.key(i);
    r.time_us = in.time_us(i);
    r.partition = in.partition(i);
    r.position = in.position(i);
    r.headers = headers;
    r.origin = i;
    return r;
  }
  static bool same_bytes(std::string_view a, std::string_view b) {
    return a.data() == b.data() && a.size() == b.size();
  }
  static bool same(const record& a, const record& b) {
    return same_bytes(a.value, b.value) && same_bytes(a.key, b.key) && a.time_us == b.time_us &&
           a.partition == b.partition && a.position == b.position &&
           a.headers.data() == b.headers.data() && a.headers.size() == b.headers.size();
  }
};

/// Ends a prepare that answered flow::pending: append what the commit must record, then exactly one
/// of done() and failed(). Copyable; threads: any one.
class completion {
 public:
  completion(const context& ctx, uint64_t token, mr_buf* buf)
      : ctx_(ctx), token_(token), buf_(buf) {}
  void append(std::string_view bytes) const {
    detail::check(buf_->append(buf_, detail::to_abi(bytes)), "bytes of the commit");
  }
  void done() const { ctx_.host()->complete(ctx_.abi(), token_, MR_OK, {nullptr, 0}); }
  void failed(const failure& why) const {
    ctx_.host()->complete(ctx_.abi(), token_, why.rc(), detail::to_abi(why.what()));
  }

 private:
  context ctx_;
  uint64_t token_;
  mr_buf* buf_;
};

class sink : public component_base {
 public:
  /// May buffer, if prepare is overridden. `rejects` takes reject() only.
  virtual void write(batch_view rows, emitter& rejects) = 0;
  /// Optional: makes all rows written so far safe; returns what the commit must record.
  virtual std::string prepare(uint64_t epoch) { return (void)epoch, std::string(); }
  /// Instead of prepare, for sinks that take long: answer flow::pending and use `later` from any
  /// thread. Rows of the next epoch may be written meanwhile.
  virtual flow prepare_later(uint64_t epoch, const completion& later) {
    later.append(prepare(epoch));
    return flow::ok;
  }
  /// Optional, idempotent: the commit holds, make the rows visible.
  virtual void commit(uint64_t epoch) { (void)epoch; }
  /// Optional, idempotent: the commit failed, drop the rows.
  virtual void abort(uint64_t epoch) { (void)epoch; }
};

/// Mixin of a sink with cap::epoch_marked: stores the epoch beside the rows.
class epoch_sink {
 public:
  /// After open. 0 = `pipeline` never wrote here.
  virtual uint64_t last_epoch(std::string_view pipeline) = 0;
  /// All rows of `epoch` and the number itself, in one transaction.
  virtual void write_epoch(std::string_view pipeline, uint64_t epoch,
                           std::span<const batch_view> rows, emitter& rejects) = 0;

 protected:
  ~epoch_sink() = default;
};

}  // namespace sdk_v1
}  // namespace millrace
