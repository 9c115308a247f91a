#pragma once

/// A source that asks on a schedule: picks the slot that is due (slots.h), keeps to the budget of
/// calls and to the server's manners (Patience, HostGate), asks page after page, and hands the
/// records out slot by slot. Every page of a slot is one transaction: a slot whose last page never
/// came puts out nothing (sources.md §9).
///
/// The plugin brings a Script: which requests a slot takes and what the answers hold.
/// Snapshot: `{"v":1,"targets":{NAME:{…}},"within":{…},"more":…}`; `within` tells how many records
/// of an unfinished slot are out: asked again in time, so many are left away if they are the same
/// again (`hash`), else none, and the repeats are the duplicate filter's; out of time, the rest is
/// a gap. Threads: one at a time; cancel() from any.

#include <atomic>
#include <memory>

#include "common/http/exchange.h"
#include "common/http/host_gate.h"
#include "common/http/patience.h"
#include "common/poll/pending.h"
#include "common/poll/slots.h"

namespace millrace::poll {

class Script {
 public:
  virtual ~Script() = default;
  using Slot = Slots::Slot;

  /// A slot begins, perhaps not for the first time: forget its pages.
  virtual void begin(const Slot& slot) = 0;
  /// The next request of the slot.
  virtual http::Request request(const Slot& slot) = 0;
  enum class Next {
    kMore,   ///< Another request follows.
    kDone,   ///< The slot is complete.
    kAgain,  ///< The answer is damaged (`why`): ask for the slot again while it lasts.
  };
  /// Takes one answer (2xx); appends its records to `items`.
  virtual Next take(const Slot& slot, http::Answer& answer, std::vector<Item>& items,
                    std::string& why) = 0;
  enum class Failed {
    kOrdinary,  ///< Patience decides.
    kDone,      ///< It means something here; the slot is complete with `items`.
    kRetryNow,  ///< The next request will be another one.
    kRefused,   ///< We are not wanted, whatever the status says: a few tries, then fatal.
  };
  virtual Failed failed(const Slot&, const http::Ending&, std::vector<Item>&) {
    return Failed::kOrdinary;
  }
  /// All records of the slot are out: what the plugin keeps for the snapshot may move on.
  virtual void put_out(const Slot&) {}
  /// The next request may carry the validators of the last complete slot, and 304 then means that
  /// the slot holds nothing new (H2). Only of use where a slot is one request.
  virtual bool takes_validators(const Slot&) { return false; }
  /// Cost of the next request in tokens of `rate`.
  virtual double cost(const Slot&) { return 1; }
  /// For logs; must hold no secret.
  virtual std::string printed(const Slot&) { return ""; }
};

struct PollOptions {
  SlotOptions slots;
  http::Rate rate;
  http::Patience::Remedy remedy = http::common_remedy;
  std::string credential;  ///< Names the bucket together with the host; never printed.
};

struct PollCounts {
  uint64_t requests = 0, retries = 0, not_modified = 0, slots = 0, gaps = 0, broken = 0;
};

class Poller {
 public:
  Poller(const context& ctx, const http::HttpSettings& settings, PollOptions options,
         Script& script, http::Random random = http::system_random());

  /// `state`: a snapshot, or data() null. Throws fatal if it is not one of this plugin.
  void open(const std::vector<std::string>& targets, std::string_view state);
  /// `more`: what the plugin keeps besides, as JSON.
  std::string snapshot(std::string_view more = {}) const;
  /// `more` of the snapshot that was opened; empty: none.
  const std::string& more() const { return more_; }

  /// Throws cancelled, and fatal when there is no hope.
  flow poll(const budget& b, emitter& out);
  void cancel() noexcept;
  void reopen() { cancelled_ = false; }
  void close();

  Slots& slots() { return slots_; }
  /// New targets from now on.
  void retarget(const std::vector<std::string>& names);
  /// A loss that the plugin knows of, told with the next poll.
  void tell_gap(const char* reason, http::Micros from, http::Micros to) {
    told_.push_back({reason, from, to});
  }
  const PollCounts& counts() const { return counts_; }

 private:
  struct Within {
    std::string target;
    int64_t slot = 0;
    size_t records = 0;              ///< That are out.
    size_t base = 0;                 ///< Of them, those of answers before the last.
    std::optional<uint64_t> hash{};  ///< Of the values of the others.
  };
  /// A slot that was asked for in vain so far.
  struct Tried {
    int64_t slot = 0;
    std::string damaged{}, why{};  ///< The last body that could not be read; `why` empty: none.
  };
  struct Told {
    const char* reason;
    http::Micros from, to;
  };
  using Slot = Slots::Slot;

  bool advance(http::Micros deadline, emitter& out);
  bool begin_slot(http::Micros deadline, emitter& out);
  bool send(http::Micros deadline);
  void take_answer();
  void take_failure();
  void again(const std::string& why);
  bool give_up_if_over(emitter& out);
  void warn_if_slow();
  Tried& tried(const Slot& slot);
  void tell_missed(const Slots::Missed& missed, emitter& out);
  void finish_slot();
  void resume_inside();
  std::optional<Within> unfinished() const;
  void after_put_out(size_t count);
  void lost(size_t target, int64_t first, int64_t behind, const char* reason, emitter& out);
  void put_out_told(emitter& out);
  void note_host_failure(const http::Ending& ending);
  http::Patience& patience(size_t target);
  void wait(http::Micros at_most);
  void read_state(std::string_view state);
  void resume_within(emitter& out);

  context ctx_;
  const http::HttpSettings& settings_;
  PollOptions options_;
  Script& script_;
  http::Random random_;
  http::Exchange exchange_;
  /// A key that one place is refused with is the key of all: their refusals count together, and
  /// nobody asks while they wait (§1.3).
  http::AuthGrace refusals_;
  http::Micros refused_until_{0};
  bool any_accepted_ = false;
  Slots slots_;
  std::map<std::string, std::unique_ptr<http::Patience>> patiences_;
  std::optional<Slot> slot_;  ///< Being asked for, or being put out.
  bool is_putting_out_ = false;
  std::vector<Item> items_;  ///< Of the pages so far.
  Pending pending_;
  size_t put_out_ = 0;            ///< Records of slot_ that are out.
  size_t base_ = 0;               ///< Of them, those of answers before this one.
  std::vector<uint64_t> hashes_;  ///< Of the first n values of this answer.
  std::optional<Within> within_;  ///< Of the snapshot that was opened.
  bool asks_validators_ = false, not_modified_ = false;
  std::string etag_, modified_, more_;
  std::map<std::string, Tried> tried_;  ///< By target; many may be tried in turn.
  std::optional<size_t> failing_target_;
  uint32_t hosts_failures_ = 0;  ///< 5xx in a row, of different targets.
  std::vector<Told> told_;
  PollCounts counts_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace millrace::poll
