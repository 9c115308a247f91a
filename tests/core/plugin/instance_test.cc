#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include <cstring>
#include <thread>

#include "plugin/component.h"
#include "plugin/in_call.h"
#include "plugin/library.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Component component(const std::string& name) {
  auto module = load_library(MILLRACE_BAD_DIR "/misbehave.mrp.so");
  EXPECT_TRUE(module) << module.error().message;
  for (uint32_t i = 0; i < (*module)->count; ++i) {
    const Component c{(*module)->components[i], MILLRACE_BAD_DIR "/misbehave.mrp.so"};
    if (c.name() == name) return c;
  }
  ADD_FAILURE() << name;
  return {};
}

std::string how(const std::string& text) { return R"({"how":")" + text + "\"}"; }

template <class T>
std::unique_ptr<T> instance(const std::string& name, const std::string& way, bool opened = true) {
  auto made = T::create(component(name), {"p", "mine"}, how(way));
  EXPECT_TRUE(made) << made.error().message;
  if (opened) {
    EXPECT_TRUE((*made)->open({}, 0, 0));
  }
  return std::move(*made);
}
auto source(const std::string& way) { return instance<SourceInstance>("bad_source", way); }
auto processor(const std::string& way) { return instance<ProcessorInstance>("bad_processor", way); }
auto sink(const std::string& way) { return instance<SinkInstance>("bad_sink", way); }

int64_t soon_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000 + 1000;
}

/// One poll and what it gave.
struct Poll {
  BatchBuilder out;
  std::vector<SourceInstance::PartitionEvent> events;
  Result<Flow> flow;
  explicit Poll(SourceInstance& source, uint32_t max = 100)
      : flow(source.poll(max, 1 << 20, soon_us(), nullptr, out, events)) {}
};

BatchRef batch_of(const std::vector<std::string>& values) {
  BatchBuilder builder;
  for (size_t i = 0; i < values.size(); ++i) {
    mr_need need{};
    need.records = 1;
    need.columns = MR_COL_POSITION;
    need.value_bytes = values[i].size();
    mr_room room{};
    EXPECT_EQ(builder.reserve(need, room), MR_OK);
    std::memcpy(room.value, values[i].data(), values[i].size());
    room.value_spans[0] = {0, static_cast<uint32_t>(values[i].size())};
    room.position[0] = 100 + i;
    EXPECT_EQ(builder.commit(1), MR_OK);
  }
  return builder.take().batches.at(0).batch;
}

std::vector<std::string> values_of(const std::vector<SourceBatch>& batches) {
  std::vector<std::string> values;
  for (const SourceBatch& b : batches) {
    for (uint32_t i = 0; i < b.batch.size(); ++i) values.emplace_back(b.batch.value(i));
  }
  return values;
}

TEST(SourceInstance, PollsSnapshotsAndResumes) {
  std::string state;
  {
    auto s = source("");
    EXPECT_TRUE(s->traits().bounded);
    EXPECT_EQ(s->traits().replay, SourceTraits::Replay::kExact);
    EXPECT_TRUE(s->can_seek());
    Poll poll(*s, 4);
    ASSERT_TRUE(poll.flow) << poll.flow.error().message;
    EXPECT_EQ(*poll.flow, Flow::kMore);
    EXPECT_THAT(values_of(poll.out.take().batches), testing::ElementsAre("0", "1", "2", "3"));
    state = *s->snapshot(1);
    EXPECT_TRUE(s->ack(1, {0}, {4}));
  }
  auto s = instance<SourceInstance>("bad_source", "", false);
  ASSERT_TRUE(s->open(state, 1, 0));
  Poll poll(*s);
  EXPECT_EQ(*poll.flow, Flow::kEnd);
  EXPECT_THAT(values_of(poll.out.take().batches).front(), "4");
  ASSERT_TRUE(s->seek(0, 9));
  EXPECT_THAT(values_of(Poll(*s).out.take().batches), testing::ElementsAre("9"));
}

TEST(SourceInstance, ExceptionsBecomeErrorsThatNameThePlugin) {
  Poll thrown(*source("throws"));
  ASSERT_FALSE(thrown.flow);
  EXPECT_EQ(thrown.flow.error().code, Code::kPluginFault);
  EXPECT_EQ(
      thrown.flow.error().message,
      "source \"mine\" (org.example.bad_source): poll failed with an exception: thrown by the "
      "plugin");
  EXPECT_EQ(Poll(*source("throws_int")).flow.error().code, Code::kPluginFault);
  EXPECT_EQ(Poll(*source("no_memory")).flow.error().code, Code::kFailed);
  EXPECT_EQ(Poll(*source("config")).flow.error().code, Code::kInvalidConfig);
  EXPECT_EQ(Poll(*source("fatal")).flow.error().message,
            "source \"mine\" (org.example.bad_source): the disk is full");
}

TEST(SourceInstance, RetriableErrorsKeepWhatCameBefore) {
  auto s = source("partial");
  Poll poll(*s);
  ASSERT_FALSE(poll.flow);
  EXPECT_EQ(poll.flow.error().code, Code::kUnavailable);
  EXPECT_EQ(s->retry_after_ms(), 1234u);
  EXPECT_THAT(values_of(poll.out.take().batches), testing::ElementsAre("before"));
}

TEST(SourceInstance, R22_ASourceIsToldTheTimesThatTheHostReads) {
  const auto read = [](std::string_view value, int64_t own) {
    return static_cast<int64_t>(value.size()) + own;
  };
  auto s = SourceInstance::create(component("bad_source"), {"p", "mine"}, how("asks_times"), read);
  ASSERT_TRUE(s && (*s)->open({}, 0, 0));
  EXPECT_THAT(values_of(Poll(**s).out.take().batches), testing::ElementsAre("42"));
  const Poll unoffered(*source("asks_times"));
  ASSERT_FALSE(unoffered.flow);
  EXPECT_THAT(unoffered.flow.error().message, HasSubstr("does not offer millrace.event_times/1"));
}

TEST(SourceInstance, FailuresOfCreateAndOpen) {
  auto made = SourceInstance::create(component("bad_source"), {"p", "mine"}, how("create_throws"));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("create failed with an exception: in the constr"));
  EXPECT_FALSE(SourceInstance::create(component("bad_source"), {"p", "mine"}, "{"));
  auto s = instance<SourceInstance>("bad_source", "open_retriable", false);
  auto opened = s->open({}, 0, 0);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kUnavailable);
  EXPECT_TRUE(s->close());
}

TEST(SourceInstance, ValidateHasNoInstance) {
  EXPECT_TRUE(Instance::validate(component("bad_source"), {"p", "mine"}, how("")));
  auto bad = Instance::validate(component("bad_source"), {"p", "mine"}, how("invalid"));
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kInvalidConfig);
  EXPECT_TRUE(Instance::validate(component("bad_sink"), {"p", "mine"}, how("")));
}

TEST(SourceInstance, GarbageIsAFault) {
  for (const char* way : {"garbage_spans", "ignores_refusal"}) {
    Poll poll(*source(way));
    ASSERT_FALSE(poll.flow) << way;
    EXPECT_EQ(poll.flow.error().code, Code::kPluginFault);
    EXPECT_EQ(poll.flow.error().message,
              "source \"mine\" (org.example.bad_source) broke its contract: poll put out garbage: "
              "commit: value span outside of the room");
  }
  EXPECT_THAT(Poll(*source("too_many"), 5).flow.error().message,
              HasSubstr("poll returned 6 records, allowed were 5"));
  EXPECT_THAT(Poll(*source("odd_answer")).flow.error().message, HasSubstr("poll answered 99"));
}

TEST(SourceInstance, EventsRejectsAndGapsKeepTheirOrder) {
  Poll poll(*source("events"));
  ASSERT_EQ(*poll.flow, Flow::kEnd);
  using What = SourceInstance::PartitionEvent::What;
  ASSERT_EQ(poll.events.size(), 3u);
  EXPECT_EQ(poll.events[0].what, What::kAssigned);
  EXPECT_EQ(poll.events[0].after_record, 0u);
  EXPECT_EQ(poll.events[1].what, What::kWatermark);
  EXPECT_EQ(poll.events[1].watermark_us, 77);
  EXPECT_EQ(poll.events[1].after_record, 1u);
  EXPECT_EQ(poll.events[2].what, What::kAtEnd);
  EXPECT_EQ(poll.events[2].after_record, 2u);
  auto taken = poll.out.take();
  ASSERT_EQ(taken.rejects.size(), 1u);
  EXPECT_EQ(taken.rejects[0].bytes, "br\x01oken");
  EXPECT_EQ(taken.rejects[0].reason, "no JSON at all");
  EXPECT_EQ(taken.rejects[0].after_record, 1);
  ASSERT_EQ(taken.gaps.size(), 1u);
  EXPECT_EQ(taken.gaps[0].to_position, 9u);
  ASSERT_NE(taken.batches.at(0).dedupe, nullptr);
  EXPECT_EQ(taken.batches[0].dedupe->hash, (std::vector<uint64_t>{0, 5}));
}

TEST(SourceInstance, WakesFromAThreadOfThePlugin) {
  auto s = source("wakes");
  std::atomic<int> woken{0};
  s->on_wake([&] { ++woken; });
  EXPECT_EQ(*Poll(*s).flow, Flow::kIdle);
  ASSERT_TRUE(s->close());
  EXPECT_EQ(woken, 1);
}

TEST(SourceInstance, KeepsMetrics) {
  auto s = source("");
  Poll(*s, 3), Poll(*s, 3);
  const auto metrics = s->metrics();
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics[0].name, "calls");
  EXPECT_EQ(metrics[0].help, "Polls so far");
  EXPECT_EQ(metrics[0].value, 2);
  EXPECT_EQ(metrics[1].name, "last_position");
  EXPECT_EQ(metrics[1].kind, Metric::Kind::kGauge);
  EXPECT_EQ(metrics[1].value, 6);
}

TEST(ProcessorInstance, PassesAndRejects) {
  BatchRef in = batch_of({"a", "b"});
  BatchBuilder out;
  ASSERT_TRUE(processor("")->process(in, out));
  auto taken = out.take();
  EXPECT_EQ(&taken.batches.at(0).batch.abi(), &in.abi());
  ASSERT_EQ(taken.rejects.size(), 1u);
  EXPECT_EQ(taken.rejects[0].index, 0u);
  EXPECT_EQ(taken.rejects[0].position, 100u);
  EXPECT_EQ(taken.rejects[0].bytes, "a");
  EXPECT_EQ(*processor("")->snapshot(1), "");
}

TEST(ProcessorInstance, RewritesValues) {
  BatchBuilder out;
  ASSERT_TRUE(processor("upper")->process(batch_of({"ab", "", "c"}), out));
  EXPECT_THAT(values_of(out.take().batches), testing::ElementsAre("AB", "", "C"));
}

TEST(ProcessorInstance, MapsOneRecordAtATime) {
  auto mapper = instance<ProcessorInstance>("mapper", "");
  BatchBuilder out;
  BatchRef in = batch_of({"keep", "drop", "bad", "keep2", "change", "keep3"});
  ASSERT_TRUE(mapper->process(in, out));
  auto taken = out.take();
  EXPECT_THAT(values_of(taken.batches), testing::ElementsAre("keep", "keep2", "changed", "keep3"));
  EXPECT_EQ(taken.batches.at(0).batch.abi().value.base, in.abi().value.base);
  ASSERT_EQ(taken.rejects.size(), 1u);
  EXPECT_EQ(taken.rejects[0].index, 2u);
  EXPECT_EQ(taken.rejects[0].reason, "this one is bad");
}

TEST(ProcessorInstance, BadIndicesAreFaults) {
  for (const char* way : {"decreasing", "beyond", "reject_beyond"}) {
    BatchBuilder out;
    auto done = processor(way)->process(batch_of({"a", "b"}), out);
    ASSERT_FALSE(done) << way;
    EXPECT_EQ(done.error().code, Code::kPluginFault);
    EXPECT_THAT(done.error().message,
                StartsWith("processor \"mine\" (org.example.bad_processor) broke its contract"));
  }
}

TEST(SinkInstance, RejectsOnly) {
  std::vector<Reject> rejects;
  ASSERT_TRUE(sink("")->write(batch_of({"a", "b"}), rejects));
  ASSERT_EQ(rejects.size(), 1u);
  EXPECT_EQ(rejects[0].index, 1u);
  auto done = sink("passes")->write(batch_of({"a"}), rejects);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("a sink puts out rejects only"));
}

TEST(SinkInstance, WaitsForAPendingPrepare) {
  auto s = sink("");
  EXPECT_EQ(*s->prepare(7), "epoch 7");
  EXPECT_TRUE(s->commit(7));
  EXPECT_EQ(*s->prepare(8), "epoch 8");
  EXPECT_EQ(*sink("now")->prepare(1), "now");
  auto failed = sink("fails")->prepare(1);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kUnavailable);
  EXPECT_THAT(failed.error().message, HasSubstr("server gone"));
}

TEST(SinkInstance, CancelEndsAPrepareThatNeverCompletes) {
  auto s = sink("never");
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    s->cancel();
  });
  auto prepared = s->prepare(1);
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code, Code::kCancelled);
}

TEST(SinkInstance, EpochMarkedSinksKnowWhatTheyHave) {
  auto s = sink("");
  ASSERT_TRUE(s->is_epoch_marked());
  EXPECT_EQ(*s->last_epoch("p"), 6u);
  std::vector<Reject> rejects;
  ASSERT_TRUE(s->write_epoch("p", 7, {batch_of({"a"})}, rejects));
  EXPECT_EQ(rejects.at(0).reason, "epoch 7");
}

TEST(Instances, RunBesideEachOther) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 50; ++i) {
        auto s = source("");
        EXPECT_TRUE(Poll(*s).flow);
      }
    });
  }
}

TEST(CrashDeathTest, ACrashNamesTheComponent) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        install_crash_handler();
        Poll poll(*source("crash"));
      },
      testing::KilledBySignal(SIGSEGV),
      R"(plugin org\.example\.bad_source \(p/mine\) crashed with SIGSEGV in poll)");
  EXPECT_EXIT(
      {
        install_crash_handler();
        Poll poll(*source("abort"));
      },
      testing::KilledBySignal(SIGABRT), "crashed with SIGABRT in poll");
  EXPECT_STREQ(component_in_call(), "");
}

TEST(CrashDeathTest, AHangEndsTheProcessAndNamesTheComponent) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        setenv("MILLRACE_CALL_TIMEOUT", "0.3", 1);
        Poll poll(*source("hang"));
      },
      testing::ExitedWithCode(1),
      R"(source "mine" \(org\.example\.bad_source\): poll has not returned for [0-9]+ ms; the plugin hangs)");
}

}  // namespace
}  // namespace millrace
