#pragma once

/// A row as commands for Redis. Writing the same row again changes nothing.

#include <string>
#include <string_view>
#include <vector>

#include "common/json/json_reader.h"
#include "connection.h"

namespace millrace::redis_sink {

/// A row on its way: its key, its JSON, and its tag.
struct Row {
  std::string_view key, value;
  uint64_t epoch = 0, number = 0;  ///< Epoch 0: no tag.
};

/// Threads: one.
class Commands {
 public:
  explicit Commands(const Settings& settings) : settings_(settings) {}

  /// Sends all rows and takes all answers. Throws bad_record for a row that cannot be a command;
  /// what was sent before it is answered first.
  void write(Connection& connection, const std::vector<Row>& rows);

 private:
  /// The number of answers to come.
  unsigned send(Connection& connection, const Row& row);
  void send_hash(Connection& connection, const Row& row, bool deletes);
  void send_entry(Connection& connection, const Row& row) const;
  void settle_repeated(Connection& connection, const Row& row) const;
  std::string_view entry_field() const {
    return settings_.field.empty() ? "row" : std::string_view(settings_.field);
  }

  const Settings& settings_;
  json::JsonReader reader_;
  std::vector<std::string> texts_;  ///< Of the command being made.
};

}  // namespace millrace::redis_sink
