#pragma once

/// What commits hold about the output: versioned JSON, so that people can read it. An empty or
/// missing state gives nullopt; a damaged one is fatal.

#include <millrace/plugin.hpp>

namespace millrace::file_sink {

struct SavedFile {
  std::string path;
  uint64_t inode = 0;
  uint64_t base = 0;    ///< Bytes that were there before the pipeline's first commit.
  uint64_t length = 0;  ///< Bytes that are committed.

  std::string json() const;
  static std::optional<SavedFile> read(const context& ctx, std::string_view state);
};

/// A part and how much of it is committed.
struct Part {
  std::string name{};  ///< "part-000007.ndjson"; while it is hidden with more around it.
  uint64_t length = 0;
};

struct SavedParts {
  uint64_t base = 0;           ///< The pipeline's first part.
  uint64_t number = 0;         ///< Of `open`, or of the next one.
  Part open;                   ///< Not in view; no name = there is none.
  std::vector<Part> finished;  ///< To be shown once the commit holds.

  std::string json() const;
  static std::optional<SavedParts> read(const context& ctx, std::string_view state);
};

}  // namespace millrace::file_sink
