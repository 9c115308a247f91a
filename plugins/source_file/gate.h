#pragma once

#include <string_view>

namespace millrace::file_source {

/// Whether the next record of a file may go yet. Asked again about the same record until it may.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual bool may_go(std::string_view record) = 0;
};

}  // namespace millrace::file_source
