#include <algorithm>
#include <string>

#include "config/resolve.h"

namespace millrace {
namespace {

constexpr std::array<const char*, 2> kLogs = {"local", "kafka"};
constexpr std::array<const char*, 2> kKeeps = {"log", "cache"};
constexpr int64_t kKafkaEveryUs = 200'000;

/// librdkafka takes every value as text.
std::vector<std::pair<std::string, std::string>> read_client(const ConfigNode& node) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const ConfigNode& one : node.members()) {
    std::string value = one.text().text;
    if (!one.is_string()) {
      const auto number = node.integer(one.key());
      value = number ? std::to_string(*number) : node.boolean(one.key(), false) ? "true" : "false";
    }
    out.emplace_back(one.key(), std::move(value));
  }
  return out;
}

CommitConfig read_commit(const ConfigNode& node, Faults& faults) {
  CommitConfig out;
  out.where = node.where_key();
  out.written = node.written();
  out.log = node.word<CommitConfig::Log>("log", kLogs).value_or(CommitConfig::Log::kLocal);
  out.every_us = node.duration("every").value_or(
      out.log == CommitConfig::Log::kKafka ? kKafkaEveryUs : out.every_us);
  if (const Text dir = node.text("dir"); !dir.empty()) out.dir = dir.text;
  out.keep = node.word<CommitConfig::Keep>("keep", kKeeps).value_or(CommitConfig::Keep::kLog);
  out.brokers = node.text("brokers");
  out.replication = node.child("topics").integer("replication").value_or(1);
  out.client = read_client(node.child("kafka"));
  if (out.log == CommitConfig::Log::kKafka && !node.has("brokers")) {
    faults.add(node.child("log").where(), "\"kafka\" needs \"brokers\"",
               "e.g. \"brokers\": \"kafka1:9092,kafka2:9092\"");
  }
  if (out.log == CommitConfig::Log::kLocal) {
    for (const char* key : {"brokers", "topics", "kafka"}) {
      if (const Where* where = find_written(out.written, key)) {
        faults.add(*where, "has a meaning only with \"log\": \"kafka\"");
      }
    }
  }
  return out;
}

std::optional<CacheConfig> read_cache(const ConfigNode& node, Faults& faults) {
  if (!node.is_object()) return std::nullopt;
  CacheConfig out;
  out.where = node.where_key();
  const Text url = node.text("redis");
  out.redis = url.text;
  if (url.text.starts_with("rediss://")) {
    faults.add(url.where, "rediss:// is refused, since the Redis client library has no TLS",
               "use redis:// through a tunnel or a trusted network");
  } else if (!url.empty() && !url.text.starts_with("redis://")) {
    faults.add(url.where, "expected a URL that begins with redis://",
               "e.g. redis://127.0.0.1:6379/0");
  }
  out.timeout_us = node.duration("timeout").value_or(out.timeout_us);
  out.max_pending_bytes = node.size("max_pending").value_or(out.max_pending_bytes);
  if (const Text prefix = node.text("prefix"); !prefix.empty()) out.prefix = prefix.text;
  return out;
}

LimitsConfig read_limits(const ConfigNode& node) {
  LimitsConfig out;
  out.state_bytes = node.size("state");
  out.outbox_bytes = node.size("outbox").value_or(out.outbox_bytes);
  return out;
}

/// `host:port`, the host possibly in brackets.
bool is_address(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  const std::string port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5) return false;
  if (!std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  return std::stoi(port) <= 65535;
}

Text read_listen(const ConfigNode& node, Faults& faults) {
  const Text listen = node.text("listen");
  if (!listen.empty() && !is_address(listen.text)) {
    faults.add(listen.where, "expected host:port, found \"" + listen.text + "\"",
               "e.g. 127.0.0.1:9464");
  }
  return listen;
}

const std::string* find_text(const PluginTexts& texts, const std::string& pointer) {
  const auto found = texts.find(pointer);
  return found == texts.end() ? nullptr : &found->second;
}

void read_parts(const ConfigNode& root, const PluginTexts& texts, PipelineConfig& out,
                Faults& faults) {
  for (const ConfigNode& node : root.child("sources").members()) {
    if (!node.is_object()) continue;
    out.sources.push_back(resolve_source(node, faults));
    if (const auto* text = find_text(texts, node.pointer())) {
      out.sources.back().plugin_config = *text;
    }
  }
  for (const ConfigNode& node : root.child("operators").members()) {
    if (!node.is_object()) continue;
    out.operators.push_back(resolve_operator(node, faults));
    if (const auto* text = find_text(texts, node.pointer())) {
      out.operators.back().plugin_config = *text;
    }
  }
  for (const ConfigNode& node : root.child("sinks").members()) {
    if (!node.is_object()) continue;
    out.sinks.push_back(resolve_sink(node));
    if (const auto* text = find_text(texts, node.pointer())) {
      out.sinks.back().plugin_config = *text;
    }
  }
}

}  // namespace

const Where* find_written(const WrittenKeys& keys, std::string_view key) {
  for (const WrittenKey& written : keys) {
    if (written.key == key) return &written.where;
  }
  return nullptr;
}

const SourceConfig* PipelineConfig::find_source(std::string_view name) const {
  for (const SourceConfig& source : sources) {
    if (source.name.text == name) return &source;
  }
  return nullptr;
}

const OperatorConfig* PipelineConfig::find_operator(std::string_view name) const {
  for (const OperatorConfig& candidate : operators) {
    if (candidate.name.text == name) return &candidate;
  }
  return nullptr;
}

PipelineConfig resolve_pipeline(const ConfigDocument& document, const PluginTexts& texts,
                                Faults& faults) {
  const ConfigNode root(document, "");
  PipelineConfig out;
  out.name = root.text("pipeline");
  out.contact = root.text("contact");
  out.written = root.written();
  out.commit = read_commit(root.child("commit"), faults);
  out.cache = read_cache(root.child("cache"), faults);
  out.delivery = resolve_delivery(root.child("delivery"));
  out.delivery_where = root.child("delivery").where();
  out.lanes = root.integer("lanes");
  const Text dead_letters = root.text("dead_letters");
  out.dead_letters_on = dead_letters.text != "none";
  if (out.dead_letters_on) out.dead_letters = dead_letters;
  out.metrics_listen = read_listen(root.child("metrics"), faults);
  out.limits = read_limits(root.child("limits"));
  read_parts(root, texts, out, faults);
  return out;
}

}  // namespace millrace
