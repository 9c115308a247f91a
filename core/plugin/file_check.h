#pragma once

/// What must hold of a file before a single byte of it is executed: loading runs constructors.
/// The directory counts too, since whoever may write there may replace the file.

#include <string>

#include "base/result.h"

namespace millrace {

/// What identifies one state of a file; a changed file has another one.
struct FileIdentity {
  uint64_t size = 0, inode = 0;
  int64_t modified_ns = 0, changed_ns = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// kPluginRefused unless `path` is absolute, a regular file (no symbolic link), owned by root or by
/// this user, writable by nobody else, as is its directory, and a 64-bit library for this machine.
Result<FileIdentity> check_plugin_file(const std::string& path);

}  // namespace millrace
