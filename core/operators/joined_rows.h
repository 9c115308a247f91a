#pragma once

/// Rows of two inputs side by side. Names: `NAME.field` always, the bare field where only one side
/// has it; fields that both sides are joined on by name stand once, as with SQL's USING. Written
/// without a `select`, the names are the bare ones where they are unambiguous.
/// Several names may stand for one column, and only columns that somebody reads are made or kept.
/// Threads: the applying one.

#include "nodes/node.h"

namespace millrace {

/// One row of one side: of the chunk at hand, or stored, or not there.
struct SideRow {
  const Rows* rows = nullptr;
  uint32_t row = 0;
  const std::string* stored = nullptr;
  bool there() const { return rows || stored; }
};

class JoinedRows {
 public:
  struct Side {
    std::string name;
    Shape shape;
  };
  /// `using_fields`: those of equal name that the join is on.
  JoinedRows(Side left, Side right, const std::vector<std::string>& using_fields, bool left_only);

  /// Visible fields, then other names for the same, then event_time().
  const Shape& shape() const { return shape_; }
  /// What `filter` and `select` may read: of a semi or anti join, the left side only.
  Schema result_schema() const;
  /// Bare names that both sides have, so that neither is meant.
  const std::vector<std::string>& ambiguous() const { return ambiguous_; }

  /// Marks which fields of shape() are read; before any work.
  void set_needed(const std::vector<bool>& fields);
  void demand(size_t side, std::vector<bool>& wanted) const;
  /// What store() writes for a side, in its order; once the needed fields are known.
  std::vector<Field> stored_fields(size_t side) const;

  struct Work {
    std::vector<Column> columns;
    Column time;
    Rows rows;
  };
  void start(Work& work) const;
  void push(Work& work, const SideRow& left, const SideRow& right, EventTime time,
            uint32_t record) const;
  /// Makes work.rows readable.
  void finish(Work& work) const;
  /// The needed fields of a row, for when its chunk is gone.
  std::string store(size_t side, const Rows& rows, uint32_t row) const;

 private:
  /// Where a value comes from: a field of the left side, else of the right, else NULL.
  struct Source {
    int32_t of[2] = {-1, -1};
    Type type;
    bool needed = false;
  };
  struct Name {
    std::string text;
    uint32_t source;  ///< Place in sources_.
  };
  void add_joined_on(const std::string& name, std::vector<Name>& shown);
  uint32_t add_source(const Source& source);
  void add_name(std::string name, uint32_t source);
  void push_side(Work& work, size_t side, const SideRow& from, bool other_there) const;

  Side sides_[2];
  bool left_only_;
  Shape shape_;
  std::vector<Source> sources_;
  std::vector<uint32_t> source_of_;  ///< By field of shape(), event_time() excepted.
  std::vector<std::string> ambiguous_;
};

}  // namespace millrace
