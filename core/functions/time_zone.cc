// AT TIME ZONE: what a zone's wall clock shows, and back; date_trunc by a zone's wall clock. Zones
// are IANA names.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/zone.h"
#include "functions/kernel.h"
#include "functions/made_text.h"
#include "functions/time_units.h"

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

/// convert(zone, time, row) for every row, of the arguments at these places; the zone is looked up
/// once if it is constant.
template <size_t kZone, size_t kTime, class Convert>
void each_zone(const KernelCall& call, Convert convert) {
  int64_t* out = cells_of<int64_t>(call.out);
  const bool constant = call.args[kZone]->constant;
  const Zone* zone = nullptr;
  bool known = false;
  each_row(call.rows, [&](uint32_t row) {
    const View name = argument<View>(call, kZone, row);
    if (!known || !constant) zone = zone_named(name);
    known = true;
    out[row] = 0;
    if (!zone) {
      return call.fail(row, sqlstate::kInvalidParameter,
                       quoted_message("time zone ", name, " not recognized"));
    }
    out[row] = convert(*zone, argument<int64_t>(call, kTime, row), row);
    if (out[row] < kTimestamptzMin || out[row] >= kTimestamptzEnd) {
      call.fail(row, sqlstate::kDatetimeOverflow, "timestamp out of range");
    }
  });
}

void to_local(const KernelCall& call) {
  each_zone<0, 1>(call, [](const Zone& zone, int64_t us, uint32_t) { return zone.to_local(us); });
}
/// Of a reading that occurs twice the later instant, as PostgreSQL has it.
void to_instant(const KernelCall& call) {
  each_zone<0, 1>(
      call, [](const Zone& zone, int64_t local, uint32_t) { return zone.to_utc(local).later; });
}

/// The wall clock's reading cut to the unit; nothing: no such cut. An hour and less end where they
/// began, in the offset of the instant itself; a day and more begin where the calendar has them.
std::optional<int64_t> truncate_on_wall(const Zone& zone, int64_t us, Unit unit) {
  const int64_t local = zone.to_local(us);
  const auto cut = truncate_time(local, unit);
  if (!cut) return std::nullopt;
  return unit <= Unit::kHour ? us - (local - *cut) : zone.to_utc(*cut).later;
}

/// args: unit, time, zone.
void date_trunc_in_zone(const KernelCall& call) {
  const UnitOf units(call);
  each_zone<2, 1>(call, [&](const Zone& zone, int64_t us, uint32_t row) {
    const auto unit = units.unit(row);
    const auto cut = unit ? truncate_on_wall(zone, us, *unit) : std::nullopt;
    if (!cut) fail_unit(call, row, units.name(row), unit.has_value(), Type::kTimestamptz);
    return cut.value_or(0);
  });
}

constexpr Type kT = Type::kText, kTz = Type::kTimestamptz, kTs = Type::kTimestamp;

constexpr std::array kEntries = {
    entry("timezone", {kT, kTz}, kTs, to_local, "What the zone's wall clock shows at the instant.",
          "timestamptz '2026-07-01 12:00Z' at time zone 'Europe/Berlin'", "2026-07-01 14:00:00"),
    entry("timezone", {kT, kTs}, kTz, to_instant,
          "The instant at which the zone's wall clock shows it; of two the later.",
          "timestamp '2026-07-01 12:00' at time zone 'America/New_York'", "2026-07-01 16:00:00+00"),
    entry("date_trunc", {kT, kTz, kT}, kTz, date_trunc_in_zone,
          "Cuts to the unit by the wall clock of a zone.",
          "date_trunc('day', timestamptz '2026-07-01 23:30Z', 'Europe/Berlin')",
          "2026-07-01 22:00:00+00"),
};

}  // namespace

std::span<const Function> zone_functions() { return kEntries; }

}  // namespace millrace
