// AT TIME ZONE: what a zone's wall clock shows, and back. Zones are IANA names.

#include <array>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/zone.h"
#include "expr/kernel.h"
#include "expr/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

/// Zones that this lane has used; null: there is none of that name.
const Zone* zone_named(View name) {
  constexpr size_t kHeld = 1024;
  static thread_local std::unordered_map<std::string, std::shared_ptr<const Zone>> held;
  static thread_local std::string key;
  key = name;
  if (const auto found = held.find(key); found != held.end()) return found->second.get();
  if (held.size() >= kHeld) held.clear();
  auto zone = Zone::find(name);
  return held.emplace(key, zone ? zone.value() : nullptr).first->second.get();
}

/// convert(zone, time) for every row; the zone is looked up once if it is constant.
template <class Convert>
void each_zone(const KernelCall& call, Convert convert) {
  int64_t* out = cells_of<int64_t>(call.out);
  const bool constant = call.args[0]->constant;
  const Zone* zone = nullptr;
  bool known = false;
  each_row(call.rows, [&](uint32_t row) {
    const View name = argument<View>(call, 0, row);
    if (!known || !constant) zone = zone_named(name);
    known = true;
    out[row] = 0;
    if (!zone) {
      return call.fail(row, sqlstate::kInvalidParameter,
                       quoted_message("time zone ", name, " not recognized"));
    }
    out[row] = convert(*zone, argument<int64_t>(call, 1, row));
    if (out[row] < kTimestamptzMin || out[row] >= kTimestamptzEnd) {
      call.fail(row, sqlstate::kDatetimeOverflow, "timestamp out of range");
    }
  });
}

void to_local(const KernelCall& call) {
  each_zone(call, [](const Zone& zone, int64_t us) { return zone.to_local(us); });
}
/// Of a reading that occurs twice the later instant, as PostgreSQL has it.
void to_instant(const KernelCall& call) {
  each_zone(call, [](const Zone& zone, int64_t local) { return zone.to_utc(local).later; });
}

constexpr Type kT = Type::kText, kTz = Type::kTimestamptz, kTs = Type::kTimestamp;

constexpr std::array kEntries = {
    entry("timezone", {kT, kTz}, kTs, to_local, "What the zone's wall clock shows at the instant.",
          "timestamptz '2026-07-01 12:00Z' at time zone 'Europe/Berlin'", "2026-07-01 14:00:00"),
    entry("timezone", {kT, kTs}, kTz, to_instant,
          "The instant at which the zone's wall clock shows it; of two the later.",
          "timestamp '2026-07-01 12:00' at time zone 'America/New_York'", "2026-07-01 16:00:00+00"),
};

}  // namespace

std::span<const Function> zone_functions() { return kEntries; }

}  // namespace millrace
