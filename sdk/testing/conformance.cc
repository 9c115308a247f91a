// Walks every component of a plugin through its life, as the contract in abi.h describes it:
//   millrace_conformance FILE.mrp.so [ID CONFIG.json]…
// Without a CONFIG one is made from the schema. What cannot be tried (a server that is not there)
// is listed as skipped. Exit code 1 and a sentence per broken promise.

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <millrace/cpp/describe.hpp>
#include <millrace/testing.hpp>
#include <sstream>
#include <thread>

#include "sample_config.h"

namespace {

using namespace millrace;
using test::harness;
using test::row;

int broken_promises = 0;
int checks_made = 0;

void expect(bool holds, const mr_component& c, const std::string& promise) {
  ++checks_made;
  if (holds) return;
  ++broken_promises;
  std::fprintf(stderr, "BROKEN %s: %s\n", c.id, promise.c_str());
}
void skipped(const mr_component& c, const std::string& why) {
  std::printf("skipped %s: %s\n", c.id, why.c_str());
}

/// True if `call` fails in an orderly way or not at all; what() of the failure in `why`.
template <class Call>
bool works(Call&& call, std::string* why = nullptr) {
  try {
    call();
    return true;
  } catch (const failure& f) {
    if (why) *why = f.what();
    return false;
  }
}

std::size_t entries_of(const char* dir) {
  std::size_t n = 0;
  for (auto& entry : std::filesystem::directory_iterator(dir)) ++n, (void)entry;
  return n;
}

void check_description(const mr_component& c) {
  expect(c.struct_size >= MR_COMPONENT_MIN_SIZE, c, "mr_component.struct_size is too small");
  expect(c.kind >= MR_SOURCE && c.kind <= MR_SINK, c, "unknown kind");
  expect(detail::valid_id(c.id), c, "the id is not a reverse domain name");
  expect(detail::valid_version(c.version), c, "the version is not semantic");
  for (const char* text : {c.title, c.doc, c.license}) {
    expect(text && *text, c, "title, doc or license is missing");
  }
  expect(works([&] { test::json_reader(c.config_schema).read(); }), c, "the schema is not JSON");
  expect(c.life && c.life->struct_size >= MR_LIFECYCLE_MIN_SIZE, c, "mr_lifecycle is too small");
  expect(c.life->create && c.life->open && c.life->close && c.life->destroy, c,
         "create, open, close or destroy is missing");
  expect(c.ops != nullptr, c, "the role's table is missing");
}

/// Configurations that no host would let through must not hurt either.
void check_bad_configs(const mr_component& c) {
  for (const char* text : {"", "{", "null", "[]", "{\"\\u0000\":1e999}", "\"x\""}) {
    works([&] { harness::validate(c, text); });
    works([&] { harness instance(c, text); });
    expect(true, c, "survived a bad configuration");
  }
}

void check_instances(const mr_component& c, const std::string& config) {
  harness one(c, config), two(c, config);
  expect(one.self() != two.self(), c, "two instances are one");
  if (MR_HAS(mr_lifecycle, c.life, extension)) {
    expect(c.life->extension(one.self(), "org.example.unknown/1") == nullptr, c,
           "an unknown extension is offered");
  }
  for (int i = 0; i < 200; ++i) harness instance(c, config);
  const mr_traits t = one.traits();
  expect(t.bounded <= 1 && t.replay <= MR_REPLAY_EXACT, c, "traits out of range");
}

std::vector<row> sample_rows() {
  std::vector<row> rows;
  for (uint64_t i = 0; i < 40; ++i) {
    rows.push_back({.value = "{\"n\":" + std::to_string(i) + ",\"text\":\"x\"}",
                    .key = i % 3 ? test::bytes("k" + std::to_string(i)) : std::nullopt,
                    .time_us = static_cast<int64_t>(i) * 1000000,
                    .position = i + 1});
  }
  rows.push_back({.value = ""});
  rows.push_back({.value = std::nullopt, .key = "gone"});
  rows.push_back({.value = std::string(4 << 20, 'x')});
  rows.push_back({.value = std::string("\0\xff\xfe", 3), .headers = {{"h", "v"}, {"", ""}}});
  return rows;
}

void check_processor(const mr_component& c, const std::string& config) {
  const std::vector<row> rows = sample_rows();
  harness whole(c, config), cut(c, config);
  whole.open();
  cut.open();
  whole.process({});
  whole.process(rows);
  for (const row& r : rows) cut.process({r});
  for (harness* h : {&whole, &cut}) {
    h->watermark(100000000);
    expect(h->out.faults.empty(), c, h->out.faults.empty() ? "" : h->out.faults[0]);
    h->snapshot(1);
  }
  expect(whole.out.rows == cut.out.rows, c, "the output depends on how the input is cut");
  expect(whole.out.rejects.size() == cut.out.rejects.size(), c,
         "the rejects depend on how the input is cut");
  whole.close();
  expect(test::made_batch::alive() == 0, c, "a batch was retained and never released");
}

void check_source(const mr_component& c, const std::string& config) {
  harness whole(c, config);
  std::string why;
  if (!works([&] { whole.open(); }, &why)) return skipped(c, why);
  for (int i = 0; i < 20; ++i) {
    const std::size_t before = whole.out.rows.size();
    const mr_rc rc = whole.poll(7);
    expect(whole.out.rows.size() - before <= 7, c, "a poll returned more than its budget");
    expect(rc == MR_OK || rc == MR_MORE || rc == MR_IDLE || rc == MR_END, c, "poll: unknown flow");
    if (rc == MR_END) break;
  }
  const mr_traits t = whole.traits();
  if (!t.bounded || t.replay != MR_REPLAY_EXACT) return skipped(c, "resuming: not exact");
  whole.poll_all();
  harness first(c, config), second(c, config);
  first.open();
  first.poll(3);
  const std::string state = first.snapshot(1);
  first.ack(1, {0}, {first.out.rows.empty() ? 0 : first.out.rows.back().position});
  second.open(state, 1);
  second.poll_all();
  std::vector<row> joined = first.out.rows;
  joined.insert(joined.end(), second.out.rows.begin(), second.out.rows.end());
  expect(joined == whole.out.rows, c, "a resumed source returns other records");
  expect(second.out.faults.empty() && whole.out.faults.empty(), c,
         "a broken promise while polling");
}

void check_sink(const mr_component& c, const std::string& config) {
  harness sink(c, config);
  std::string why;
  if (!works([&] { sink.open(); }, &why)) return skipped(c, why);
  sink.write({});
  std::string prepared;
  try {
    sink.write({{.value = "{\"n\":1}", .key = "k", .position = 1}});
    prepared = sink.prepare(1);
  } catch (const failure& f) {
    if (f.rc() != MR_E_RETRIABLE) throw;
    return skipped(c, f.what());  // Nobody is there to take rows.
  }
  for (int i = 0; i < 2; ++i) sink.commit(1);
  sink.write({{.value = "{\"n\":2}", .key = "k", .position = 2}});
  sink.prepare(2);
  for (int i = 0; i < 2; ++i) sink.abort(2);
  sink.close();
  harness resumed(c, config);
  resumed.open(prepared, 1);
  resumed.commit(1);
  expect(sink.out.faults.empty() && sink.out.rows.empty(), c,
         "a sink puts out nothing but rejects");
  expect(test::made_batch::alive() == 0, c, "a batch was retained and never released");
}

/// After cancel from another thread every call returns within the grace.
void check_cancel(const mr_component& c, const std::string& config) {
  harness instance(c, config);
  if (!works([&] { instance.open(); })) return;
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    instance.cancel();
  });
  const auto begin = std::chrono::steady_clock::now();
  if (c.kind == MR_SOURCE) {
    works([&] {
      while (!instance.host.abi()->cancelled(instance.host.ctx()) && instance.poll() != MR_END) {
      }
    });
  }
  other.join();
  works([&] { instance.close(); });
  expect(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10), c,
         "cancel does not wake a blocked call");
}

void walk(const mr_component& c, const std::string& config) {
  check_description(c);
  check_bad_configs(c);
  std::string why;
  if (!works([&] { harness once(c, config); }, &why)) return skipped(c, config + ": " + why);
  check_instances(c, config);
  std::size_t descriptors = 0, threads = 0;
  for (int round = 0; round < 3; ++round) {
    const bool done = works(
        [&] {
          if (c.kind == MR_SOURCE) check_source(c, config);
          if (c.kind == MR_PROCESSOR) check_processor(c, config);
          if (c.kind == MR_SINK) check_sink(c, config);
        },
        &why);
    expect(done, c, why);
    // The first round may open what a library keeps for ever.
    if (round == 0)
      descriptors = entries_of("/proc/self/fd"), threads = entries_of("/proc/self/task");
  }
  expect(entries_of("/proc/self/fd") <= descriptors, c, "file descriptors are left open");
  expect(entries_of("/proc/self/task") <= threads, c, "threads are left running");
  check_cancel(c, config);
}

std::string read_file(const char* name) {
  std::ostringstream text;
  text << std::ifstream(name).rdbuf();
  return text.str();
}

std::string config_for(const mr_component& c, int argc, char** argv) {
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == c.id) return argv[i + 1];
  }
  return sample_config(c.config_schema);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc % 2) {
    std::fprintf(stderr, "usage: %s FILE.mrp.so [ID CONFIG.json]...\n", argv[0]);
    return 2;
  }
  try {
    const test::library plugin(std::filesystem::absolute(argv[1]));
    std::vector<std::string> configs;
    for (int i = 3; i < argc; i += 2) configs.push_back(read_file(argv[i]));
    for (int i = 3; i < argc; i += 2) argv[i] = configs[static_cast<std::size_t>(i - 3) / 2].data();
    // Sinks write where the schema's example says: into a place of our own.
    char dir[] = "/tmp/millrace_conformance_XXXXXX";
    if (!mkdtemp(dir) || chdir(dir) != 0) return 2;
    const mr_module& module = plugin.module();
    for (uint32_t i = 0; i < module.count; ++i) {
      const mr_component& c = *module.components[i];
      walk(c, config_for(c, argc, argv));
    }
    std::filesystem::remove_all(dir);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "BROKEN %s: %s\n", argv[1], e.what());
    return 1;
  }
  std::printf("%s: %d checks, %d broken\n", argv[1], checks_made, broken_promises);
  return broken_promises ? 1 : 0;
}
