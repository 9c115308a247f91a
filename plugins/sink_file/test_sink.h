#pragma once

/// What the tests of this plugin share: a sink into a scratch directory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <millrace/testing.hpp>

#include "common/compress/codec.h"
#include "common/local_file/scratch_dir.h"

namespace millrace::file_sink {

using local_file::append_file;
using local_file::read_file;
using local_file::ScratchDir;
using local_file::write_file;
using test::harness;
using test::row;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

inline const mr_component& component() {
  static const test::library plugin(MILLRACE_PLUGIN_FILE);
  return plugin.component("org.millrace.file");
}

/// `{"path": "…", more}`
inline std::string config_of(const char* key, const std::string& path,
                             const std::string& more = "") {
  return "{\"" + std::string(key) + "\": \"" + path + '"' + (more.empty() ? "" : ", " + more) + '}';
}

inline std::vector<row> rows_of(std::initializer_list<std::string> values) {
  std::vector<row> rows;
  for (const std::string& value : values) rows.push_back({.value = value});
  return rows;
}

inline std::string unpacked(const std::string& bytes, compress::Compression compression) {
  const auto decompressor = compress::make_decompressor(compression);
  std::string text(1 << 20, '\0');
  std::string_view in = bytes;
  std::span<char> out(text);
  decompressor->decode(in, out);
  EXPECT_TRUE(decompressor->between_frames());
  text.resize(text.size() - out.size());
  return text;
}

template <class Call>
std::string failure_of(Call&& call) {
  try {
    call();
    return "";
  } catch (const failure& f) {
    return f.what();
  }
}

/// Names in a directory, sorted; hidden ones too.
inline std::vector<std::string> names_in(const std::filesystem::path& dir) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    // The note of what is not committed yet is no part.
    if (entry.path().filename() != ".uncommitted") names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace millrace::file_sink
