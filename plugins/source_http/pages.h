#pragma once

/// The requests of one slot and what their answers hold. Threads: one.

#include <optional>
#include <string>

#include "common/json/record_fields.h"
#include "common/poll/poller.h"
#include "source_http/settings.h"

namespace millrace::http_source {

class Pages final : public poll::Script {
 public:
  explicit Pages(const Settings& settings);

  void begin(const Slot& slot) override;
  http::Request request(const Slot& slot) override;
  Next take(const Slot& slot, http::Answer& answer, std::vector<poll::Item>& items,
            std::string& why) override;
  void put_out(const Slot& slot) override;
  bool takes_validators(const Slot&) override {
    return settings_.paging.kind == Paging::Kind::kNone && settings_.method == "GET";
  }

  /// The largest value of `since.field` that is out, as JSON; empty: none yet.
  std::string since_json() const;
  void restore_since(std::string_view json);

 private:
  std::string first_url() const;
  /// False: `body` is not what `records` says (`why`).
  bool take_records(std::string_view body, std::vector<poll::Item>& items, std::string& why);
  void add(std::string_view value, std::vector<poll::Item>& items);
  void add_lines(std::string_view body, std::vector<poll::Item>& items);
  void note_newest();
  /// Nullopt: no page follows, or (`why`) there is one that cannot be asked for.
  std::optional<std::string> next_url(const http::Answer& answer, size_t records, std::string& why);
  std::optional<std::string> next_cursor(const http::Answer& answer, std::string& why) const;
  static std::optional<std::string> resolved(const http::Answer& answer, const std::string& link,
                                             std::string& why);

  const Settings& settings_;
  json::RecordFields fields_;
  Slot slot_{};
  std::string url_;                    ///< Of the next page.
  int64_t at_ = 0;                     ///< kOffset, kPage.
  uint32_t pages_ = 0;                 ///< Of this slot so far.
  std::optional<std::string> newest_;  ///< Of what is out.
  std::optional<std::string> newest_of_slot_;
};

/// Numbers by value, everything else by its bytes: the order of `since.field`.
bool is_newer(const std::string& a, const std::string& b);

}  // namespace millrace::http_source
