#include "base/spelling.h"
#include "json/document.h"
#include "json/write.h"
#include "plan/infer.h"
#include "plan/planner.h"

namespace millrace {
namespace {

std::string plugin_text(const SourceConfig& source, std::string_view key) {
  const auto parsed = parse_json(source.plugin_config, "");
  const JsonValue* value = parsed ? parsed->root.find(key) : nullptr;
  return value && value->is_string() ? value->as_string() : "";
}

/// What may not change under stored positions: plugin, path and key (R37).
std::string identity_of(const SourceConfig& source) {
  std::string out = "plugin " + source.plugin.text;
  const auto parsed = parse_json(source.plugin_config, "");
  for (const char* key : {"path", "stream", "url", "topics"}) {
    const JsonValue* value = parsed ? parsed->root.find(key) : nullptr;
    if (value) out += std::string(", ") + key + " " + to_json(*value);
  }
  if (!source.key.empty()) out += ", key " + source.key.text;
  return out;
}

/// What the plugin says of a configuration, and what it is with it.
Result<SourceTraits> probe(const Component& component, const InstanceName& name,
                           const std::string& config) {
  MILLRACE_TRY(Instance::validate(component, name, config));
  auto instance = SourceInstance::create(component, name, config);
  if (!instance) return instance.error();
  return (*instance)->traits();
}

/// Sources whose schema says `"x-infer": true` can be sampled without effects, and are.
bool needs_inference(const Component& component) {
  return component.name() == "file" || says(component, "x-infer");
}

/// Whether the plugin itself has the key, and the host only carries it.
bool has_own_key(const Component& component, std::string_view key) {
  const JsonValue schema = schema_of(component);
  const JsonValue* keys = schema.find("properties");
  return keys && keys->find(key);
}

}  // namespace

Result<void> Planner::plan_sources() {
  // There is one order of the task; who waits longest is heard.
  for (const OperatorConfig& op : config_.operators) {
    plan_.graph.max_task_idle_us =
        std::max(plan_.graph.max_task_idle_us, op.max_task_idle_us.value_or(0));
  }
  for (const SourceConfig& source : config_.sources) MILLRACE_TRY(plan_source(source));
  return {};
}

Result<void> Planner::plan_source(const SourceConfig& source) {
  auto component = load(Kind::kSource, source.plugin);
  if (!component) return component.error();
  if (!*component) return {};
  const InstanceName name{config_.name.text, source.name.text};
  bool broken = source.plugin_config.empty();  // At fault, and told.
  SourceTraits traits;
  if (!broken) {
    auto probed = probe(**component, name, source.plugin_config);
    broken = !probed;
    if (probed) {
      traits = *probed;
    } else {
      faults_.add(source.name.where, probed.error().message);
    }
  }
  // The rest is looked at anyway, unless a sample is to say what the fields are.
  if (broken && needs_inference(**component)) return {};
  if (source.journal && traits.replay == SourceTraits::Replay::kExact) {
    faults_.add(source.journal->path.where, "this source replays exactly by itself",
                "a journal is for sources that cannot be read again");
  }
  SourcePlan plan;
  if (!settle_fields(source, **component, plan)) return {};
  if (!broken) refuse_endless_constant(source, traits);
  settle_idleness(source, traits, plan);
  note_nondeterminism(source, **component, plan, traits);
  plan_.sources.push_back({source.name.text, source.plugin.text, plan.fields, traits,
                           traits.bounded || says(**component, "x-until-end"),
                           source.journal.has_value()});
  add_source(source, **component, std::move(plan));
  bounded_[source.name.text] = traits.bounded;
  return {};
}

/// What the configuration alone says of the records. False, and a fault: they are not known.
bool Planner::settle_fields(const SourceConfig& source, const Component& component,
                            SourcePlan& plan) {
  plan.fail_on_gap = source.on_gap == SourceConfig::OnGap::kFail;
  plan.dedupe_horizon_us = source.dedupe.horizon_us.value_or(plan.dedupe_horizon_us);
  plan.dedupe_max = static_cast<size_t>(source.dedupe.entries_max);
  settle_format(source, plan);
  if (!settle_schema(source, component, plan)) return false;
  settle_key(source, component, plan);
  settle_asserted_key(source, plan);
  settle_event_time(source, plan);
  return true;
}

void Planner::add_source(const SourceConfig& source, const Component& component, SourcePlan plan) {
  const int64_t dedupe_horizon_us = plan.dedupe_horizon_us;
  const size_t dedupe_max = plan.dedupe_max;
  std::optional<RecordDedupePlan> dedupe = plan_source_dedupe(source, component, plan);
  SourceNode* node =
      plan_.graph.add(std::make_unique<SourceNode>(source.name.text, std::move(plan)));
  std::string plugin_config = source.plugin_config;
  if (config_.commit.task) {
    plugin_config = with_member(plugin_config, "task", JsonValue::integer(*config_.commit.task));
  }
  if (merges_partitions(component)) {
    plugin_config = with_member(plugin_config, "max_task_idle_us",
                                JsonValue::integer(plan_.graph.max_task_idle_us));
  }
  plan_.graph.sources.push_back({node, component, std::move(plugin_config), identity_of(source),
                                 dedupe_horizon_us, dedupe_max, std::move(dedupe), source.journal});
  named_[source.name.text] = node;
}

/// Sources whose schema says `"x-merges-partitions": true` come in the order of arrival, unless
/// told how long to wait for the next record of each partition (R22).
bool Planner::merges_partitions(const Component& component) const {
  return says(component, "x-merges-partitions") && plan_.graph.max_task_idle_us > 0;
}

void Planner::settle_format(const SourceConfig& source, SourcePlan& plan) {
  const std::string format = plugin_text(source, "format");
  plan.is_text = format == "lines" || format == "raw";
  plan.text_cells = format == "csv";
  plan.null_on_mismatch = source.on_mismatch == SourceConfig::OnMismatch::kNull;
  plan.validate_full = source.validate == SourceConfig::Validate::kFull;
}

/// On kafka `key` asserts what the message key is (E20).
void Planner::settle_asserted_key(const SourceConfig& source, SourcePlan& plan) {
  if (source.key.empty() || source.plugin.text != "kafka") return;
  const auto field = plan.fields.find(source.key.text);
  const Type type = field ? plan.fields[*field].type : Type::kBool;
  if (plan.is_text || (type != Type::kText && type != Type::kInt8 && type != Type::kInt4)) {
    faults_.add(source.key.where,
                "\"key\" names the field whose text is the message key: a field of the schema, "
                "text, int4 or int8",
                "add it to \"schema\"");
    return;
  }
  plan.asserted_key = *field;
}

bool Planner::settle_schema(const SourceConfig& source, const Component& component,
                            SourcePlan& plan) {
  if (plan.is_text) {
    plan.fields.add("value", Type::kText);
    return true;
  }
  for (const FieldType& field : source.schema) {
    const auto type = declared_type(field);
    // A stand-in, so that expressions over the field are checked in the same run.
    plan.fields.add(field.path.text, type.value_or(Type::kText));
    if (!type || !is_array(*type) || field.path.text.find("[]") != std::string::npos) continue;
    // What explode reads: the elements' type, and the array as it came, so that an element that
    // does not fit is a fault of its own row.
    plan.fields.add(field.path.text + "[]", element_of(*type));
    plan.fields.add(field.path.text + std::string(kRawArray), Type::kJsonb);
  }
  if (needs_inference(component) && !infer_fields(source, component, plan)) return false;
  // `a[].b` says that `a` is an array, which explode reads whole.
  for (const Field& field : std::vector<Field>(plan.fields.fields())) {
    const size_t brackets = field.name.find("[]");
    if (brackets == std::string::npos) continue;
    const std::string array = field.name.substr(0, brackets);
    if (!plan.fields.find(array)) plan.fields.add(array, Type::kJsonb);
  }
  return true;
}

/// Adds what a sample shows and nobody declared. False, and a fault: it cannot be read.
bool Planner::infer_fields(const SourceConfig& source, const Component& component,
                           SourcePlan& plan) {
  auto inferred =
      infer_schema(component, {config_.name.text, source.name.text}, source.plugin_config);
  if (!inferred) {
    faults_.add(source.name.where, inferred.error().message);
    return false;
  }
  for (const Field& field : inferred->fields()) {
    if (!plan.fields.find(field.name)) plan.fields.add(field.name, field.type);
  }
  // Without it all records would leave by `.errors`. An empty sample proves nothing.
  const bool timed = source.event_time && !source.event_time->field.empty();
  if (timed && !inferred->fields().empty()) (void)find_field(source.event_time->field, plan);
  return true;
}

/// The type that a `schema` gives a field. Nothing, and a fault: it is none.
std::optional<Type> Planner::declared_type(const FieldType& field) {
  const auto type = type_from_name(field.type.text);
  if (!type) {
    faults_.add(field.type.where,
                "\"" + field.type.text + "\" is not a type of this version of Millrace",
                "types: bool int4 int8 float8 numeric text timestamptz timestamp date interval "
                "jsonb, and arrays of these: text[]");
  }
  return type;
}

/// `key` of a source whose plugin gives no keys. On kafka the messages have theirs.
void Planner::settle_key(const SourceConfig& source, const Component& component, SourcePlan& plan) {
  if (source.key.empty() || component.name() == "kafka" || has_own_key(component, "key")) return;
  plan.key_field = find_field(source.key, plan);
}

/// A field that the host itself reads of every record. Nullopt, and a fault: there is none.
std::optional<uint32_t> Planner::find_field(const Text& name, const SourcePlan& plan) {
  const auto field = plan.is_text ? std::nullopt : plan.fields.find(name.text);
  if (field) return field;
  std::vector<std::string> names;
  for (const Field& known : plan.fields.fields()) names.push_back(known.name);
  const auto near = nearest_name(name.text, names);
  faults_.add(name.where, "nothing is known of the field \"" + name.text + "\"",
              plan.is_text ? "records that are lines have no fields"
              : near       ? "did you mean \"" + *near + "\"?"
                           : "declare it: \"schema\": { \"" + name.text + "\": \"text\" }");
  return std::nullopt;
}

/// `dedupe_key` of a source whose plugin has no such key.
std::optional<RecordDedupePlan> Planner::plan_source_dedupe(const SourceConfig& source,
                                                            const Component& component,
                                                            const SourcePlan& plan) {
  if (source.dedupe.key.empty() || has_own_key(component, "dedupe_key")) return std::nullopt;
  RecordDedupePlan out;
  for (const Text& name : source.dedupe.key) {
    if (const auto field = find_field(name, plan)) {
      out.key.push_back({split_path(name.text), plan.fields[*field].type,
                         plan.text_cells ? CellFormat::kText : CellFormat::kTyped});
    }
  }
  out.time = plan.time;
  return out;
}

void Planner::settle_event_time(const SourceConfig& source, SourcePlan& plan) {
  if (!source.event_time) return;
  const EventTimeConfig& time = *source.event_time;
  plan.time.configured = true;
  if (!settle_time_plan(time, plan.time)) return;
  plan.watermark.out_of_orderness_us = time.out_of_orderness_us;
  if (time.field.empty()) return;
  const auto declared = plan.fields.find(time.field.text);
  const bool is_timestamp = declared && plan.fields[*declared].type == Type::kTimestamptz;
  if (!time.unit_written && !is_timestamp) {
    if (faults_.any_below(time.where.pointer)) return;
    faults_.add(time.where, "\"unit\" is missing: what is the time counted in?",
                "one of s, ms, us, ns, rfc3339, local:ZONE:PATTERN");
    return;
  }
  if (plan.is_text) {
    faults_.add(time.where, "records that are lines have no fields", "set \"format\": \"ndjson\"");
    return;
  }
  plan.time.path = split_path(time.field.text);
}

/// Its watermark would never pass the one time that all records have.
void Planner::refuse_endless_constant(const SourceConfig& source, const SourceTraits& traits) {
  if (!source.event_time || !source.event_time->constant || traits.bounded) return;
  faults_.add(source.event_time->where,
              "\"constant\" is for a source that ends, and this one has no end",
              "to look up what a list without times says at the moment, leave it out and join "
              "with \"as_of\": \"latest\"");
}

/// Live is what is not bounded by nature (contract §3).
void Planner::settle_idleness(const SourceConfig& source, const SourceTraits& traits,
                              SourcePlan& plan) {
  constexpr int64_t kLiveTimeoutUs = 30 * kSecondUs;
  const bool live = !traits.bounded;
  plan.watermark.bounded = traits.bounded;
  plan.watermark.idle_timeout_us = live ? kLiveTimeoutUs : kTimeMax;
  if (source.event_time && source.event_time->idle_timeout_us) {
    plan.watermark.idle_timeout_us = *source.event_time->idle_timeout_us;
  }
  plan.watermark.clock_when_all_idle =
      source.on_all_idle ? *source.on_all_idle == SourceConfig::OnAllIdle::kClock : live;
}

}  // namespace millrace
