#include "base/time.h"
#include "config/resolve.h"

namespace millrace {
namespace {

constexpr std::array<const char*, 2> kOnMismatch = {"errors", "null"};
constexpr std::array<const char*, 2> kValidate = {"structure", "full"};
constexpr std::array<const char*, 2> kOnAllIdle = {"hold", "clock"};
constexpr std::array<const char*, 2> kOnGap = {"report", "fail"};

std::string type_of(const std::vector<FieldType>& schema, const std::string& path) {
  for (const FieldType& entry : schema) {
    if (entry.path.text == path) return entry.type.text;
  }
  return {};
}

/// A number means nothing without a unit; only a timestamptz field has one of its own.
void check_unit(const SourceConfig& source, Faults& faults) {
  const EventTimeConfig& time = *source.event_time;
  if (time.field.empty() || time.unit_written) return;
  if (type_of(source.schema, time.field.text) == "timestamptz") return;
  faults.add(time.where, "\"unit\" of the field \"" + time.field.text + "\" is missing",
             "one of s, ms, us, ns, rfc3339 or local:ZONE:PATTERN");
}

std::optional<JournalConfig> read_journal(const ConfigNode& node) {
  if (!node.is_object()) return std::nullopt;
  JournalConfig out;
  out.path = node.text("path");
  out.retain_us = node.duration("retain").value_or(out.retain_us);
  return out;
}

}  // namespace

std::vector<FieldType> resolve_field_types(const ConfigNode& node) {
  std::vector<FieldType> out;
  for (const ConfigNode& member : node.members()) {
    if (member.is_string()) out.push_back({{member.key(), member.where_key()}, member.text()});
  }
  return out;
}

SourceConfig resolve_source(const ConfigNode& node, Faults& faults) {
  SourceConfig out;
  out.name = {node.key(), node.where_key()};
  out.plugin = node.text("plugin");
  out.written = node.written();
  out.settings_hash = node.hash();
  out.schema = resolve_field_types(node.child("schema"));
  out.on_mismatch = node.word<SourceConfig::OnMismatch>("on_mismatch", kOnMismatch)
                        .value_or(SourceConfig::OnMismatch::kErrors);
  out.validate = node.word<SourceConfig::Validate>("validate", kValidate)
                     .value_or(SourceConfig::Validate::kStructure);
  const ConfigNode time = node.child("event_time");
  if (time.is_object()) {
    out.event_time = resolve_event_time(time, faults);
    if (!faults.any_below(time.pointer())) check_unit(out, faults);
  }
  out.key = node.text("key");
  out.on_all_idle = node.word<SourceConfig::OnAllIdle>("on_all_idle", kOnAllIdle);
  out.on_gap =
      node.word<SourceConfig::OnGap>("on_gap", kOnGap).value_or(SourceConfig::OnGap::kReport);
  out.journal = read_journal(node.child("journal"));
  out.dedupe.key = node.texts("dedupe_key");
  out.dedupe.horizon_us = node.duration("dedupe_horizon");
  out.dedupe.entries_max = node.integer("dedupe_max").value_or(out.dedupe.entries_max);
  return out;
}

}  // namespace millrace
