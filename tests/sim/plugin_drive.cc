// Runs a source plugin for the tests in Python: plugin_drive PLUGIN NAME CONFIG. Commands come on
// standard input, one per line; answers are JSON lines. A command's last line is {"done": …}.
//
//   open [fresh] [until_end] [STATE…]   STATE: the rest of the line, a snapshot
//   poll ROWS MS [MAX_RECORDS [MAX_BYTES]]   until ROWS more rows came, MS passed, or the end
//   cancel MS                           poll for 30 s, cancel from another thread after MS
//   snapshot | metrics | logs | close
//
// It is the host of the border as far as a source needs one; the duplicate filter is left to the
// test, which must know what was sent twice.

#include <unistd.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <millrace/testing.hpp>
#include <sstream>
#include <thread>

namespace {

using namespace millrace;
using Clock = std::chrono::steady_clock;

std::string quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte < 0x20) {
      out += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// The harness's output, and beside it what that does not keep: duplicate columns, times of gaps.
class SpyOut {
 public:
  struct Dedupe {
    uint64_t hash = 0;
    int64_t time_us = MR_TIME_NONE;
    uint32_t group = 0;
  };
  test::output inner;
  std::vector<Dedupe> dedupe;
  std::vector<mr_gap> gaps;

  SpyOut() {
    abi_ = *inner.abi();
    abi_.self = this;
    abi_.reserve = [](mr_out* out, const mr_need* need, mr_room* room) noexcept -> mr_rc {
      SpyOut& spy = of(out);
      const mr_rc rc = spy.inner.abi()->reserve(spy.inner.abi(), need, room);
      spy.room_ = *room;
      return rc;
    };
    abi_.commit = [](mr_out* out, uint32_t n) noexcept -> mr_rc {
      SpyOut& spy = of(out);
      for (uint32_t i = 0; i < n; ++i) spy.dedupe.push_back(spy.dedupe_at(i));
      return spy.inner.abi()->commit(spy.inner.abi(), n);
    };
    abi_.gap = [](mr_out* out, const mr_gap* gap) noexcept -> mr_rc {
      of(out).gaps.push_back(*gap);
      return of(out).inner.abi()->gap(of(out).inner.abi(), gap);
    };
    abi_.reject_bytes = [](mr_out* out, uint32_t partition, uint64_t position, int64_t time_us,
                           mr_str bytes, mr_rc rc, mr_str why) noexcept -> mr_rc {
      mr_out* to = of(out).inner.abi();
      return to->reject_bytes(to, partition, position, time_us, bytes, rc, why);
    };
  }
  mr_out* abi() { return &abi_; }
  void clear() {
    inner.clear();
    dedupe.clear();
    gaps.clear();
  }

 private:
  static SpyOut& of(mr_out* out) { return *static_cast<SpyOut*>(out->self); }
  Dedupe dedupe_at(uint32_t i) const {
    if (!room_.dedupe_hash) return {};
    return {room_.dedupe_hash[i], room_.dedupe_time_us[i], room_.dedupe_group[i]};
  }
  mr_out abi_{};
  mr_room room_{};
};

class Drive {
 public:
  Drive(const std::string& plugin, const std::string& name, const std::string& config)
      : library_(plugin), component_(library_.component(name)), harness_(component_, config) {}

  void run(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    if (verb == "open") return open(words);
    if (verb == "poll") return poll(words);
    if (verb == "cancel") return cancel(words);
    if (verb == "snapshot") return done("\"state\":" + quoted(harness_.snapshot(1)));
    if (verb == "metrics") return metrics(words);
    if (verb == "logs") return logs();
    if (verb == "close") harness_.close();
    done("");
  }

 private:
  void open(std::istringstream& words) {
    uint32_t flags = 0;
    std::string word, state;
    while (words >> word && (word == "fresh" || word == "until_end")) {
      flags |= word == "fresh" ? MR_OPEN_FRESH : MR_OPEN_UNTIL_END;
    }
    std::getline(words, state);
    state = word.starts_with('{') ? word + state : "";
    harness_.host.cancel(false);
    harness_.open(state.empty() ? test::bytes() : test::bytes(state), 0, flags);
    done("");
  }

  mr_rc poll_once(Clock::time_point deadline, uint32_t max_records, uint64_t max_bytes) {
    using std::chrono::microseconds;
    mr_budget b{sizeof b, max_records, max_bytes, 0, nullptr, 0, 0};
    b.deadline_us = std::chrono::duration_cast<microseconds>(deadline.time_since_epoch()).count();
    char text[1024];
    mr_err err{sizeof err, 0, 0, sizeof text, 0, 0, text};
    const auto& ops = *static_cast<const mr_source*>(component_.ops);
    const mr_rc rc = ops.poll(harness_.self(), &b, out_.abi(), &err);
    if (rc < 0)
      std::cout << "{\"error\":" << quoted({text, err.msg_len}) << ",\"rc\":" << rc << "}\n";
    return rc;
  }

  void poll(std::istringstream& words) {
    size_t rows = 0, most = 0;
    int64_t ms = 0;
    uint32_t max_records = 1000;
    uint64_t max_bytes = 1 << 20;
    words >> rows >> ms >> max_records >> max_bytes;
    const auto until = Clock::now() + std::chrono::milliseconds(ms);
    mr_rc rc = MR_OK;
    size_t came = 0, polls = 0;
    while (came < rows && rc != MR_END && rc >= 0) {
      const auto now = Clock::now();
      if (now >= until) break;
      const auto deadline = std::min(until, now + std::chrono::milliseconds(100));
      rc = poll_once(deadline, max_records, max_bytes);
      ++polls;
      most = std::max(most, out_.inner.rows.size());
      came += out_.inner.rows.size();
      print_output();
    }
    done("\"rc\":" + std::to_string(rc) + ",\"rows\":" + std::to_string(came) +
         ",\"polls\":" + std::to_string(polls) + ",\"most\":" + std::to_string(most));
  }

  void cancel(std::istringstream& words) {
    int64_t ms = 0;
    words >> ms;
    Clock::time_point cancelled;
    std::thread other([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(ms));
      cancelled = Clock::now();
      harness_.cancel();
    });
    mr_rc rc = MR_OK;
    const auto until = Clock::now() + std::chrono::seconds(30);
    while (rc >= 0 && rc != MR_END && Clock::now() < until) rc = poll_once(until, 1000, 1 << 20);
    const auto returned = Clock::now();
    other.join();
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(returned - cancelled);
    out_.clear();
    done("\"rc\":" + std::to_string(rc) + ",\"took_ms\":" + std::to_string(took.count()));
  }

  void print_output() {
    for (size_t i = 0; i < out_.inner.rows.size(); ++i)
      print_row(out_.inner.rows[i], out_.dedupe[i]);
    for (size_t i = 0; i < out_.gaps.size(); ++i) {
      std::cout << "{\"gap\":" << quoted(out_.inner.gaps[i].reason)
                << ",\"from_us\":" << out_.gaps[i].from_us << ",\"to_us\":" << out_.gaps[i].to_us
                << ",\"partition\":" << out_.gaps[i].partition
                << ",\"estimated\":" << out_.gaps[i].estimated << "}\n";
    }
    for (const auto& refused : out_.inner.rejects) {
      std::cout << "{\"reject\":" << quoted(refused.bytes) << ",\"why\":" << quoted(refused.why)
                << "}\n";
    }
    for (const auto& fault : out_.inner.faults)
      std::cout << "{\"fault\":" << quoted(fault) << "}\n";
    out_.clear();
  }

  void print_row(const test::row& row, const SpyOut::Dedupe& dedupe) {
    std::cout << "{\"value\":" << quoted(*row.value)
              << ",\"key\":" << (row.key ? quoted(*row.key) : "null")
              << ",\"time_us\":" << row.time_us << ",\"partition\":" << row.partition
              << ",\"position\":" << row.position << ",\"hash\":" << dedupe.hash
              << ",\"dedupe_us\":" << dedupe.time_us << ",\"group\":" << dedupe.group
              << ",\"headers\":{";
    for (size_t i = 0; i < row.headers.size(); ++i) {
      std::cout << (i ? "," : "") << quoted(row.headers[i].first) << ":"
                << quoted(row.headers[i].second.value_or(""));
    }
    std::cout << "}}\n";
  }

  void metrics(std::istringstream& words) {
    std::string text, name;
    while (words >> name) {
      text += (text.empty() ? "" : ",") + quoted(name) + ":" +
              std::to_string(harness_.host.metric(name));
    }
    done(text);
  }
  void logs() {
    for (const std::string& line : harness_.host.logs())
      std::cout << "{\"log\":" << quoted(line) << "}\n";
    done("");
  }
  void done(const std::string& more) {
    std::cout << "{\"done\":1" << (more.empty() ? "" : ",") << more << "}" << std::endl;
  }

  test::library library_;
  const mr_component& component_;
  test::harness harness_;
  SpyOut out_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::cerr << "usage: plugin_drive PLUGIN NAME CONFIG\n", 2;
  try {
    Drive drive(argv[1], argv[2], argv[3]);
    for (std::string line; std::getline(std::cin, line);) drive.run(line);
  } catch (const std::exception& error) {
    std::cout << "{\"fatal\":" << quoted(error.what()) << "}" << std::endl;
    return 1;
  }
  return 0;
}
