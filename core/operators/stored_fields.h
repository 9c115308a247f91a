#pragma once

/// The fields of rows that an operator keeps: names and types, stored beside the rows, so that rows
/// of an earlier configuration can be read (E5). A field that was not kept then is NULL in them;
/// one whose type changed is refused. Rows that were converted must all be written again, because
/// one commit has one list of fields. Threads: one.

#include <string>
#include <vector>

#include "base/result.h"
#include "columns/schema.h"
#include "json/value.h"

namespace millrace {

class StoredFields {
 public:
  /// `bytes`: in front of a row's cells stand its bytes, sized.
  StoredFields(bool bytes, std::vector<Field> fields) : bytes_(bytes), fields_(std::move(fields)) {}
  StoredFields() = default;

  JsonValue json() const;

  class Conversion {
   public:
    /// Rows are stored otherwise than they are kept now.
    bool changes() const { return changes_; }
    /// From what is stored to what is kept now. False: `row` is no such row.
    bool apply(std::string& row) const;

   private:
    friend class StoredFields;
    bool changes_ = false, had_bytes_ = false, has_bytes_ = false;
    std::vector<Type> stored_;
    std::vector<int32_t> from_;  ///< By field: which stored one, or -1.
  };
  /// `stored`: what json() gave. kInvalidConfig: a field has another type now, or rows need bytes
  /// that were not kept. Fields that are new are told in the log.
  Result<Conversion> from(const JsonValue* stored, const std::string& name) const;

 private:
  Result<void> place_fields(const std::vector<std::string>& names, const std::string& name,
                            Conversion& out) const;

  bool bytes_ = false;
  std::vector<Field> fields_;
};

}  // namespace millrace
