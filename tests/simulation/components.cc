#include "components.h"

#include <charconv>

#include "outside.h"

namespace millrace::simulation {
namespace {

constexpr const char* kNamed =
    R"({"type": "object", "properties": {"name": {"type": "string"}, "replay": {"enum": ["exact", "window"]}}})";

void alive(const char* place) {
  if (!World::current().pass(place)) throw fatal("the simulated process is dead");
}

uint64_t number_of(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// A log that can be read again, now and then slowly, or not at all. `replay: window`: after an
/// opening some records come again.
class LogSource final : public source {
 public:
  static constexpr auto info = describe("org.millrace.test.sim_log", "1.0.0", "Apache-2.0",
                                        "A log of the simulation.", kNamed);
  LogSource(const context&, const config& cfg)
      : items_(Outside::current().logs[cfg.str("name", "")]),
        again_(cfg.str("replay", "exact") == "window") {}

  traits source_traits() const override {
    return {.bounded = true, .replay = again_ ? replay::window : replay::exact};
  }
  void open(const opening& how) override {
    alive("source.open");
    next_ = how.state.empty() ? 0 : number_of(how.state);
    if (!again_) return;
    constexpr uint64_t kAgainMax = 6;
    for (uint64_t back = World::current().dice().below(kAgainMax); back > 0 && next_ > 0; --back) {
      if (items_[next_ - 1].gap) break;  // What was lost is told once.
      --next_;
    }
  }
  flow poll(const budget& b, emitter& out) override {
    alive("source.poll");
    World& world = World::current();
    if (world.fault("source away", 2)) throw retriable("the simulated source is away", 40);
    if (world.dice().chance(20)) return next_ < items_.size() ? flow::idle : flow::end;
    constexpr uint64_t kOnceMax = 12;
    const uint64_t behind =
        next_ + std::min<uint64_t>(1 + world.dice().below(kOnceMax), b.max_records);
    for (; next_ < behind && next_ < items_.size(); ++next_) put(items_[next_], out);
    return next_ < items_.size() ? flow::more : flow::end;
  }
  std::string snapshot(uint64_t) override { return std::to_string(next_); }
  void ack(const acknowledged& a) override {
    World::current().note("ack", std::to_string(a.epoch));
  }

 private:
  void put(const LogItem& item, emitter& out) const {
    if (item.gap) {
      gap lost;
      lost.from_position = lost.to_position = next_;
      lost.reason = "lost upstream";
      out.lost(lost);
      return;
    }
    record r;
    r.value = item.value;
    r.position = next_;
    if (again_) {
      r.dedupe_hash = item.id + 1;
      r.dedupe_time_us = item.time_us;
    }
    out.append(r);
  }

  const std::vector<LogItem>& items_;
  const bool again_;
  uint64_t next_ = 0;
};

std::string text_of(batch_view rows, uint32_t i) {
  return std::string(rows.key(i)) + "\t" + std::string(rows.value(i));
}

/// Away before it took anything.
void may_be_away() {
  if (World::current().fault("sink away", 1)) throw retriable("the simulated sink is away");
}
/// Took it, and the answer is lost.
void may_lose_the_answer() {
  if (World::current().fault("sink unsure", 1)) throw retriable("the simulated sink was cut off");
}

/// A file on the process's own disk.
class FileSink final : public sink {
 public:
  static constexpr auto info = describe("org.millrace.test.sim_file", "1.0.0", "Apache-2.0",
                                        "A file of the simulation.", kNamed, cap::two_phase);
  FileSink(const context&, const config& cfg)
      : name_(cfg.str("name", "")), file_(Outside::current().files[name_]) {}

  void open(const opening& how) override {
    alive("file.open");
    const uint64_t committed = how.state.empty() ? 0 : number_of(how.state);
    if (file_.bytes.size() < committed)
      Outside::current().broken_promises.push_back(name_ + " lacks bytes of a commit");
    file_.bytes.resize(std::min<size_t>(committed, file_.bytes.size()));
    file_.synced = std::min(file_.synced, file_.bytes.size());
  }
  void write(batch_view rows, emitter&) override {
    may_be_away();
    for (uint32_t i = 0; i < rows.size(); ++i) file_.bytes += std::string(rows.value(i)) + "\n";
    alive("file.write");
  }
  std::string prepare(uint64_t) override {
    alive("file.sync");
    if (World::current().fault("file sync fails", 1)) throw fatal("the simulated disk fails");
    file_.synced = file_.bytes.size();
    alive("file.synced");
    return std::to_string(file_.synced);
  }
  void commit(uint64_t) override { alive("file.commit"); }
  void abort(uint64_t) override {}

 private:
  const std::string name_;
  AppendedFile& file_;
};

/// A server where a row replaces what came with the same tag.
class TaggedSink final : public sink {
 public:
  static constexpr auto info = describe("org.millrace.test.sim_tagged", "1.0.0", "Apache-2.0",
                                        "Rows by tag.", kNamed, cap::idempotent);
  TaggedSink(const context&, const config& cfg)
      : name_(cfg.str("name", "")), rows_(Outside::current().tagged[name_]) {}

  void open(const opening&) override { alive("tagged.open"); }
  void write(batch_view rows, emitter&) override {
    may_be_away();
    for (uint32_t i = 0; i < rows.size(); ++i) {
      if (i % 3 == 2) alive("tagged.row");
      const std::string row = text_of(rows, i);
      const auto [place, fresh] = rows_.try_emplace({rows.epoch(), rows.first_row() + i}, row);
      if (!fresh && place->second != row)
        Outside::current().broken_promises.push_back(name_ + ": a tag got another row");
    }
    alive("tagged.written");
    may_lose_the_answer();
  }

 private:
  const std::string name_;
  std::map<Outside::Tag, std::string>& rows_;
};

/// A server that stores rows and the number of their commit at once.
class MarkedSink final : public sink, public epoch_sink {
 public:
  static constexpr auto info = describe("org.millrace.test.sim_marked", "1.0.0", "Apache-2.0",
                                        "Rows by commit.", kNamed, cap::epoch_marked);
  MarkedSink(const context&, const config& cfg)
      : stored_(Outside::current().marked[cfg.str("name", "")]) {}

  void open(const opening&) override { alive("marked.open"); }
  void write(batch_view, emitter&) override { throw fatal("rows come by write_epoch"); }
  uint64_t last_epoch(std::string_view pipeline) override {
    alive("marked.last_epoch");
    return stored_.epochs[std::string(pipeline)];
  }
  void write_epoch(std::string_view pipeline, uint64_t epoch, std::span<const batch_view> batches,
                   emitter&) override {
    may_be_away();
    alive("marked.begin");
    uint64_t& last = stored_.epochs[std::string(pipeline)];
    if (epoch <= last) throw fatal("this commit was here before");
    for (const batch_view& rows : batches) {
      for (uint32_t i = 0; i < rows.size(); ++i) stored_.rows.push_back(text_of(rows, i));
    }
    last = epoch;
    alive("marked.committed");
    may_lose_the_answer();
  }

 private:
  Outside::Marked& stored_;
};

/// A server that takes what comes, as often as it comes.
class LossySink final : public sink {
 public:
  static constexpr auto info =
      describe("org.millrace.test.sim_lossy", "1.0.0", "Apache-2.0", "Appends rows.", kNamed);
  LossySink(const context&, const config& cfg)
      : rows_(Outside::current().lossy[cfg.str("name", "")]) {}

  void open(const opening&) override { alive("lossy.open"); }
  void write(batch_view rows, emitter&) override {
    may_be_away();
    for (uint32_t i = 0; i < rows.size(); ++i) {
      if (i % 3 == 2) alive("lossy.row");
      rows_.push_back(text_of(rows, i));
    }
    alive("lossy.written");
    may_lose_the_answer();
  }

 private:
  std::vector<std::string>& rows_;
};

}  // namespace

const mr_module& simulated_components() {
  return module_of<LogSource, FileSink, TaggedSink, MarkedSink, LossySink>;
}

}  // namespace millrace::simulation
