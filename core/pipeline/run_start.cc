// How an attempt begins: the log is opened, the graph comes to the last commit, sources and cache
// follow.
#include "base/log.h"
#include "pipeline/commit_meta.h"
#include "pipeline/run.h"
#include "state/local_log.h"

namespace millrace {
namespace {

/// By operator, all whose rows come to it.
std::map<std::string, std::set<std::string>> upstream_of(const Graph& graph) {
  std::map<const Node*, std::string> names;
  for (const NamedOperator& op : graph.operators) names[op.node] = op.node->name();
  std::map<std::string, std::set<std::string>> upstream;
  std::map<const Node*, std::set<std::string>> above;  // Every node comes behind its inputs.
  for (const auto& node : graph.nodes) {
    std::set<std::string>& all = above[node.get()];
    for (const Input& input : node->inputs()) {
      all.merge(std::set<std::string>(above[input.node]));
      if (const auto name = names.find(input.node); name != names.end()) all.insert(name->second);
    }
    if (const auto name = names.find(node.get()); name != names.end()) {
      all.erase(name->second);  // An operator of several nodes.
      upstream[name->second] = all;
    }
  }
  return upstream;
}

/// Damaged, or of a newer release. Not one that another process owns, or that is out of reach.
bool is_unreadable(const Result<std::unique_ptr<LocalLog>>& log) {
  if (!log) return log.error().code == Code::kCorrupt;
  const auto last = (*log)->last();
  return !last || (*last && !parse_commit_meta((*last)->meta));
}

}  // namespace

Result<void> Runner::open_log(bool first) {
  if (options_.open_log) {
    log_.reset();
    auto log = options_.open_log();
    if (!log) return log.error();
    log_ = std::move(*log);
    return {};
  }
  if (!first) return {};
  auto log = open_local_log();
  if (!log) return log.error();
  log_ = std::move(*log);
  return {};
}

Result<std::unique_ptr<CommitLog>> Runner::open_lmdb() const {
  const LocalLog::Options place = {config_.commit.dir, config_.name.text};
  auto log = LocalLog::open(place);
  if (options_.fresh && is_unreadable(log)) {
    log_warn("the state in " + config_.commit.dir +
             " cannot be read and is removed; what sinks wrote before stays, since the state knew "
             "where it begins");
    if (log) *log = nullptr;  // The directory has one owner.
    log = LocalLog::open_anew(place);
  }
  if (!log) return log.error();
  // A disk too full for the copy is no reason not to run.
  if (auto compacted = (*log)->compact_if_sparse(); !compacted) log_warn(compacted.error().message);
  return std::unique_ptr<CommitLog>(std::move(*log));
}

/// The log on this machine; under `keep: "cache"` for what is small.
Result<std::unique_ptr<CommitLog>> Runner::open_local_log() {
  const LogOpener& opener = options_.seams.open_local;
  auto log = opener ? opener() : open_lmdb();
  if (!log) return log.error();
  if (config_.commit.keep == CommitConfig::Keep::kLog) {
    if (!options_.fresh) MILLRACE_TRY(refuse_kept_elsewhere(**log));
    return log;
  }
  auto url = parse_redis_url(config_.cache->redis);
  if (!url) return url.error();
  auto kept = std::make_unique<KeptLog>(
      std::move(*log), KeptLog::Options{*url, config_.cache->prefix, config_.name.text,
                                        config_.cache->timeout_us, options_.seams.connect_cache});
  kept_ = kept.get();
  return std::unique_ptr<CommitLog>(std::move(kept));
}

Result<Runner::Sources> Runner::open_sources(const Graph& graph, const Committer& committer,
                                             uint32_t flags) {
  Sources runners;
  for (const SourceStart& source : graph.sources) {
    runners.push_back(std::make_unique<SourceRunner>(source, config_.name.text,
                                                     task_options().limits, machine()));
    MILLRACE_TRY(runners.back()->create());
    runners.back()->remember(source.node->duplicates());
  }
  for (size_t i = 0; i < runners.size(); ++i)
    MILLRACE_TRY(runners[i]->open(committer.resume()[i], committer.epoch(), flags));
  return runners;
}

/// From an older commit, or the beginning, to the last one: sources are read again, sinks are mute.
Result<Ending> Runner::read_on(Graph& graph, Committer& committer, const KeptLog::Start& start) {
  log_info(start.cut ? "reading the sources on from commit " + std::to_string(start.cut->epoch)
                     : "reading the sources from their beginning");
  auto target = committer.restore_older(start.cut);
  if (!target) return target.error();
  for (PluginNode* processor : graph.processors) MILLRACE_TRY(processor->open(committer.epoch()));
  for (SinkNode* sink : graph.sinks) sink->set_mute(true);
  auto sources = open_sources(graph, committer, 0);
  if (!sources) return sources.error();
  TaskOptions options = task_options();
  options.read_on = std::move(*target);
  auto ending = run_task(graph, committer, *sources, std::move(options));
  for (auto& source : *sources) (void)source->close();
  for (SinkNode* sink : graph.sinks) sink->set_mute(false);
  if (!ending || *ending == Ending::kStopped) return ending;
  MILLRACE_TRY(committer.restore_rest());
  return ending;
}

/// The graph comes to the last commit. False: somebody asked to stop on the way.
Result<bool> Runner::restore(Graph& graph, Committer& committer, bool first) {
  if (!kept_) {
    MILLRACE_TRY(committer.restore(first ? options_.forget : std::vector<std::string>()));
  } else {
    auto start = kept_->take_over();
    if (!start) return start.error();
    if (!start->is_last) {
      auto ending = read_on(graph, committer, *start);
      if (!ending) return ending.error();
      unproven_ = true;
      return *ending != Ending::kStopped;
    }
    MILLRACE_TRY(committer.restore({}));
  }
  for (PluginNode* processor : graph.processors) MILLRACE_TRY(processor->open(committer.epoch()));
  return true;
}

Result<bool> Runner::begin(Graph& graph, Committer& committer, bool first) {
  auto begun = committer.fresh_was_begun();
  if (!begun) return begun.error();
  const bool fresh = (options_.fresh && first) || *begun;
  unproven_ = false;
  if (kept_) kept_->set_upstream(upstream_of(graph));
  if (fresh) {
    if (kept_) kept_->begin_fresh();
    MILLRACE_TRY(committer.begin_fresh());
    for (PluginNode* processor : graph.processors) MILLRACE_TRY(processor->open(committer.epoch()));
  } else {
    auto restored = restore(graph, committer, first);
    if (!restored || !*restored) return restored;
  }
  for (SinkNode* sink : graph.sinks) {
    MILLRACE_TRY(sink->outlet().open(
        {committer.epoch(), fresh ? MR_OPEN_FRESH : 0, log_->state_id(), machine()}));
  }
  return true;
}

/// Redis, if it is asked for, hears of every commit; nothing here waits for it.
std::unique_ptr<CacheWriter> Runner::start_cache(Committer& committer) {
  if (!config_.cache) return nullptr;
  auto url = parse_redis_url(config_.cache->redis);
  if (!url) return nullptr;  // The planner has told it.
  CacheWriter::Options options{*url,
                               config_.cache->prefix,
                               config_.name.text,
                               config_.commit.task.value_or(0),
                               config_.cache->timeout_us,
                               static_cast<uint64_t>(config_.cache->max_pending_bytes),
                               options_.seams.connect_cache,
                               &machine()};
  auto writer = std::make_unique<CacheWriter>(std::move(options), *log_, committer.epoch());
  committer.on_committed(
      [cache = writer.get()](Commit commit) { cache->committed(std::move(commit)); });
  return writer;
}

}  // namespace millrace
