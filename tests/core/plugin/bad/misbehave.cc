// A source, a processor and a sink that are bad in the way that their configuration names.

#include <signal.h>
#include <unistd.h>

#include <millrace/cpp/event_times.hpp>
#include <millrace/plugin.hpp>
#include <stdexcept>
#include <thread>

using namespace millrace;

namespace {

constexpr const char* kSchema = R"({"type":"object","properties":{"how":{"type":"string"}}})";

/// Bad ways that every role has.
void misbehave(const std::string& how) {
  if (how == "throws") throw std::runtime_error("thrown by the plugin");
  if (how == "throws_int") throw 42;
  if (how == "no_memory") throw std::bad_alloc();
  if (how == "retriable") throw retriable("come back later", 1234);
  if (how == "config") throw config_error("that cannot work");
  if (how == "fatal") throw fatal("the disk is full");
  if (how == "crash") raise(SIGSEGV);
  if (how == "abort") std::abort();
  while (how == "hang") pause();
}

class Source final : public source {
 public:
  static constexpr auto info =
      describe("org.example.bad_source", "1.0.0", "MIT", "Misbehaves.", kSchema);
  Source(const context& ctx, const config& cfg) : ctx_(ctx), how_(cfg.str("how", "")) {
    if (how_ == "create_throws") throw std::runtime_error("in the constructor");
    calls_ = ctx.make_counter("calls", "Polls so far");
    last_ = ctx.make_gauge("last position", "");
  }
  static void validate(const context&, const config& cfg) {
    if (cfg.str("how", "") == "invalid") throw config_error("how: invalid is not a way");
  }
  traits source_traits() const override { return {.bounded = true, .replay = replay::exact}; }
  void open(const opening& o) override {
    if (how_.starts_with("open_")) misbehave(how_.substr(5));
    if (o.state.data()) next_ = std::stoull(std::string(o.state));
  }
  void close() override {
    if (waker_.joinable()) waker_.join();
  }
  flow poll(const budget& b, emitter& out) override {
    calls_.add(1);
    if (how_ == "partial") out.append({.value = "before", .position = 1});
    if (how_ == "asks_times") {
      const int64_t time = event_times(ctx_).of("five!", 37);
      out.append({.value = std::to_string(time)});
      return flow::end;
    }
    misbehave(how_ == "partial" ? "retriable" : how_);
    if (how_ == "garbage_spans") {
      auto& room = out.room(2, 10);
      room.add(0, 10, 1);
      room.add(5, 4000000000u, 2);
      out.commit_room();
    }
    if (how_ == "ignores_refusal") {
      try {
        auto& room = out.room(1, 1);
        room.add(0, 2);
        out.commit_room();
      } catch (const failure&) {
      }
      return flow::ok;
    }
    if (how_ == "too_many") {
      for (uint32_t i = 0; i <= b.max_records; ++i) out.append({.value = "x"});
    }
    if (how_ == "odd_answer") return static_cast<flow>(99);
    if (how_ == "events") {
      out.assigned(3);
      out.append({.value = "x", .partition = 3, .position = 1});
      out.watermark(3, 77);
      out.reject_bytes({.bytes = "br\x01oken", .partition = 3, .position = 2}, "no JSON\nat all");
      out.lost({.partition = 3, .from_position = 2, .to_position = 9, .reason = "reset"});
      out.append({.value = "y", .partition = 3, .position = 10, .dedupe_hash = 5});
      out.at_end(3);
      return flow::end;
    }
    if (how_ == "wakes") {
      waker_ = std::thread([ctx = ctx_] { ctx.wake(); });
      return flow::idle;
    }
    while (next_ < 10 && out.records() < b.max_records) {
      out.append({.value = std::to_string(next_), .position = next_ + 1});
      ++next_;
    }
    last_.set(static_cast<double>(next_));
    ctx_.debug("polled");
    return next_ < 10 ? flow::more : flow::end;
  }
  std::string snapshot(uint64_t) override { return std::to_string(next_); }
  void seek(uint32_t, uint64_t position) override { next_ = position; }

 private:
  context ctx_;
  std::string how_;
  counter calls_;
  gauge last_;
  std::thread waker_;
  uint64_t next_ = 0;
};

class Processor final : public processor {
 public:
  static constexpr auto info =
      describe("org.example.bad_processor", "1.0.0", "MIT", "Misbehaves.", kSchema, cap::stateless);
  Processor(const context&, const config& cfg) : how_(cfg.str("how", "")) {}
  void process(batch_view in, emitter& out) override {
    misbehave(how_);
    if (how_ == "decreasing") {
      const uint32_t indices[] = {1, 0};
      out.select(in, indices);
    } else if (how_ == "beyond") {
      const uint32_t indices[] = {0, in.size()};
      out.select(in, indices);
    } else if (how_ == "reject_beyond") {
      out.reject(in, in.size(), "x");
    } else if (how_ == "upper") {
      uint64_t bytes = 0;
      for (uint32_t i = 0; i < in.size(); ++i) bytes += in.value(i).size();
      auto& room = out.rewrite(in, bytes);
      uint64_t at = 0;
      for (uint32_t i = 0; i < in.size(); ++i) {
        for (char c : in.value(i)) room.data()[at++] = static_cast<char>(c - 32);
        room.add(at - in.value(i).size(), in.value(i).size());
      }
      out.commit_room();
    } else {
      out.reject(in, 0, "the first one");
      out.pass(in);
    }
  }

 private:
  std::string how_;
};

/// Drops "drop", changes "change", rejects "bad", leaves the others alone.
class Mapper final : public record_processor {
 public:
  static constexpr auto info =
      describe("org.example.mapper", "1.0.0", "MIT", "One at a time.", kSchema, cap::stateless);
  Mapper(const context&, const config&) {}
  bool map(record& r) override {
    if (r.value == "bad") throw bad_record("this one is bad");
    if (r.value == "change") r.value = "changed";
    return r.value != "drop";
  }
};

class Sink final : public sink, public epoch_sink {
 public:
  static constexpr auto info =
      describe("org.example.bad_sink", "1.0.0", "MIT", "Misbehaves.", kSchema, cap::epoch_marked);
  Sink(const context&, const config& cfg) : how_(cfg.str("how", "")) {}
  void write(batch_view rows, emitter& rejects) override {
    misbehave(how_);
    if (how_ == "passes") rejects.pass(rows);
    rejects.reject(rows, rows.size() - 1, "the last one");
  }
  flow prepare_later(uint64_t epoch, const completion& later) override {
    if (how_ == "now") {
      later.append("now");
      return flow::ok;
    }
    worker_ = std::thread([epoch, later, how = how_] {
      later.append("epoch " + std::to_string(epoch));
      if (how == "fails") return later.failed(retriable("server gone"));
      if (how != "never") later.done();
    });
    return flow::pending;
  }
  void commit(uint64_t) override { join(); }
  void close() override { join(); }
  uint64_t last_epoch(std::string_view pipeline) override { return pipeline == "p" ? 6 : 0; }
  void write_epoch(std::string_view, uint64_t epoch, std::span<const batch_view> rows,
                   emitter& rejects) override {
    misbehave(how_);
    if (how_ == "passes") rejects.pass(rows[0]);
    rejects.reject(rows[0], 0, "epoch " + std::to_string(epoch));
  }

 private:
  void join() {
    if (worker_.joinable()) worker_.join();
  }
  std::string how_;
  std::thread worker_;
};

}  // namespace

MILLRACE_PLUGIN(Source, Processor, Mapper, Sink)
