// A source for tests of watermarks: it does what a script says, so that partitions can be
// announced, fall silent, end and wake as the test wants. One step per line of the script:
//   A P        partition P is assigned        E P      its end is proven
//   R P JSON   a record of partition P        W P US   no record before US will follow
//   V P        partition P is revoked         S MS     nothing happens for so long
//   X          the connection breaks, once
// Steps up to the next S or X come in one poll. Behind the script: the end if bounded, else
// silence.

#include <time.h>

#include <fstream>
#include <millrace/plugin.hpp>
#include <set>
#include <sstream>

#include "source_scripted_schema.h"

namespace {

using namespace millrace;

int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

class Scripted final : public source {
 public:
  static constexpr auto info = describe(
      "org.millrace.test.scripted", "1.0.0", "Apache-2.0", "Does what a script says, for tests.",
      schema::source_scripted, title{"Scripted"}, status::draft, trust::untrusted_input);

  Scripted(const context&, const config& cfg)
      : path_(cfg.str("path", "")), bounded_(cfg.flag("bounded", false)) {}

  traits source_traits() const override { return {.bounded = bounded_, .replay = replay::exact}; }

  void open(const opening& how) override {
    std::ifstream file(path_);
    steps_.clear();
    for (std::string line; std::getline(file, line);) steps_.push_back(line);
    next_ = how.state.empty() ? 0 : std::stoul(std::string(how.state));
    told_again_ = false;
    sleeps_until_ = 0;
  }

  flow poll(const budget& b, emitter& out) override {
    if (!told_again_) tell_again(out);
    while (next_ < steps_.size() && out.records() < b.max_records) {
      std::istringstream step(steps_[next_]);
      char what = 0;
      uint32_t partition = 0;
      step >> what >> partition;
      if (what == 'S' && sleeping(partition)) return flow::idle;
      ++next_;
      if (what == 'X' && broken_.insert(next_).second) throw retriable("the script says so", 100);
      if (what == 'R') {
        std::string value;
        std::getline(step >> std::ws, value);
        out.append({.value = value, .partition = partition, .position = next_});
      }
      if (what == 'W') {
        int64_t w_us = 0;
        step >> w_us;
        out.watermark(partition, w_us);
      }
      tell(what, partition, out);
    }
    if (next_ < steps_.size()) return flow::more;
    return bounded_ ? flow::end : flow::idle;
  }

  std::string snapshot(uint64_t) override { return std::to_string(next_); }

 private:
  static void tell(char what, uint32_t partition, emitter& out) {
    if (what == 'A') out.assigned(partition);
    if (what == 'E') out.at_end(partition);
    if (what == 'V') out.revoking(partition);
  }
  /// What holds behind a restart, in the order of the script.
  void tell_again(emitter& out) {
    told_again_ = true;
    for (size_t i = 0; i < next_; ++i) {
      std::istringstream step(steps_[i]);
      char what = 0;
      uint32_t partition = 0;
      step >> what >> partition;
      if (what == 'A' || what == 'V' || (what == 'E' && bounded_)) tell(what, partition, out);
    }
  }
  bool sleeping(uint32_t ms) {
    const int64_t now = monotonic_ms();
    if (sleeps_until_ == 0) sleeps_until_ = now + ms;
    if (now < sleeps_until_) return true;
    sleeps_until_ = 0;
    return false;
  }

  std::string path_;
  bool bounded_;
  std::vector<std::string> steps_;
  size_t next_ = 0;
  bool told_again_ = false;
  int64_t sleeps_until_ = 0;
  std::set<size_t> broken_;
};

}  // namespace

MILLRACE_PLUGIN(Scripted)
