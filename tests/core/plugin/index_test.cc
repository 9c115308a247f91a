#include "plugin/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace millrace {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A sanitizer catches the signal and exits.
const auto kCrashed =
    AnyOf(HasSubstr("loading it crashed ("), HasSubstr("its inspection ended with exit code"));

/// A folder of plugins and a cache of its own.
class PluginIndexTest : public testing::Test {
 protected:
  PluginIndexTest() {
    char name[] = "/tmp/millrace_index_XXXXXX";
    root_ = mkdtemp(name);
    fs::create_directory(root_ / "plugins");
    setenv("XDG_CACHE_HOME", (root_ / "cache").c_str(), 1);
    setenv("MILLRACE_CALL_TIMEOUT", "2", 1);
  }
  ~PluginIndexTest() override { fs::remove_all(root_); }

  fs::path add(const std::string& name, const std::string& as = "") {
    const fs::path to = dir() / ((as.empty() ? name : as) + ".mrp.so");
    fs::copy_file(fs::path(MILLRACE_BAD_DIR) / (name + ".mrp.so"), to);
    chmod(to.c_str(), 0755);
    return to;
  }
  fs::path dir() const { return root_ / "plugins"; }
  PluginIndex scan() const {
    auto index = PluginIndex::scan({dir()}, MILLRACE_INSPECT);
    EXPECT_TRUE(index) << index.error().message;
    return std::move(*index);
  }
  std::vector<fs::path> cache_files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(root_ / "cache/millrace")) {
      files.push_back(entry.path());
    }
    return files;
  }
  /// Why the only file is refused.
  std::string refusal() const {
    const PluginIndex index = scan();
    EXPECT_TRUE(index.components().empty());
    EXPECT_EQ(index.refused().size(), 1u);
    return index.refused().empty() ? "" : index.refused()[0].reason;
  }
  std::string refusal_of(const std::string& name) {
    add(name);
    return refusal();
  }
  fs::path root_;
};

TEST_F(PluginIndexTest, ListsAndLoadsAGoodPlugin) {
  const fs::path file = add("plain");
  const PluginIndex index = scan();
  ASSERT_TRUE(index.refused().empty()) << index.refused()[0].reason;
  ASSERT_EQ(index.components().size(), 1u);
  const ComponentInfo* info = index.find(Kind::kSink, "plain");
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(index.find(Kind::kSink, "org.example.plain"), info);
  EXPECT_EQ(index.find(Kind::kSource, "plain"), nullptr);
  EXPECT_EQ(info->version, "1.0.0");
  EXPECT_EQ(info->license, "MIT");
  EXPECT_EQ(info->config_schema, "{}");
  EXPECT_EQ(info->status, MR_STATUS_DRAFT);
  EXPECT_EQ(info->file, file);
  auto component = index.load(*info);
  ASSERT_TRUE(component) << component.error().message;
  EXPECT_EQ(component->id(), "org.example.plain");
  EXPECT_EQ(component->name(), "plain");
  EXPECT_EQ(index.load(*info)->abi, component->abi);
}

TEST_F(PluginIndexTest, OneLibraryMayHaveSeveralComponents) {
  add("misbehave");
  const PluginIndex index = scan();
  EXPECT_EQ(index.components().size(), 4u);
  EXPECT_NE(index.find(Kind::kProcessor, "bad_processor"), nullptr);
}

TEST_F(PluginIndexTest, RefusesOldNewAndForeignLibraries) {
  EXPECT_THAT(refusal_of("old"), HasSubstr("mr_module says that it has 16 bytes, ABI 1 has at"));
}
TEST_F(PluginIndexTest, RefusesAPluginThatNeedsANewerHost) {
  EXPECT_THAT(refusal_of("newer"), HasSubstr("needs Millrace ABI 1.7, this host has 1.0"));
}
TEST_F(PluginIndexTest, RefusesAnotherMajor) {
  EXPECT_THAT(refusal_of("next_major"), HasSubstr("built for Millrace ABI 2"));
}
TEST_F(PluginIndexTest, AcceptsANewerPluginThatIsContent) {
  add("newer_tolerant");
  EXPECT_EQ(scan().components().size(), 1u);
}
TEST_F(PluginIndexTest, RefusesALibraryThatIsNoPlugin) {
  EXPECT_THAT(refusal_of("no_entry"), HasSubstr("does not export millrace_module_v1"));
}
TEST_F(PluginIndexTest, RefusesUnresolvedSymbolsByName) {
  EXPECT_THAT(refusal_of("unresolved"), HasSubstr("undefined symbol: nobody_has_this"));
}
TEST_F(PluginIndexTest, RefusesAWrongStructSize) {
  EXPECT_THAT(refusal_of("wrong_size"), HasSubstr("mr_component says that it has 4294967295"));
}
TEST_F(PluginIndexTest, RefusesABadId) {
  EXPECT_THAT(refusal_of("bad_id"), HasSubstr("the id is not a reverse domain name"));
}
TEST_F(PluginIndexTest, SurvivesACrashWhileLoading) {
  EXPECT_THAT(refusal_of("crash_on_load"), kCrashed);
}
TEST_F(PluginIndexTest, GivesUpOnAPluginThatHangsWhileLoading) {
  EXPECT_THAT(refusal_of("hang_on_load"), HasSubstr("loading it did not end within 2000 ms"));
}

TEST_F(PluginIndexTest, OneBadFileDoesNotHideOthers) {
  for (const char* name : {"plain", "crash_on_load", "old", "misbehave"}) add(name);
  const PluginIndex index = scan();
  EXPECT_EQ(index.components().size(), 5u);
  EXPECT_EQ(index.refused().size(), 2u);
}

TEST_F(PluginIndexTest, RefusesTextFilesAndOtherMachines) {
  const fs::path file = dir() / "x.mrp.so";
  std::ofstream(file) << "#!/bin/sh\n";
  EXPECT_THAT(refusal(), HasSubstr("no ELF file"));
  fs::remove(file);
  add("plain", "x");
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(18).write("\x08\0", 2);
  EXPECT_THAT(refusal(), HasSubstr("another machine"));
}

TEST_F(PluginIndexTest, RefusesACutFile) {
  fs::resize_file(add("plain"), 5000);
  EXPECT_THAT(refusal(), AnyOf(HasSubstr("cannot be loaded"), kCrashed));
}

TEST_F(PluginIndexTest, RefusesWhatOthersMayWrite) {
  const fs::path file = add("plain");
  chmod(file.c_str(), 0775);
  EXPECT_THAT(refusal(), HasSubstr("the file can be written by others"));
  chmod(file.c_str(), 0755);
  chmod(dir().c_str(), 0777);
  EXPECT_THAT(refusal(), HasSubstr("its directory can be written by others"));
}

TEST_F(PluginIndexTest, RefusesFilesOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
  ASSERT_EQ(chown(add("plain").c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal(), HasSubstr("belongs to user 12345"));
}

TEST_F(PluginIndexTest, RefusesSymbolicLinksAndPipes) {
  fs::create_symlink(fs::path(MILLRACE_BAD_DIR) / "plain.mrp.so", dir() / "link.mrp.so");
  EXPECT_THAT(refusal(), HasSubstr("is a symbolic link"));
  fs::remove(dir() / "link.mrp.so");
  ASSERT_EQ(mkfifo((dir() / "pipe.mrp.so").c_str(), 0600), 0);
  EXPECT_THAT(refusal(), HasSubstr("not a regular file"));
}

TEST_F(PluginIndexTest, IgnoresOtherSuffixesAndMissingDirectories) {
  fs::copy_file(fs::path(MILLRACE_BAD_DIR) / "plain.mrp.so", dir() / "plain.so");
  EXPECT_TRUE(scan().refused().empty());
  EXPECT_TRUE(PluginIndex::scan({"/nowhere/at/all"}, MILLRACE_INSPECT));
  auto relative = PluginIndex::scan({"plugins"}, MILLRACE_INSPECT);
  ASSERT_FALSE(relative);
  EXPECT_THAT(relative.error().message, HasSubstr("not absolute"));
}

TEST_F(PluginIndexTest, TheSameNameTwiceRefusesTheSecondFile) {
  add("plain", "a");
  const fs::path second = add("plain_again", "b");
  const PluginIndex index = scan();
  EXPECT_EQ(index.find(Kind::kSink, "plain")->id, "org.example.plain");
  ASSERT_EQ(index.refused().size(), 1u);
  EXPECT_EQ(index.refused()[0].file, second);
  EXPECT_THAT(index.refused()[0].reason, HasSubstr("\"plain\" (com.other.plain) is already in"));
}

TEST_F(PluginIndexTest, SecondScanNeedsNoChild) {
  add("plain");
  const fs::path self = root_ / "self";
  fs::copy_file(MILLRACE_INSPECT, self);
  ASSERT_EQ(PluginIndex::scan({dir()}, self)->components().size(), 1u);
  chmod(self.c_str(), 0644);  // No child could be started now.
  auto index = PluginIndex::scan({dir()}, self);
  ASSERT_TRUE(index);
  EXPECT_EQ(index->components().size(), 1u);
  struct stat info {};
  ASSERT_EQ(stat(cache_files().at(0).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(PluginIndexTest, EachProgramHasACacheOfItsOwn) {
  add("plain");
  for (const char* name : {"one", "another"}) {
    fs::copy_file(MILLRACE_INSPECT, root_ / name);
    ASSERT_TRUE(PluginIndex::scan({dir()}, root_ / name));
  }
  EXPECT_EQ(cache_files().size(), 2u);
}

TEST_F(PluginIndexTest, AChangedFileIsInspectedAgain) {
  const fs::path file = add("plain");
  scan();
  fs::remove(file);
  add("newer_tolerant", "plain");
  const PluginIndex index = scan();
  ASSERT_EQ(index.components().size(), 1u);
  EXPECT_EQ(index.components()[0].id, "org.example.newer_tolerant");
}

TEST_F(PluginIndexTest, ADamagedCacheIsIgnored) {
  add("plain");
  scan();
  const fs::path cache = cache_files().at(0);
  for (const char* text : {"", "{", "[]", "{\"program\":1,\"files\":2}", "\xff\xfe"}) {
    std::ofstream(cache) << text;
    EXPECT_EQ(scan().components().size(), 1u) << text;
  }
  fs::remove_all(root_ / "cache");
  std::ofstream(root_ / "cache") << "a file where a folder should be";
  EXPECT_EQ(scan().components().size(), 1u);
}

TEST_F(PluginIndexTest, LoadNoticesThatAFileWasReplaced) {
  const fs::path file = add("plain");
  const PluginIndex index = scan();
  chmod(file.c_str(), 0777);
  auto component = index.load(index.components()[0]);
  ASSERT_FALSE(component);
  EXPECT_EQ(component.error().code, Code::kPluginRefused);
  EXPECT_THAT(component.error().message, HasSubstr("plain.mrp.so: the file can be written"));
}

}  // namespace
}  // namespace millrace
