#pragma once

/// The request of a slot, and what its answer holds. Threads: one.

#include <string>

#include "common/json/record_fields.h"
#include "common/poll/poller.h"
#include "source_darksky/settings.h"

namespace millrace::darksky {

class Forecast final : public poll::Script {
 public:
  Forecast(const context& ctx, const Settings& settings);
  void set_poller(poll::Poller& poller) { poller_ = &poller; }

  void begin(const Slot&) override {}
  http::Request request(const Slot& slot) override;
  Next take(const Slot& slot, http::Answer& answer, std::vector<poll::Item>& items,
            std::string& why) override;
  bool takes_validators(const Slot& slot) override { return !is_past(slot); }
  std::string printed(const Slot& slot) override;

  /// Calls that the service says are left; below 0: it did not say.
  double budget_left() const { return budget_left_; }

 private:
  bool is_past(const Slot& slot) const;
  std::string path(const Slot& slot, const std::string& key) const;
  void note_budget(const http::Head& head);
  void add_document(const Slot& slot, std::string_view body, std::vector<poll::Item>& items);
  void add_points(const Slot& slot, std::string_view body, std::vector<poll::Item>& items);
  poll::Item item(const Slot& slot, std::string_view value, std::optional<int64_t> time_s,
                  std::string_view issued) const;

  context ctx_;
  const Settings& settings_;
  poll::Poller* poller_ = nullptr;
  double budget_left_ = -1;
};

}  // namespace millrace::darksky
