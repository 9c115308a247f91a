// Components that show every part of the C++ layer, for harness_test.cc.

#include <fcntl.h>
#include <unistd.h>

#include <millrace/plugin.hpp>

#include "sdk_examples_schema.h"

using namespace millrace;

namespace {

/// Reads a file in pieces straight into the host's memory: no line is ever copied, except those
/// that straddle two pieces.
class Lines final : public source {
 public:
  static constexpr auto info = describe("org.example.lines", "1.0.0", "Apache-2.0", "Lines.",
                                        schema::sdk_examples, title{"Lines"}, status::beta);
  Lines(const context&, const config& cfg)
      : path_(cfg.str("path")), piece_(cfg.bytes("piece", 256 << 10)) {}
  ~Lines() override { Lines::close(); }
  traits source_traits() const override { return {.bounded = true, .replay = replay::exact}; }
  void open(const opening& o) override {
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) throw retriable("cannot open " + path_, 1000);
    next_ = 0;
    if (o.state.size() == sizeof next_) std::memcpy(&next_, o.state.data(), sizeof next_);
    lseek(fd_, static_cast<off_t>(next_), SEEK_SET);
    tail_.clear();
  }
  void close() override {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  flow poll(const budget& b, emitter& out) override {
    const uint32_t records = std::min(b.max_records, 4096u);
    value_room& room = out.room(records, tail_.size() + piece_);
    std::memcpy(room.data(), tail_.data(), tail_.size());
    const ssize_t n = read(fd_, room.data() + tail_.size(), piece_);
    if (n < 0) throw retriable("cannot read " + path_);
    const std::string_view text(room.data(), tail_.size() + static_cast<size_t>(n));
    size_t at = 0;
    for (size_t end; (end = text.find('\n', at)) != text.npos; at = end + 1) {
      if (!room.add(at, end - at, next_ + end + 1 - at)) break;
      next_ += end + 1 - at;
    }
    const bool at_end = n == 0 && text.find('\n', at) == text.npos;
    if (at_end && at < text.size() && room.add(at, text.size() - at, next_ + text.size() - at)) {
      next_ += text.size() - at;
      at = text.size();
    }
    tail_.assign(text.substr(at));
    out.commit_room();
    return at_end && tail_.empty() ? flow::end : flow::more;
  }
  std::string snapshot(uint64_t) override {
    return {reinterpret_cast<const char*>(&next_), sizeof next_};
  }

 private:
  std::string path_, tail_;
  uint64_t piece_, next_ = 0;
  int fd_ = -1;
};

/// Puts out what its configuration says, and shows what it was given.
class Echo final : public processor {
 public:
  static constexpr auto info =
      describe("org.example.echo", "1.0.0", "Apache-2.0", "Echoes.", schema::odd, trust::own_input);
  Echo(const context& ctx, const config& cfg) : ctx_(ctx), cfg_(cfg) {}
  void open(const opening& o) override { seen_ = o.state; }
  void process(batch_view in, emitter& out) override {
    const auto extra = cfg_.strings("extra");
    for (uint32_t i = 0; i < in.size(); ++i) {
      std::vector<header> headers;
      for (uint32_t h = 0; h < in.header_count(i); ++h) headers.push_back(in.header_at(i, h));
      headers.push_back({"index", extra.empty() ? std::string_view("?") : extra[0]});
      out.append({.value = in.value(i), .key = in.key(i), .headers = headers, .origin = i});
      seen_ += in.value(i);
    }
    for (uint32_t i = 0; i < static_cast<uint32_t>(cfg_.i64("many", 0)); ++i) {
      out.append({.value = "many", .key = i % 2 ? std::string_view("odd") : std::string_view()});
    }
    if (ctx_.hears(MR_LOG_DEBUG)) ctx_.debug("processed");
  }
  void watermark(int64_t w_us, emitter& out) override {
    out.append({.value = std::to_string(w_us), .time_us = w_us});
  }
  std::string snapshot(uint64_t) override { return seen_; }

 private:
  context ctx_;
  config cfg_;
  std::string seen_;
};

/// A two-phase sink in memory.
class Memory final : public sink {
 public:
  static constexpr auto info = describe("org.example.memory", "1.0.0", "Apache-2.0", "Keeps rows.",
                                        schema::odd, cap::two_phase);
  Memory(const context& ctx, const config&) : visible_(ctx.make_gauge("visible")) {}
  void write(batch_view rows, emitter& rejects) override {
    for (uint32_t i = 0; i < rows.size(); ++i) {
      if (!rows.value(i).data())
        rejects.reject(rows, i, "null");
      else
        ++pending_;
    }
    kept_ = batch_ref(rows);
  }
  std::string prepare(uint64_t) override { return std::to_string(prepared_ = pending_); }
  void commit(uint64_t) override { visible_.set(prepared_); }
  void abort(uint64_t) override { pending_ = 0; }
  void close() override { kept_ = {}; }

 private:
  gauge visible_;
  batch_ref kept_;
  int pending_ = 0, prepared_ = 0;
};

}  // namespace

MILLRACE_PLUGIN(Lines, Echo, Memory)
