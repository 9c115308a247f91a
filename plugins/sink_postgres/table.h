#pragma once

/// The table that rows go to: made or checked, and the statements that bring rows into it.

#include <string>
#include <vector>

#include "connection.h"
#include "settings.h"

namespace millrace::postgres_sink {

/// A field of the rows, as a column.
struct Field {
  enum class Form { kBool, kInt4, kInt8, kFloat8, kNumeric, kTime, kDate, kText, kJsonb };
  std::string name;
  std::string type;    ///< As PostgreSQL names it.
  Form form;           ///< How COPY wants it.
  std::size_t column;  ///< Which of the host's columns.
};

class Table {
 public:
  /// Throws config_error: a key that is no field. With `upsert`, a field "op" is no column.
  Table(const Settings& settings, const std::vector<column_info>& columns);

  /// Creates what is missing, compares what is there. Throws config_error naming the column.
  void settle(Connection& connection);

  /// The last epoch that `owner` stored here.
  uint64_t last_epoch(Connection& connection, const std::string& owner) const;
  /// Rows, and the epoch if `owner` is not empty, in one transaction. Does nothing when the epoch
  /// is stored already. `stream`: of COPY, empty: no rows.
  void store(Connection& connection, const std::string& stream, const std::string& owner,
             uint64_t epoch) const;

  /// In the order of the stream; with `upsert` "op" is the last one if the rows have it.
  const std::vector<Field>& fields() const { return fields_; }

 private:
  void create(Connection& connection) const;
  void check(Connection& connection) const;
  void check_key(Connection& connection) const;
  void compose(Connection& connection);
  std::string qualified(Connection& connection, const std::string& table) const;

  Settings settings_;
  std::vector<Field> fields_;
  bool has_op_ = false;
  std::string name_, commits_;  ///< Quoted.
  std::string copy_, stage_;
  std::vector<std::string> merge_;
};

}  // namespace millrace::postgres_sink
