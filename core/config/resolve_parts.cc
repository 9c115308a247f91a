#include <string>

#include "config/resolve.h"

namespace millrace {
namespace {

constexpr std::array<const char*, 3> kModes = {"append", "update", "complete"};
constexpr std::array<const char*, 2> kAsOf = {"event_time", "latest"};
constexpr std::array<const char*, 6> kJoinTypes = {"inner", "left", "right",
                                                   "full",  "semi", "anti"};
constexpr std::array<const char*, 3> kDeliveries = {"exactly_once", "at_least_once",
                                                    "at_most_once"};

struct SideName {
  std::string_view suffix;
  SideOutput side;
};
constexpr SideName kSides[] = {
    {".late", SideOutput::kLate}, {".errors", SideOutput::kErrors}, {".gaps", SideOutput::kGaps}};

void check_join(const ConfigNode& node, const JoinConfig& join, Faults& faults) {
  const bool within = node.has("within");
  const bool as_of = node.has("as_of");
  const ConfigNode keep = node.child("keep");
  if (within && as_of) {
    faults.add(node.where_key(), "\"within\" and \"as_of\" exclude each other",
               "\"within\" joins two streams, \"as_of\" a stream and a table");
  } else if (!as_of) {
    if (keep.is_written()) {
      faults.add(keep.where_key(),
                 within ? "has no meaning with \"within\"" : "has no meaning without \"as_of\"",
                 within ? "streams are kept as long as \"before\" and \"after\" demand"
                        : "two tables are kept as they are, without their history");
    }
  } else if (join.type == JoinConfig::Type::kRight || join.type == JoinConfig::Type::kFull) {
    faults.add(node.child("type").where(), "a table is looked up, it cannot drive the join",
               "use inner, left, semi or anti");
  }
}

/// `as`: the name of the other side, or of both.
void read_names(const ConfigNode& node, JoinConfig& out, Faults& faults) {
  std::vector<Text> names = node.texts("as");
  if (names.size() > 2) {
    faults.add(names[2].where, "a join has two sides",
               "one name is that of \"with\", two are those of \"from\" and \"with\"");
  } else if (!names.empty()) {
    out.with_as = names.back();
    if (names.size() == 2) out.from_as = names.front();
  }
}

}  // namespace

std::optional<Delivery> resolve_delivery(const ConfigNode& node) {
  for (size_t i = 0; i < kDeliveries.size(); ++i) {
    if (node.text().text == kDeliveries[i]) return static_cast<Delivery>(i);
  }
  return std::nullopt;
}

std::string_view delivery_name(Delivery delivery) {
  return kDeliveries[static_cast<size_t>(delivery)];
}

std::optional<EmitConfig> resolve_emit(const ConfigNode& node) {
  EmitConfig out;
  out.where = node.where_key();
  for (size_t i = 0; i < kModes.size(); ++i) {
    const bool plain = node.text().text == kModes[i];
    if (!plain && !node.child(kModes[i]).is_object()) continue;
    out.mode = static_cast<EmitConfig::Mode>(i);
    const ConfigNode trigger = node.child(kModes[i]);
    if (const auto every = trigger.duration("every")) {
      out.trigger = EmitConfig::Trigger::kEventTime;
      out.every_us = *every;
    } else if (const auto clock = trigger.child("every").duration("clock")) {
      out.trigger = EmitConfig::Trigger::kClock;
      out.every_us = *clock;
    }
    out.retain_us = trigger.duration("retain").value_or(out.retain_us);
    return out;
  }
  return std::nullopt;
}

std::optional<JoinConfig> resolve_join(const ConfigNode& node, Faults& faults) {
  if (!node.is_object()) return std::nullopt;
  JoinConfig out;
  out.where = node.where_key();
  out.with = resolve_input(node.text("with"));
  read_names(node, out, faults);
  const ConfigNode on = node.child("on");
  out.on = on.text();
  if (on.is_array()) out.on_fields = node.texts("on");
  const ConfigNode within = node.child("within");
  if (within.is_object()) {
    out.within = JoinConfig::Within{within.duration("before").value_or(0),
                                    within.duration("after").value_or(0)};
  }
  out.as_of = node.word<JoinConfig::AsOf>("as_of", kAsOf);
  out.keep_us = node.duration("keep").value_or(out.keep_us);
  out.type = node.word<JoinConfig::Type>("type", kJoinTypes).value_or(JoinConfig::Type::kInner);
  if (!faults.any_below(node.pointer())) check_join(node, out, faults);
  return out;
}

InputRef resolve_input(const Text& written) {
  InputRef out{written, written.text, SideOutput::kNone};
  for (const SideName& side : kSides) {
    if (!written.text.ends_with(side.suffix) || written.text.size() == side.suffix.size()) continue;
    out.name = written.text.substr(0, written.text.size() - side.suffix.size());
    out.side = side.side;
  }
  return out;
}

std::vector<InputRef> resolve_inputs(const ConfigNode& node) {
  std::vector<InputRef> out;
  if (!node.text().empty()) out.push_back(resolve_input(node.text()));
  for (const ConfigNode& item : node.items()) {
    if (!item.text().empty()) out.push_back(resolve_input(item.text()));
  }
  return out;
}

SinkConfig resolve_sink(const ConfigNode& node) {
  SinkConfig out;
  out.name = {node.key(), node.where_key()};
  out.written = node.written();
  out.from = resolve_inputs(node.child("from"));
  out.plugin = node.text("plugin");
  out.format = node.text("format");
  out.delivery = resolve_delivery(node.child("delivery"));
  out.delivery_where = node.child("delivery").where();
  out.key = node.texts("key");
  out.context = node.boolean("context", false);
  return out;
}

}  // namespace millrace
