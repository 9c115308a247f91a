#pragma once

/// The living GraphQL API as a change feed by comparison (MU4-MU7). Targets of the schedule are
/// searches, asked every `discover_every`, or events, asked every `every`: one Graph and one Poller
/// for each of both, which share what is known. Threads: one.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/json/record_fields.h"
#include "common/poll/poller.h"
#include "source_meetup/settings.h"
#include "source_meetup/tracked.h"

namespace millrace::meetup {

struct Known {
  explicit Known(uint64_t tracked_max) : tracked(tracked_max) {}
  std::string snapshot() const;
  void restore(std::string_view json);

  Tracked tracked;
  std::set<std::string> found;  ///< Events of searches.
};

class Graph final : public poll::Script {
 public:
  /// `finds`: searches; else events. `settings` and `known` must outlive it.
  Graph(const Settings& settings, Known& known, bool finds);
  void set_poller(poll::Poller& poller) { poller_ = &poller; }

  void begin(const Slot& slot) override;
  http::Request request(const Slot& slot) override;
  Next take(const Slot& slot, http::Answer& answer, std::vector<poll::Item>& items,
            std::string& why) override;
  Failed failed(const Slot& slot, const http::Ending& ending,
                std::vector<poll::Item>& items) override;
  void put_out(const Slot& slot) override;

  /// Names of searches, or ids of events, from the configuration and from searches.
  std::vector<std::string> targets() const;

 private:
  const Search& search_of(const Slot& slot) const;
  const std::string& event_of(const Slot& slot) const;
  bool take_search(std::string_view data);
  void take_rsvps(const Slot& slot, std::string_view data, std::vector<poll::Item>& items);
  void add_rsvp(const Slot& slot, const std::string& event, std::string_view node,
                std::vector<poll::Item>& items);
  void add_absent(const Slot& slot, std::vector<poll::Item>& items);
  /// What "errors" holds, as rows of `.errors`; true: the rate limit, wait.
  bool take_errors(std::string_view errors, const http::Head& head, std::vector<poll::Item>& items,
                   std::string& why);
  Next page_done(const Slot& slot, std::string_view connection, std::vector<poll::Item>& items,
                 std::string& why);
  poll::Item item(const Slot& slot, std::string value, std::optional<int64_t> time_us) const;

  const Settings& settings_;
  Known& known_;
  const bool finds_;
  poll::Poller* poller_ = nullptr;
  // Of the present slot:
  std::string after_;                     ///< Cursor of the next page; empty: the first.
  std::map<std::string, uint64_t> seen_;  ///< RSVP id → state.
  bool is_whole_ = true;                  ///< Nothing failed to come: who is not in it is absent.
  std::set<std::string> found_in_slot_;
};

}  // namespace millrace::meetup
