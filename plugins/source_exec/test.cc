#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <millrace/testing.hpp>
#include <thread>

namespace millrace::exec {
namespace {

const mr_component& component() {
  static const test::library plugin(MILLRACE_PLUGIN_FILE);
  return plugin.component("exec");
}

std::string shell(const std::string& script, const std::string& more = "") {
  std::string quoted;
  for (const char c : script)
    quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return R"({"command": ["sh", "-c", ")" + quoted + "\"]" + more + "}";
}

std::vector<std::string> values(test::harness& source, size_t wanted, int polls = 100) {
  for (int i = 0; i < polls && source.out.rows.size() < wanted; ++i) {
    if (source.poll(7) == MR_END) break;
  }
  std::vector<std::string> out;
  for (const auto& row : source.out.rows) out.push_back(*row.value);
  return out;
}

TEST(Exec, LinesAreRecordsAndTheEndIsTheEnd) {
  test::harness source(component(),
                       shell("echo a; printf 'b\\r\\n'; echo; echo oops >&2; printf c"));
  source.open();
  EXPECT_EQ(values(source, 9), (std::vector<std::string>{"a", "b", "", "c"}));
  EXPECT_EQ(source.poll(), MR_END);
  EXPECT_EQ(source.out.rows[3].position, 4u);
  EXPECT_EQ(source.host.metric("error_lines"), 1);
  EXPECT_EQ(source.traits().bounded, 1u);
}

TEST(Exec, ALineThatIsTooLongIsAnErrorAndTheNextOneComes) {
  test::harness source(component(), shell("head -c 300000 /dev/zero | tr '\\0' x; echo; echo after",
                                          R"(, "max_line": "1KiB")"));
  source.open();
  EXPECT_EQ(values(source, 1), (std::vector<std::string>{"after"}));
  ASSERT_EQ(source.out.rejects.size(), 1u);
  EXPECT_EQ(source.out.rejects[0].bytes.size(), 1024u);
}

TEST(Exec, AcksGoToItsStandardInputAndResumeSaysWhereToGoOn) {
  const std::string script = R"(read r; echo "$r $MILLRACE_LINES"; read a; echo "$a"; sleep 9)";
  test::harness source(component(), shell(script, R"(, "acks": true, "replay": "exact")"));
  source.open(R"({"v":1,"lines":41})", 1);
  EXPECT_EQ(source.traits().replay, MR_REPLAY_EXACT);
  EXPECT_EQ(values(source, 1), (std::vector<std::string>{R"({"resume":41} 41)"}));
  EXPECT_EQ(source.out.rows[0].position, 42u);
  EXPECT_EQ(source.snapshot(2), R"({"v":1,"lines":42})");
  source.ack(2, {0}, {42});
  EXPECT_EQ(values(source, 2).back(), R"({"ack":42})");
}

TEST(Exec, ABadEndIsStartedAgainLater) {
  test::harness source(component(),
                       shell("echo x; exit 3", R"(, "retry": {"initial": "20ms", "max": "40ms"})"));
  source.open();
  EXPECT_GE(values(source, 4).size(), 4u);
  EXPECT_GE(source.host.metric("failures"), 3);
}

TEST(Exec, FiveBadEndsWithoutALineStopTheRun) {
  test::harness source(component(),
                       shell("exit 7", R"(, "retry": {"initial": "5ms", "max": "5ms"})"));
  source.open();
  try {
    values(source, 1);
    FAIL() << "went on";
  } catch (const failure& f) {
    EXPECT_EQ(f.rc(), MR_E_FATAL);
    EXPECT_NE(std::string(f.what()).find("code 7"), std::string::npos);
  }
}

TEST(Exec, AProgramThatIsNotThereStopsTheRunAfterFiveTries) {
  test::harness source(
      component(),
      R"({"command": ["/no/such/program"], "retry": {"initial": "5ms", "max": "5ms"}})");
  source.open();
  try {
    values(source, 1);
    FAIL() << "went on";
  } catch (const failure& f) {
    EXPECT_EQ(f.rc(), MR_E_FATAL);
    EXPECT_NE(std::string(f.what()).find("/no/such/program: it cannot be started: No such file"),
              std::string::npos)
        << f.what();
  }
}

TEST(Exec, AProgramThatComesLaterIsWaitedForWithRestart) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("millrace_exec_later_" + std::to_string(getpid()));
  test::harness source(component(),
                       R"({"command": ["./late.sh"], "on_exit": "restart", "folder": ")" +
                           folder.string() + R"(", "retry": {"initial": "5ms", "max": "5ms"}})");
  source.open();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(source.poll(), MR_IDLE);
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "late.sh") << "#!/bin/sh\necho up\n";
  std::filesystem::permissions(folder / "late.sh", std::filesystem::perms::owner_all);
  EXPECT_EQ(values(source, 1), (std::vector<std::string>{"up"}));
  source.close();
  std::filesystem::remove_all(folder);
}

TEST(Exec, CloseEndsTheWholeGroup) {
  const auto file =
      std::filesystem::temp_directory_path() / ("millrace_exec_" + std::to_string(getpid()));
  test::harness source(component(), shell("trap '' TERM; (trap '' TERM; while :; do date > " +
                                              file.string() + "; sleep 0.02; done) & echo up; wait",
                                          R"(, "stop_timeout": "50ms")"));
  source.open();
  values(source, 1);
  const auto begun = std::chrono::steady_clock::now();
  source.close();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(3));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  std::filesystem::remove(file);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_FALSE(std::filesystem::exists(file)) << "a grandchild lives";
}

TEST(Exec, AProgramThatClosesItsOutputsAndLivesOnIsNotWaitedForBlindly) {
  test::harness source(component(),
                       shell("echo up; exec >&- 2>&-; sleep 60", R"(, "stop_timeout": "50ms")"));
  source.open();
  EXPECT_EQ(values(source, 1), (std::vector<std::string>{"up"}));
  EXPECT_EQ(source.poll(),
            MR_IDLE);  // With it gone, this would be the end; waiting for it, a minute.
  source.close();
}

TEST(Exec, OneThatClosesItsOutputsFirstEndsWhenItEnds) {
  test::harness source(component(), shell("echo up; exec >&- 2>&-; sleep 0.2; exit 0"));
  source.open();
  values(source, 1);
  int rc = MR_IDLE;
  while (rc == MR_IDLE) rc = source.poll();
  EXPECT_EQ(rc, MR_END);
}

TEST(Exec, AMissingFolderIsNamed) {
  test::harness source(component(), R"({"command": ["true"], "folder": "/no/such/folder",)"
                                    R"( "retry": {"initial": "5ms", "max": "5ms"}})");
  source.open();
  try {
    values(source, 1);
    FAIL() << "it ran";
  } catch (const failure& f) {
    EXPECT_NE(std::string(f.what()).find("/no/such/folder"), std::string::npos) << f.what();
  }
}

TEST(Exec, AFullPipeHoldsTheProgramBack) {
  test::harness source(component(),
                       shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done"));
  source.open();
  source.poll(1);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(values(source, 20000, 100000).size(), 20000u);
  EXPECT_EQ(*source.out.rows.back().value, "20000");
}

TEST(Exec, SettingsAreChecked) {
  const auto wrong = [](const std::string& text) {
    return test::harness::validate(component(), text);
  };
  EXPECT_EQ(wrong(R"({"command": ["true"]})"), "");
  EXPECT_NE(wrong(R"({"command": []})"), "");
  EXPECT_NE(wrong(R"({"command": ["true"], "replay": "exact"})").find("acks"), std::string::npos);
}

}  // namespace
}  // namespace millrace::exec
