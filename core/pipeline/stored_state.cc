#include "pipeline/stored_state.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/hex.h"
#include "base/time.h"
#include "delivery/outbox_rows.h"
#include "json/document.h"
#include "json/write.h"
#include "pipeline/commit_meta.h"
#include "state/block_reader.h"

namespace millrace {
namespace {

struct Last {
  uint64_t epoch = 0;
  JsonValue meta;
};

Result<Last> last_commit(CommitLog& log) {
  auto last = log.last();
  if (!last) return last.error();
  if (!*last) return Error{Code::kFailed, "nothing was committed yet"};
  auto meta = parse_commit_meta((*last)->meta);
  if (!meta) return meta.error();
  return Last{(*last)->epoch, std::move(*meta)};
}

JsonValue time_json(const JsonValue* us) {
  if (!us || !us->is_int() || us->as_int() == kTimeNone) return JsonValue();
  if (us->as_int() == kTimeMax) return JsonValue::string("end");
  return JsonValue::string(format_rfc3339(us->as_int()));
}

/// A plugin's own bytes: as they are if they are text, else in hex.
JsonValue bytes_json(const JsonValue* hex) {
  std::string bytes;
  if (!hex || !hex->is_string() || !from_hex(hex->as_string(), bytes)) return JsonValue();
  const bool readable =
      std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return JsonValue::string(readable ? bytes : "hex " + hex->as_string());
}

void copy_member(const JsonValue& from, std::string_view key, JsonValue& to) {
  if (const JsonValue* value = from.find(key)) to.set(key, *value);
}

/// What lies in the log of one operator, its kinds (`OP/KIND`) included.
struct Extent {
  int64_t blocks = 0, bytes = 0;
  std::vector<int64_t> slices;
};

Result<Extent> extent_of(CommitLog& log, const std::string& name, bool kinds) {
  auto stored = log.operators();
  if (!stored) return stored.error();
  Extent extent;
  for (const StoredOperator& one : *stored) {
    if (one.op != name && !(kinds && one.op.starts_with(name + "/"))) continue;
    MILLRACE_TRY(log.read_blocks(one.op, [&](const BlockId& id, std::string_view bytes) {
      ++extent.blocks;
      extent.bytes += static_cast<int64_t>(bytes.size());
      extent.slices.push_back(id.slice);
      return Result<void>();
    }));
  }
  std::sort(extent.slices.begin(), extent.slices.end());
  extent.slices.erase(std::unique(extent.slices.begin(), extent.slices.end()), extent.slices.end());
  return extent;
}

JsonValue describe_source(const JsonValue& stored) {
  JsonValue out = JsonValue::object();
  out.set("snapshot", bytes_json(stored.find("snapshot")));
  copy_member(stored, "skip", out);
  copy_member(stored, "seek", out);
  out.set("watermark", time_json(stored.find("watermark")));
  out.set("max_time", time_json(stored.find("max_time")));
  copy_member(stored, "counters", out);
  return out;
}

Result<JsonValue> describe_operator(CommitLog& log, const std::string& name,
                                    const JsonValue& stored) {
  auto extent = extent_of(log, name, true);
  if (!extent) return extent.error();
  JsonValue out = JsonValue::object();
  if (stored.find("watermark")) out.set("watermark", time_json(stored.find("watermark")));
  out.set("slices", JsonValue::integer(static_cast<int64_t>(extent->slices.size())));
  if (!extent->slices.empty()) {
    const JsonValue first = JsonValue::integer(extent->slices.front());
    const JsonValue last = JsonValue::integer(extent->slices.back());
    out.set("first_slice", time_json(&first));
    out.set("last_slice", time_json(&last));
  }
  out.set("blocks", JsonValue::integer(extent->blocks));
  out.set("bytes", JsonValue::integer(extent->bytes));
  copy_member(stored, "counters", out);
  return out;
}

Result<JsonValue> describe_sink(CommitLog& log, const std::string& name, const JsonValue& stored) {
  auto extent = extent_of(log, outbox_operator(name), false);
  if (!extent) return extent.error();
  JsonValue out = JsonValue::object();
  copy_member(stored, "delivered", out);
  out.set("waiting_commits", JsonValue::integer(static_cast<int64_t>(extent->slices.size())));
  out.set("waiting_bytes", JsonValue::integer(extent->bytes));
  copy_member(stored, "counters", out);
  return out;
}

/// All operators in the log that belong to `name`, its outbox if it is a sink's.
Result<std::vector<std::string>> blocks_of(CommitLog& log, const std::string& name) {
  auto stored = log.operators();
  if (!stored) return stored.error();
  std::vector<std::string> found;
  for (const StoredOperator& one : *stored) {
    const bool own =
        one.op == name || one.op.starts_with(name + "/") || one.op == outbox_operator(name);
    if (own) found.push_back(one.op);
  }
  return found;
}

Result<void> forget_one(CommitLog& log, const std::string& name, JsonValue& meta, Commit& commit) {
  bool known = false;
  for (const char* part : {"sources", "operators", "sinks"}) {
    JsonValue* stored = meta.find(part);
    if (!stored || !stored->find(name)) continue;
    known = true;
    stored->remove(name);
  }
  if (!known)
    return Error{Code::kInvalidConfig, "--forget " + name + ": there is no state of that name"};
  auto blocks = blocks_of(log, name);
  if (!blocks) return blocks.error();
  commit.erase_operators.insert(commit.erase_operators.end(), blocks->begin(), blocks->end());
  return {};
}

Result<void> seek_one(const SeekTo& to, JsonValue& meta) {
  JsonValue* sources = meta.find("sources");
  JsonValue* source = sources ? sources->find(to.source) : nullptr;
  if (!source)
    return Error{Code::kInvalidConfig,
                 "--set-position " + to.source + ": that source has no state yet"};
  if (!source->find("seek")) source->set("seek", JsonValue::object());
  source->find("seek")->set(std::to_string(to.partition),
                            JsonValue::integer(static_cast<int64_t>(to.position)));
  source->set("skip", JsonValue::integer(0));
  return {};
}

const Error& no_export() {
  static const Error error{
      Code::kCorrupt, "this is no state that `millrace state --export` wrote, or it is damaged"};
  return error;
}

Result<StateBlock> parse_block(const std::string& line) {
  auto parsed = parse_json(line, "a block");
  if (!parsed) return no_export();
  const JsonValue* hex = parsed->root.find("block");
  StateBlock block;
  if (!hex || !hex->is_string() || !from_hex(hex->as_string(), block.bytes)) return no_export();
  // The block names itself, behind a checksum.
  auto header = read_block_header(block.bytes);
  if (!header) return header.error();
  block.id = header->id;
  return block;
}

}  // namespace

Result<JsonValue> describe_state(CommitLog& log) {
  auto last = last_commit(log);
  if (!last) return last.error();
  JsonValue out = JsonValue::object();
  out.set("commit", JsonValue::integer(static_cast<int64_t>(last->epoch)));
  out.set("state_id", JsonValue::string(log.state_id()));
  out.set("bytes_on_disk", JsonValue::integer(static_cast<int64_t>(log.bytes_on_disk())));
  JsonValue& sources = out.set("sources", JsonValue::object());
  for (const auto& [name, stored, position] : member_of(last->meta, "sources").members()) {
    sources.set(name, describe_source(stored));
  }
  for (const bool sinks : {false, true}) {
    const char* part = sinks ? "sinks" : "operators";
    JsonValue described = JsonValue::object();
    for (const auto& [name, stored, position] : member_of(last->meta, part).members()) {
      auto one = sinks ? describe_sink(log, name, stored) : describe_operator(log, name, stored);
      if (!one) return one.error();
      described.set(name, std::move(*one));
    }
    out.set(part, std::move(described));
  }
  return out;
}

Result<SeekTo> parse_seek(const std::string& text) {
  const size_t equals = text.rfind('='), slash = text.rfind('/', equals);
  SeekTo to;
  const auto number = [&](size_t begin, size_t end, auto& value) {
    const auto read = std::from_chars(text.data() + begin, text.data() + end, value);
    return begin < end && read.ec == std::errc() && read.ptr == text.data() + end;
  };
  if (equals == std::string::npos || slash == std::string::npos || slash == 0 ||
      !number(slash + 1, equals, to.partition) || !number(equals + 1, text.size(), to.position)) {
    return Error{
        Code::kInvalidConfig,
        "--set-position " + text + ": expected SOURCE/PARTITION=POSITION, e.g. edits/0=1200"};
  }
  to.source = text.substr(0, slash);
  return to;
}

Result<void> alter_state(CommitLog& log, const std::vector<std::string>& forget,
                         const std::vector<SeekTo>& seeks) {
  auto last = last_commit(log);
  if (!last) return last.error();
  Commit commit;
  commit.epoch = last->epoch + 1;
  for (const std::string& name : forget) MILLRACE_TRY(forget_one(log, name, last->meta, commit));
  // What was asked for before and not begun yet is not wanted any more.
  for (const SeekTo& to : seeks) {
    JsonValue* sources = last->meta.find("sources");
    if (JsonValue* source = sources ? sources->find(to.source) : nullptr) source->remove("seek");
  }
  for (const SeekTo& to : seeks) MILLRACE_TRY(seek_one(to, last->meta));
  commit.meta = to_json(last->meta);
  return log.commit(commit);
}

Result<void> export_state(CommitLog& log,
                          const std::function<Result<void>(std::string_view)>& write) {
  auto last = last_commit(log);
  if (!last) return last.error();
  JsonValue head = JsonValue::object();
  head.set("millrace_state", JsonValue::integer(1));
  head.set("commit", JsonValue::integer(static_cast<int64_t>(last->epoch)));
  auto stored = log.operators();
  if (!stored) return stored.error();
  int64_t blocks = 0;
  for (const StoredOperator& one : *stored) blocks += static_cast<int64_t>(one.blocks);
  head.set("blocks", JsonValue::integer(blocks));
  head.set("meta", std::move(last->meta));
  MILLRACE_TRY(write(to_json(head)));
  for (const StoredOperator& one : *stored) {
    MILLRACE_TRY(log.read_blocks(one.op, [&](const BlockId& id, std::string_view bytes) {
      JsonValue line = JsonValue::object();
      line.set("operator", JsonValue::string(id.op));
      line.set("slice", JsonValue::integer(id.slice));
      line.set("shard", JsonValue::integer(id.shard));
      line.set("number", JsonValue::integer(id.number));
      line.set("block", JsonValue::string(to_hex(bytes)));
      return write(to_json(line));
    }));
  }
  return {};
}

Result<void> import_state(CommitLog& log, const std::vector<std::string>& lines) {
  auto head =
      lines.empty() ? Result<JsonDocument>(no_export()) : parse_json(lines[0], "the first line");
  if (!head) return no_export();
  const JsonValue* format = head->root.find("millrace_state");
  const JsonValue* epoch = head->root.find("commit");
  const JsonValue* blocks = head->root.find("blocks");
  const JsonValue* meta = head->root.find("meta");
  if (!format || !epoch || !epoch->is_int() || !blocks || !meta) return no_export();
  if (!format->is_int() || format->as_int() != 1) {
    return Error{Code::kFailed, "the exported state was written by another release of millrace"};
  }
  if (blocks->as_int() != static_cast<int64_t>(lines.size()) - 1) return no_export();
  auto here = log.last();
  if (!here) return here.error();
  auto stored = log.operators();
  if (!stored) return stored.error();
  Commit commit;
  commit.epoch = std::max(*here ? (*here)->epoch : 0, static_cast<uint64_t>(epoch->as_int())) + 1;
  for (const StoredOperator& one : *stored) commit.erase_operators.push_back(one.op);
  for (size_t i = 1; i < lines.size(); ++i) {
    auto block = parse_block(lines[i]);
    if (!block) return block.error();
    commit.put.push_back(std::move(*block));
  }
  auto readable = parse_commit_meta(to_json(*meta));
  if (!readable) return readable.error();
  // The count of what a sink has confirmed belongs to the state that it knows: here begins another.
  if (JsonValue* sinks = readable->find("sinks")) {
    for (const auto& [name, stored, position] : member_of(*meta, "sinks").members())
      sinks->find(name)->remove("delivered");
  }
  commit.meta = to_json(*readable);
  return log.commit(commit);
}

}  // namespace millrace
