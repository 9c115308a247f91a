#pragma once

/// What the tests of this plugin share: a source on files of a scratch directory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/testing.hpp>

#include "common/local_file/scratch_dir.h"

namespace millrace::file_source {

using local_file::append_file;
using local_file::read_file;
using local_file::ScratchDir;
using local_file::write_file;
using test::harness;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

inline const mr_component& component() {
  static const test::library plugin(MILLRACE_PLUGIN_FILE);
  return plugin.component("org.millrace.file");
}

inline std::vector<std::string> values(const harness& h) {
  std::vector<std::string> texts;
  for (const auto& row : h.out.rows) texts.push_back(row.value.value_or("<null>"));
  return texts;
}

/// A configuration of the path, followed by `more` members: `"format": "csv"`.
inline std::string config_of(const std::string& path, const std::string& more = "") {
  return R"({"path": ")" + path + '"' + (more.empty() ? "" : ", " + more) + '}';
}

/// All records of a file, whatever the size of the polls.
inline std::vector<std::string> read_all(const std::string& path, const std::string& more = "",
                                         uint32_t max_records = 1000) {
  harness h(component(), config_of(path, more));
  h.open();
  EXPECT_EQ(h.poll_all(max_records), MR_END);
  EXPECT_THAT(h.out.faults, IsEmpty());
  EXPECT_THAT(h.out.rejects, IsEmpty());
  return values(h);
}

/// The message of the failure that `call` ends in; "" if it ends well.
template <class Call>
std::string failure_of(Call&& call) {
  try {
    call();
    return "";
  } catch (const failure& f) {
    return f.what();
  }
}

}  // namespace millrace::file_source
