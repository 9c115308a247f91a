#include <string>

#include "config/resolve.h"

namespace millrace {
namespace {

using Kind = WindowConfig::Kind;

constexpr std::array<const char*, 6> kKinds = {"tumbling",          "hopping",  "session",
                                               "sliding_by_record", "calendar", "cumulative"};
constexpr std::array<const char*, 4> kUnits = {"day", "week", "month", "year"};

bool has_steps(Kind kind) { return kind == Kind::kHopping || kind == Kind::kCumulative; }
bool has_offset(Kind kind) { return kind == Kind::kTumbling || has_steps(kind); }

/// The one kind that is written. Nullopt after a fault.
std::optional<Kind> read_kind(const ConfigNode& node, Faults& faults) {
  std::optional<Kind> kind;
  std::string written;
  size_t count = 0;
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (!node.has(kKinds[i])) continue;
    kind = static_cast<Kind>(i);
    written += (count++ > 0 ? " and \"" : "\"") + std::string(kKinds[i]) + "\"";
  }
  if (count == 1) return kind;
  if (count > 1) {
    faults.add(node.where_key(), "a window has one kind, found " + written,
               "keep one of them, or use two operators");
  } else {
    faults.add(node.where_key(), "the kind of the window is missing",
               "one of tumbling, hopping, session, sliding_by_record, calendar, cumulative");
  }
  return std::nullopt;
}

void refuse_key(const ConfigNode& node, const char* key, const std::string& kind, const char* hint,
                Faults& faults) {
  const ConfigNode child = node.child(key);
  if (!child.exists() || !child.is_written()) return;
  faults.add(child.where_key(), "has no meaning with \"" + kind + "\"", hint);
}

void check_steps(const ConfigNode& node, const WindowConfig& window, const std::string& kind,
                 Faults& faults) {
  const ConfigNode every = node.child("every");
  if (!every.exists()) {
    faults.add(node.where_key(), "\"" + kind + "\" needs \"every\"",
               kind == "hopping" ? "e.g. {\"hopping\": \"1h\", \"every\": \"5m\"}"
                                 : "e.g. {\"cumulative\": \"1d\", \"every\": \"5m\"}");
    return;
  }
  const std::string size_text = node.text(kind).text;
  const std::string every_text = every.text().text;
  if (window.every_us > window.size_us) {
    faults.add(
        every.where(),
        "\"every\" (" + every_text + ") must not be longer than the window (" + size_text + ")",
        "records between two windows would be lost");
  } else if (window.kind == Kind::kCumulative && window.size_us % window.every_us != 0) {
    faults.add(node.child(kind).where(),
               size_text + " is not a multiple of \"every\" (" + every_text + ")");
  }
}

}  // namespace

std::optional<WindowConfig> resolve_window(const ConfigNode& node, Faults& faults) {
  if (faults.any_below(node.pointer())) return std::nullopt;
  const std::optional<Kind> kind = read_kind(node, faults);
  if (!kind) return std::nullopt;
  const std::string name = kKinds[static_cast<size_t>(*kind)];
  WindowConfig out;
  out.where = node.where_key();
  out.kind = *kind;
  out.size_us = node.duration(name).value_or(0);
  out.every_us = node.duration("every").value_or(0);
  out.offset_us = node.duration("offset").value_or(0);
  out.unit = node.word<WindowConfig::Unit>("calendar", kUnits).value_or(WindowConfig::Unit::kDay);
  out.zone = node.text("zone");
  if (out.zone.empty()) out.zone = {"UTC", out.where};
  out.processing_time = node.text("time").text == "processing";

  if (has_steps(*kind)) {
    check_steps(node, out, name, faults);
  } else {
    refuse_key(node, "every", name, "\"hopping\" and \"cumulative\" have steps", faults);
  }
  if (!has_offset(*kind)) {
    refuse_key(node, "offset", name, "\"tumbling\", \"hopping\" and \"cumulative\" have offsets",
               faults);
  } else if (out.offset_us >= out.size_us || -out.offset_us >= out.size_us) {
    faults.add(node.child("offset").where(), "the offset (" + node.text("offset").text +
                                                 ") must be smaller than the window (" +
                                                 node.text(name).text + ")");
  }
  if (*kind != Kind::kCalendar) {
    refuse_key(node, "zone", name, "only \"calendar\" windows follow a time zone", faults);
  }
  if (faults.any_below(node.pointer())) return std::nullopt;
  return out;
}

}  // namespace millrace
