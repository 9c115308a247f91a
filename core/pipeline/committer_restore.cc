// What a commit holds becomes the state of a graph again.
#include <algorithm>
#include <cstdlib>

#include "base/hash.h"
#include "base/hex.h"
#include "base/log.h"
#include "delivery/outbox_rows.h"
#include "json/write.h"
#include "pipeline/commit_meta.h"
#include "pipeline/committer.h"
#include "pipeline/ledger_json.h"

namespace millrace {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string shown_identity(const std::string& stored) {
  return stored.substr(0, stored.rfind(" #"));
}

bool ended_of(const JsonValue& source) {
  const JsonValue* ended = source.find("ended");
  return ended && ended->is_bool() && ended->as_bool();
}

uint64_t applied_of(const JsonValue& source) {
  const JsonValue* applied = source.find("applied");
  return applied && applied->is_int() ? static_cast<uint64_t>(applied->as_int()) : 0;
}

/// What a commit says of a node; empty: nothing.
const JsonValue& stored_of(const JsonValue& meta, const char* kind, const Node& node) {
  return member_of(member_of(meta, kind), node.name());
}

std::optional<uint64_t> closed_at_of(const JsonValue& meta) {
  const JsonValue* at = meta.find("closed_at");
  if (!at || !at->is_int()) return std::nullopt;
  return static_cast<uint64_t>(at->as_int());
}

}  // namespace

Result<void> Committer::check_identity(const JsonValue& stored, const std::string& name,
                                       const std::string& identity) const {
  const JsonValue* was = stored.find("identity");
  if (!was || !was->is_string() || was->as_string() == stored_identity(identity)) {
    const JsonValue* settings = stored.find("settings");
    const auto now = graph_.settings.find(name);
    if (settings && settings->is_string() && now != graph_.settings.end() &&
        settings->as_string() != now->second) {
      log_info(name +
               ": its configuration changed; its state is kept, and the change counts from now on");
    }
    return {};
  }
  return Error{Code::kInvalidConfig, name + " has state of another configuration (" +
                                         shown_identity(was->as_string()) + ", now " +
                                         masked(identity) + "); drop that state with --forget " +
                                         name + ", or all of it with --fresh"};
}

Result<void> Committer::restore_source(const JsonValue& meta, size_t i) {
  SourceNode& node = *graph_.sources[i].node;
  const JsonValue& stored = stored_of(meta, "sources", node);
  if (stored.members().empty()) return {};
  MILLRACE_TRY(restore_place(stored, i));
  return node.restore(stored, log_);
}

/// Where a source goes on, and its counters.
Result<void> Committer::restore_place(const JsonValue& stored, size_t i) {
  if (stored.members().empty()) return {};
  SourceStart& source = graph_.sources[i];
  MILLRACE_TRY(check_identity(stored, source.node->name(), source.identity));
  resume_[i] = {};
  const JsonValue* snapshot = stored.find("snapshot");
  const JsonValue* skip = stored.find("skip");
  if (!snapshot || !snapshot->is_string() ||
      !from_hex(snapshot->as_string(), resume_[i].snapshot)) {
    return Error{Code::kCorrupt, "the stored position of " + source.node->name() + " is damaged"};
  }
  resume_[i].skip = skip && skip->is_int() ? static_cast<uint64_t>(skip->as_int()) : 0;
  resume_[i].applied = applied_of(stored);
  resume_[i].ended = ended_of(stored);
  for (const auto& [partition, position, place] : member_of(stored, "seek").members()) {
    const auto number = static_cast<uint32_t>(std::strtoul(partition.c_str(), nullptr, 10));
    if (position.is_int())
      resume_[i].seeks.emplace_back(number, static_cast<uint64_t>(position.as_int()));
  }
  read_counters(member_of(stored, "counters"), source.node->source_counters);
  return {};
}

Result<void> Committer::restore_operator(const JsonValue& meta, const NamedOperator& op) {
  const JsonValue& stored = stored_of(meta, "operators", *op.node);
  if (stored.members().empty()) return {};
  MILLRACE_TRY(restore_counters(stored, op));
  return op.node->restore(stored, log_);
}

Result<void> Committer::restore_counters(const JsonValue& stored, const NamedOperator& op) {
  if (stored.members().empty()) return {};
  MILLRACE_TRY(check_identity(stored, op.node->name(), op.identity));
  read_counters(member_of(stored, "counters"), op.node->counters);
  return {};
}

/// Rules of zones change with their database; what that means for windows, WindowNode knows (R8).
void Committer::tell_new_tzdata(const JsonValue& meta) const {
  const JsonValue* was = meta.find("tzdata");
  if (!was || !was->is_string() || graph_.tzdata.empty() || was->as_string() == graph_.tzdata)
    return;
  log_warn(
      "time zones: the database changed from " + was->as_string() + " to " + graph_.tzdata +
      "; windows that are open keep their bounds, new ones and local times follow the new rules");
}

bool Committer::has_operator(const std::string& name) const {
  return std::any_of(graph_.operators.begin(), graph_.operators.end(),
                     [&](const NamedOperator& op) { return op.node->name() == name; });
}

/// An operator may keep several kinds of blocks, named `OP` and `OP/KIND`.
Result<void> Committer::erase_state(const std::string& name) {
  auto stored = log_.operators();
  if (!stored) return stored.error();
  for (const StoredOperator& one : *stored) {
    if (one.op == name || one.op.starts_with(name + "/")) erase_operators_.push_back(one.op);
  }
  return {};
}

/// `"reset": true`, and the state is not yet one that was begun under it.
bool Committer::is_due_for_reset(const JsonValue& meta, const std::string& name) const {
  if (!graph_.resets.contains(name)) return false;
  const JsonValue& stored = member_of(member_of(meta, "operators"), name);
  if (stored.members().empty() || stored.find("reset")) return false;
  log_info(name + ": its state is forgotten once (reset); take the key out again");
  return true;
}

Result<std::optional<JsonValue>> Committer::last_meta() {
  auto last = log_.last();
  if (!last) return last.error();
  if (!*last) return std::optional<JsonValue>();
  epoch_ = (*last)->epoch;
  auto meta = parse_commit_meta((*last)->meta);
  if (!meta) return meta.error();
  return std::optional(std::move(*meta));
}

Result<void> Committer::restore(const std::vector<std::string>& forget) {
  auto meta = last_meta();
  if (!meta) return meta.error();
  if (!*meta) return {};
  tell_new_tzdata(**meta);
  MILLRACE_TRY(restore_nodes(**meta, forget));
  return restore_beside(**meta, forget);
}

/// What is not of the nodes that take part in reading on.
Result<void> Committer::restore_beside(const JsonValue& meta,
                                       const std::vector<std::string>& forget) {
  MILLRACE_TRY(drop_unknown_operators(meta));
  MILLRACE_TRY(restore_sinks(member_of(meta, "sinks"), forget));
  note_committed(graph_.ledger());
  return {};
}

Result<void> Committer::restore_nodes(const JsonValue& meta,
                                      const std::vector<std::string>& forget) {
  closed_at_ = closed_at_of(meta);
  const JsonValue* clock = meta.find("clock");
  for (ProcessingTimeNode* node : graph_.clocks) {
    if (clock && clock->is_int()) node->restore_clock(clock->as_int());
  }
  for (size_t i = 0; i < graph_.sources.size(); ++i) {
    const std::string& name = graph_.sources[i].node->name();
    MILLRACE_TRY(contains(forget, name) ? erase_state(name) : restore_source(meta, i));
  }
  for (const NamedOperator& op : graph_.operators) {
    if (contains(forget, op.node->name()) || is_due_for_reset(meta, op.node->name())) {
      MILLRACE_TRY(erase_state(op.node->name()));
    } else {
      MILLRACE_TRY(restore_operator(meta, op));
    }
  }
  for (Node* node : graph_.unions) {
    if (contains(forget, node->name()) || is_due_for_reset(meta, node->name())) continue;
    MILLRACE_TRY(node->restore(stored_of(meta, "unions", *node), log_));
  }
  return {};
}

Result<void> Committer::drop_unknown_operators(const JsonValue& meta) {
  for (const auto& member : member_of(meta, "operators").members()) {
    if (has_operator(member.key)) continue;
    log_info("operator " + member.key + " is no longer configured: its state is dropped");
    MILLRACE_TRY(erase_state(member.key));
  }
  return {};
}

Result<ReadOn> Committer::restore_older(const std::optional<Restored>& cut) {
  auto last = last_meta();
  if (!last) return last.error();
  JsonValue from = JsonValue::object();
  if (cut) {
    auto parsed = parse_commit_meta(cut->meta);
    if (!parsed) return parsed.error();
    from = std::move(*parsed);
  }
  ReadOn on;
  uint64_t applied = 0;
  for (const SourceStart& source : graph_.sources) {
    const JsonValue& end = stored_of(**last, "sources", *source.node);
    const uint64_t to = applied_of(end),
                   begin = applied_of(stored_of(from, "sources", *source.node));
    on.sources.push_back({to > begin ? to - begin : 0, ended_of(end)});
    applied += to;
  }
  const auto closed_at = closed_at_of(**last);
  if (closed_at != closed_at_of(from)) {
    if (closed_at != applied) {
      return Error{Code::kUnavailable,
                   "windows were closed by an end of input on the way to the last commit"};
    }
    on.closes = true;
  }
  MILLRACE_TRY(restore_nodes(from, {}));
  return on;
}

Result<void> Committer::restore_rest() {
  auto last = last_meta();
  if (!last) return last.error();
  tell_new_tzdata(**last);
  closed_at_ = closed_at_of(**last);
  for (size_t i = 0; i < graph_.sources.size(); ++i)
    MILLRACE_TRY(restore_place(stored_of(**last, "sources", *graph_.sources[i].node), i));
  for (const NamedOperator& op : graph_.operators)
    MILLRACE_TRY(restore_counters(stored_of(**last, "operators", *op.node), op));
  return restore_beside(**last, {});
}

/// What its text says beside counters and the configuration.
std::string Committer::said_of(const JsonValue& stored) {
  JsonValue kept = JsonValue::object();
  for (const auto& [key, value, position] : stored.members()) {
    if (key != "counters" && key != "settings" && key != "reset") kept.set(key, value);
  }
  return to_json(kept);
}

Result<void> Committer::commit_read_on() {
  auto last = last_meta();
  if (!last) return last.error();
  auto open = begin(resume_, {});
  if (!open) return open.error();
  const auto differs = [&](const std::string& name) {
    return Error{Code::kUnavailable,
                 name + " did not come to its last state when the sources were read again"};
  };
  for (const NamedOperator& op : graph_.operators) {
    const JsonValue& was = stored_of(**last, "operators", *op.node);
    if (was.members().empty()) continue;
    if (said_of(was) != said_of(stored_of(open->meta, "operators", *op.node)))
      return differs(op.node->name());
  }
  for (const SourceStart& source : graph_.sources) {
    const JsonValue& was = stored_of(**last, "sources", *source.node);
    const JsonValue& now = stored_of(open->meta, "sources", *source.node);
    for (const char* key : {"watermark", "max_time"}) {
      const JsonValue *one = was.find(key), *other = now.find(key);
      if (one && other && one->as_int() != other->as_int()) return differs(source.node->name());
    }
  }
  return finish(std::move(*open));
}

Result<void> Committer::restore_sinks(const JsonValue& stored,
                                      const std::vector<std::string>& forget) {
  std::vector<std::string> outboxes;
  for (SinkNode* sink : graph_.sinks) {
    outboxes.push_back(outbox_operator(sink->name()));
    if (contains(forget, sink->name())) {
      erase_operators_.push_back(outboxes.back());
      continue;
    }
    const JsonValue& own = member_of(stored, sink->name());
    read_counters(member_of(own, "counters"), sink->sink_counters);
    MILLRACE_TRY(sink->restore(own, log_));
  }
  auto operators = log_.operators();
  if (!operators) return operators.error();
  for (const StoredOperator& one : *operators) {
    if (!one.op.starts_with(outbox_operator("")) || contains(outboxes, one.op)) continue;
    log_warn(one.op.substr(outbox_operator("").size()) + " is no longer a sink: " +
             std::to_string(one.bytes) + " bytes of rows that it had not confirmed are dropped");
    erase_operators_.push_back(one.op);
  }
  return {};
}

}  // namespace millrace
