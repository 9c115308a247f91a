#pragma once

/// The first steps that all operators share, in SELECT order: explode, then filter. Pure; runs in
/// prepare.

#include <optional>

#include "columns/json_decode.h"
#include "expr/program.h"
#include "pipeline/error_rows.h"
#include "pipeline/node.h"

namespace millrace {

/// `explode` as planned: which field holds the array and which columns its elements fill.
struct ExplodePlan {
  uint32_t array = 0;                 ///< Field of the input schema, jsonb.
  std::vector<WantedField> elements;  ///< Paths inside an element; one empty path: the element itself.
  uint32_t first_field = 0;           ///< Where the elements' fields begin in `schema`.
  Schema schema;                      ///< The input's visible fields, the elements', the hidden ones.
  uint32_t visible = 0;
  std::vector<int32_t> from_input;    ///< Input field of each schema field; -1 for the elements'.
};

struct StagePlan {
  std::optional<ExplodePlan> explode;
  std::optional<Program> filter;
};

/// A row that a stage or an operator could not compute.
struct StageFault {
  uint32_t row;      ///< Of the stage's rows; of the input's, if `of_input`.
  bool of_input;
  std::string reason;
};

/// Working memory of one stage in one chunk.
struct StageWork {
  Rows exploded;
  Scratch filter_scratch;
  std::unique_ptr<JsonDecoder> decoder, splitter;
  std::vector<std::string_view> elements;
  Buffer<uint32_t> parents;  ///< Exploded row to input row.
  Buffer<uint32_t> origins;
  ByteArena wrapped;
  std::vector<Column> columns;
  std::vector<BrokenValue> broken;

  std::vector<StageFault> faults;
  const Rows* rows = nullptr;  ///< What the stage's indices mean: `exploded` or the input.
  Selection before_filter;     ///< Living rows after explode.
  Selection live;              ///< Living rows after filter; failed ones are gone.
  Buffer<uint32_t> kept;
};

/// Runs explode and filter over the living rows of `input`. `errors` is started for the rows of the
/// stage; what fails later is added by the operator.
void run_stage(const StagePlan& plan, const Rows& input, Selection live, StageWork& work,
               RowErrors& errors, const std::vector<bool>& wanted);

/// Turns `work.faults` and `errors` into failed rows by rising record; their texts live in `store`.
void collect_stage_errors(const StageWork& work, const Rows& input, const Shape& input_shape,
                          const Shape& stage_shape, const RowErrors& errors, ByteArena& store,
                          std::vector<FailedRow>& out);
/// `division by zero (22012)`, in `store`.
std::string_view reason_of(const RowError& error, ByteArena& store);
/// Copies a selection into `room`, unless it lies there already.
Selection keep_selection(Selection from, Buffer<uint32_t>& room);

/// The text of the expression with a mark at the place: `bytes / »edits`. In `store`.
std::string_view place_of(const RowError& error, ByteArena& store);

}  // namespace millrace
