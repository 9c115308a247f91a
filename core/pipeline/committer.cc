#include "pipeline/committer.h"

#include <algorithm>
#include <cstdlib>

#include "base/fault_point.h"
#include "base/hash.h"
#include "base/log.h"
#include "delivery/outbox_rows.h"
#include "json/write.h"
#include "nodes/hex.h"
#include "pipeline/commit_meta.h"
#include "pipeline/ledger_json.h"

namespace millrace {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// An identity as it is stored: readable, without secrets, and a hash of the whole, so that a
/// changed secret is still a change.
std::string stored_identity(const std::string& identity) {
  return masked(identity) + " #" + std::to_string(hash_bytes(identity));
}

std::string shown_identity(const std::string& stored) {
  return stored.substr(0, stored.rfind(" #"));
}

}  // namespace

Committer::Committer(Graph& graph, CommitLog& log)
    : graph_(graph), log_(log), resume_(graph.sources.size()) {
  note_committed(graph_.ledger());
}

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
  SourceStart& source = graph_.sources[i];
  const JsonValue& stored = member_of(member_of(meta, "sources"), source.node->name());
  if (stored.members().empty()) return {};
  MILLRACE_TRY(check_identity(stored, source.node->name(), source.identity));
  const JsonValue* snapshot = stored.find("snapshot");
  const JsonValue* skip = stored.find("skip");
  if (!snapshot || !snapshot->is_string() ||
      !from_hex(snapshot->as_string(), resume_[i].snapshot)) {
    return Error{Code::kCorrupt, "the stored position of " + source.node->name() + " is damaged"};
  }
  resume_[i].skip = skip && skip->is_int() ? static_cast<uint64_t>(skip->as_int()) : 0;
  for (const auto& [partition, position, place] : member_of(stored, "seek").members()) {
    const auto number = static_cast<uint32_t>(std::strtoul(partition.c_str(), nullptr, 10));
    if (position.is_int())
      resume_[i].seeks.emplace_back(number, static_cast<uint64_t>(position.as_int()));
  }
  read_counters(member_of(stored, "counters"), source.node->source_counters);
  return source.node->restore(stored, log_);
}

Result<void> Committer::restore_operator(const JsonValue& meta, const NamedOperator& op) {
  const JsonValue& stored = member_of(member_of(meta, "operators"), op.node->name());
  if (stored.members().empty()) return {};
  MILLRACE_TRY(check_identity(stored, op.node->name(), op.identity));
  read_counters(member_of(stored, "counters"), op.node->counters);
  return op.node->restore(stored, log_);
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

Result<void> Committer::restore(const std::vector<std::string>& forget) {
  auto last = log_.last();
  if (!last) return last.error();
  if (!*last) return {};
  epoch_ = (*last)->epoch;
  auto meta = parse_commit_meta((*last)->meta);
  if (!meta) return meta.error();
  tell_new_tzdata(*meta);
  const JsonValue* clock = meta->find("clock");
  for (ProcessingTimeNode* node : graph_.clocks) {
    if (clock && clock->is_int()) node->restore_clock(clock->as_int());
  }
  for (size_t i = 0; i < graph_.sources.size(); ++i) {
    const std::string& name = graph_.sources[i].node->name();
    MILLRACE_TRY(contains(forget, name) ? erase_state(name) : restore_source(*meta, i));
  }
  for (const NamedOperator& op : graph_.operators) {
    if (contains(forget, op.node->name()) || is_due_for_reset(*meta, op.node->name())) {
      MILLRACE_TRY(erase_state(op.node->name()));
    } else {
      MILLRACE_TRY(restore_operator(*meta, op));
    }
  }
  for (const auto& member : member_of(*meta, "operators").members()) {
    if (has_operator(member.key)) continue;
    log_info("operator " + member.key + " is no longer configured: its state is dropped");
    MILLRACE_TRY(erase_state(member.key));
  }
  for (Node* node : graph_.unions) {
    if (contains(forget, node->name()) || is_due_for_reset(*meta, node->name())) continue;
    MILLRACE_TRY(node->restore(member_of(member_of(*meta, "unions"), node->name()), log_));
  }
  MILLRACE_TRY(restore_sinks(member_of(*meta, "sinks"), forget));
  note_committed(graph_.ledger());
  return {};
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

Result<bool> Committer::fresh_was_begun() {
  auto last = log_.last();
  if (!last) return last.error();
  if (!*last) return false;
  auto meta = parse_commit_meta((*last)->meta);
  if (!meta) return meta.error();
  const JsonValue* begun = meta->find("fresh_begun");
  return begun && begun->is_bool() && begun->as_bool();
}

Result<void> Committer::begin_fresh() {
  auto last = log_.last();
  if (!last) return last.error();
  if (!*last) return {};
  auto meta = parse_commit_meta((*last)->meta);
  if (!meta) return meta.error();
  auto operators = log_.operators();
  if (!operators) return operators.error();
  Commit commit;
  commit.epoch = (*last)->epoch + 1;
  for (const StoredOperator& stored : *operators) commit.erase_operators.push_back(stored.op);
  JsonValue begun = JsonValue::object();
  begun.set("format", JsonValue::integer(kCommitMetaFormat));
  begun.set("fresh_begun", JsonValue::boolean(true));
  begun.set("sinks", member_of(*meta, "sinks"));
  commit.meta = to_json(begun);
  MILLRACE_TRY(log_.commit(commit));
  epoch_ = commit.epoch;
  for (SinkNode* sink : graph_.sinks) {
    MILLRACE_TRY(sink->restore(member_of(member_of(*meta, "sinks"), sink->name()), log_));
  }
  return {};
}

void Committer::note_committed(Ledger ledger) {
  std::lock_guard lock(mutex_);
  committed_ = std::move(ledger);
}

void Committer::write_meta(const std::vector<ResumePoint>& points, OpenCommit& open) {
  Commit& commit = open.commit;
  JsonValue& meta = open.meta;
  meta.set("format", JsonValue::integer(kCommitMetaFormat));
  if (!graph_.tzdata.empty()) meta.set("tzdata", JsonValue::string(graph_.tzdata));
  for (const ProcessingTimeNode* clock : graph_.clocks) {
    JsonValue& latest =
        meta.find("clock") ? *meta.find("clock") : meta.set("clock", JsonValue::integer(kTimeNone));
    latest = JsonValue::integer(std::max(latest.as_int(), clock->clock()));
  }
  JsonValue& sources = meta.set("sources", JsonValue::object());
  for (size_t i = 0; i < graph_.sources.size(); ++i) {
    SourceStart& source = graph_.sources[i];
    JsonValue& one = sources.set(source.node->name(), JsonValue::object());
    one.set("identity", JsonValue::string(stored_identity(source.identity)));
    one.set("settings", JsonValue::string(graph_.settings[source.node->name()]));
    one.set("snapshot", JsonValue::string(to_hex(points[i].snapshot)));
    one.set("skip", JsonValue::integer(static_cast<int64_t>(points[i].skip)));
    if (!points[i].seeks.empty()) {
      JsonValue& seek = one.set("seek", JsonValue::object());
      for (const auto& [partition, position] : points[i].seeks) {
        seek.set(std::to_string(partition), JsonValue::integer(static_cast<int64_t>(position)));
      }
    }
    source.node->save(commit.epoch, commit, one);
    one.set("counters", counters_json(source.node->source_counters));
  }
  JsonValue& operators = meta.set("operators", JsonValue::object());
  for (const NamedOperator& op : graph_.operators) {
    JsonValue& one = operators.set(op.node->name(), JsonValue::object());
    one.set("identity", JsonValue::string(stored_identity(op.identity)));
    one.set("settings", JsonValue::string(graph_.settings[op.node->name()]));
    op.node->save(commit.epoch, commit, one);
    if (graph_.resets.contains(op.node->name())) one.set("reset", JsonValue::boolean(true));
    one.set("counters", counters_json(op.node->counters));
  }
  JsonValue& unions = meta.set("unions", JsonValue::object());
  for (Node* node : graph_.unions)
    node->save(commit.epoch, commit, unions.set(node->name(), JsonValue::object()));
  JsonValue& sinks = meta.set("sinks", JsonValue::object());
  for (SinkNode* sink : graph_.sinks) {
    JsonValue& one = sinks.set(sink->name(), JsonValue::object());
    one.set("counters", counters_json(sink->sink_counters));
  }
}

Result<OpenCommit> Committer::begin(const std::vector<ResumePoint>& points,
                                    std::vector<SourceRunner*> sources) {
  OpenCommit open;
  open.commit.epoch = epoch_ + 1;
  open.sources = std::move(sources);
  for (const ResumePoint& point : points) open.snapshots.push_back(point.snapshot);
  fault_point("commit.begin");
  for (PluginNode* processor : graph_.processors)
    MILLRACE_TRY(processor->prepare_commit(open.commit.epoch));
  open.commit.erase_operators = std::move(erase_operators_);
  erase_operators_.clear();
  for (SinkNode* sink : graph_.sinks) {
    const Node& input = *sink->inputs()[0].node;
    if (sink->plan().repartition) sink->outlet().mark({input.watermark(), input.idle()});
    MILLRACE_TRY(sink->outlet().barrier(open.commit.epoch, open.commit));
  }
  write_meta(points, open);
  for (const ResumePoint& point : points) open.commit.positions.push_back(point.snapshot);
  open.ledger = graph_.ledger();
  fault_point("commit.barrier");
  return open;
}

Result<void> Committer::finish(OpenCommit open) {
  const uint64_t epoch = open.commit.epoch;
  JsonValue& sinks = *open.meta.find("sinks");
  for (SinkNode* sink : graph_.sinks) {
    MILLRACE_TRY(sink->outlet().prepare(epoch));
    sink->write_state(*sinks.find(sink->name()));
  }
  fault_point("commit.prepared");
  open.commit.meta = to_json(open.meta);
  MILLRACE_TRY(log_.commit(open.commit));
  fault_point("commit.logged");
  epoch_ = epoch;
  ++commits_;
  note_committed(std::move(open.ledger));
  for (SinkNode* sink : graph_.sinks) {
    MILLRACE_TRY(sink->outlet().committed(epoch));
    fault_point("commit.sink");
  }
  for (size_t i = 0; i < open.sources.size(); ++i)
    open.sources[i]->acknowledge(epoch, open.snapshots[i]);
  if (hear_) hear_(std::move(open.commit));
  fault_point("commit.done");
  return {};
}

Result<void> Committer::commit(const std::vector<ResumePoint>& points,
                               std::vector<SourceRunner*> sources) {
  auto open = begin(points, std::move(sources));
  if (!open) return open.error();
  return finish(std::move(*open));
}

uint64_t Committer::backlog_bytes() const {
  uint64_t bytes = 0;
  for (const SinkNode* sink : graph_.sinks) bytes += sink->outlet().backlog_bytes();
  return bytes;
}

std::optional<Error> Committer::sink_failure() const {
  for (const SinkNode* sink : graph_.sinks) {
    if (auto failure = sink->outlet().failure()) return failure;
  }
  return std::nullopt;
}

Result<bool> Committer::settle(int64_t give_up_us) {
  bool more = false;
  for (SinkNode* sink : graph_.sinks) {
    auto settled = sink->outlet().settle(give_up_us);
    if (!settled) return settled.error();
    more = more || *settled;
  }
  return more;
}

}  // namespace millrace
