#pragma once

/// The first steps that all operators share, in SELECT order: explode, then filter. Pure; runs in
/// prepare.

#include <optional>

#include "columns/json_decode.h"
#include "columns/json_encode.h"
#include "expr/program.h"
#include "nodes/error_rows.h"
#include "nodes/node.h"

namespace millrace {

/// `explode` as planned. A row is an element beside the record's other fields: top-level fields and
/// the element under its name `as` are written; deeper paths (`meta.id`, `topic.name`) can be read.
/// A field of an array type has a twin of this suffix: the same value as raw JSON, for explode.
inline constexpr std::string_view kRawArray = "[*]";

struct ExplodePlan {
  uint32_t array = 0;                 ///< Field of the input schema: jsonb, or an array.
  std::vector<WantedField> elements;  ///< Members of an element, or the element itself (`scalar`).
  bool scalar = false;
  Schema schema;
  uint32_t visible = 0;
  uint32_t as_field = 0;              ///< The element: its value, or its raw JSON.
  std::vector<int32_t> from_input;    ///< By field: of the input, or -1.
  std::vector<int32_t> from_element;  ///< By field: of `elements`, or -1.
};

struct StagePlan {
  std::optional<ExplodePlan> explode;
  std::optional<Program> filter;
};

/// A row that a stage or an operator could not compute.
struct StageFault {
  uint32_t row;  ///< Of the stage's rows; of the input's, if `of_input`.
  bool of_input;
  std::string reason;
};

/// Working memory of one stage in one chunk.
struct StageWork {
  Rows exploded;
  ByteBuffer written;  ///< An array that was computed, as JSON…
  ByteArena arrays;    ///< …and all of them.
  Scratch filter_scratch;
  std::unique_ptr<JsonDecoder> decoder, splitter;
  std::vector<std::string_view> elements;
  Buffer<uint32_t> parents;  ///< Exploded row to input row.
  Buffer<uint32_t> origins;
  ByteArena wrapped;
  Column raw_elements;
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
               RowErrors& errors);

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

/// The rows that an expression could not compute, appended to `failed`; texts in `store`.
void describe_failures(const Rows& rows, const Shape& shape, const RowErrors& errors,
                       ByteArena& store, std::vector<FailedRow>& failed);

}  // namespace millrace
