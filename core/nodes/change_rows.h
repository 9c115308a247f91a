#pragma once

/// The rows with which a table tells its changes: `op` in front, NULL (and left out) for an upsert;
/// a delete has `op` and the key, other fields NULL (contract, tables). Rows that pass as they came
/// keep their bytes; a delete's are made here.
/// Threads: the applying one.

#include "nodes/error_rows.h"
#include "nodes/stateless_node.h"

namespace millrace {

class ChangeRows {
 public:
  /// `fields`: what an upsert shows. `key`: which of them are the table's key, in its order.
  /// `passes`: the shape of the rows that are passed on, if they keep their bytes.
  ChangeRows(std::vector<Field> fields, std::vector<uint32_t> key, const Shape* passes);

  /// `op`, the fields, event_time().
  Shape shape() const;
  /// Rows have bytes, and upsert() and store() want them.
  bool shape_has_bytes() const { return has_bytes_; }
  uint32_t fields() const { return static_cast<uint32_t>(fields_.size()); }
  const Field& field(uint32_t i) const { return fields_[i]; }
  const std::vector<uint32_t>& key() const { return key_; }

  /// `wanted`: of shape(). Only those fields, and the key, are made.
  void set_wanted(const std::vector<bool>& wanted);
  bool made(uint32_t field) const { return made_[field]; }

  struct Work {
    std::vector<Column> columns, key_columns;
    Column op, time;
    ByteArena keys;  ///< Of deletes, and stored rows: texts point here.
    std::vector<std::string_view> records;
    ByteArena texts;
    BatchBuilder builder;
  };
  void make(Work& work) const;
  void start(Work& work, Rows& out) const;
  /// `cells` by field; those that are not made may be null. `value`: the row's bytes.
  void upsert(Work& work, const std::vector<const Column*>& cells, uint32_t row, EventTime time,
              uint32_t record, std::string_view value, Rows& out) const;
  /// `row`: what store() gave.
  void upsert_stored(Work& work, std::string_view row, EventTime time, uint32_t record,
                     Rows& out) const;
  void remove(Work& work, std::string_view key, EventTime time, uint32_t record, Rows& out) const;
  /// `out` can be read.
  void finish(Work& work, Rows& out) const;

  /// All fields and the bytes of a row, for when its chunk is gone.
  std::string store(const std::vector<const Column*>& cells, uint32_t row,
                    std::string_view value) const;

 private:
  void end_row(Work& work, bool deletes, EventTime time, uint32_t record, std::string_view value,
               Rows& out) const;
  std::string_view delete_text(Work& work) const;

  std::vector<Field> fields_;
  std::vector<uint32_t> key_;
  std::vector<bool> made_;
  bool has_bytes_, bytes_are_json_;
};

}  // namespace millrace
