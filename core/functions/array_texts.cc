// Arrays and texts: PostgreSQL's form of an array, joining and splitting.

#include <array>

#include "columns/array_text.h"
#include "columns/json_encode.h"
#include "functions/array_kernel.h"
#include "functions/characters.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

/// Of texts; the binder has brought the elements to their text form.
void to_text(const KernelCall& call) {
  ArrayCell cell;
  ByteBuffer made;
  each_row(call.rows, [&](uint32_t row) {
    const Column& elements = cell.read(call, 0, row);
    made.clear();
    made.append('{');
    for (size_t i = 0; i < elements.size(); ++i) {
      if (i > 0) made.append(',');
      if (elements.valid(i)) {
        write_array_element(elements.texts[i], made);
      } else {
        made.append("NULL");
      }
    }
    made.append('}');
    call.out.texts[row] = call.out.bytes.store(made.view());
  });
}

void from_text(const KernelCall& call) {
  Column elements;
  ArrayMaker made(call.out);
  each_row(call.rows, [&](uint32_t row) {
    const View text = argument<View>(call, 0, row);
    call.out.texts[row] = {};
    elements.reset(Type::kText, 0);
    const ArrayFault fault = parse_array_text(text, elements);
    if (fault == ArrayFault::kDimensions) {
      return call.fail(row, sqlstate::kFeatureNotSupported, "arrays have one dimension here");
    }
    if (fault != ArrayFault::kNone) {
      return call.fail(row, sqlstate::kInvalidText,
                       quoted_message("malformed array literal: ", text));
    }
    made.start();
    made.add_all(elements);
    made.done(row);
  });
}

/// NULLs are left out, or become the third argument.
void join(const KernelCall& call) {
  ArrayCell cell;
  View* out = cells_of<View>(call.out);
  each_row(call.rows, [&](uint32_t row) {
    out[row] = {};
    if (!call.args[0]->valid(row) || !call.args[1]->valid(row))
      return call.out.set_cell(row, kNull, call.row_count);
    const Column& elements = cell.read(call, 0, row);
    const bool with_null = call.args.size() > 2 && call.args[2]->valid(row);
    TextMaker made(call.out.bytes);
    bool first = true;
    for (size_t i = 0; i < elements.size(); ++i) {
      if (!elements.valid(i) && !with_null) continue;
      if (!first) made.append(argument<View>(call, 1, row));
      first = false;
      made.append(elements.valid(i) ? elements.texts[i] : argument<View>(call, 2, row));
    }
    out[row] = made.done();
  });
}

/// The parts of a text between separators: a NULL separator splits into characters, an empty one
/// not at all.
template <class Visit>
void each_part(View text, const View* separator, Visit visit) {
  if (text.empty()) return;
  if (separator && separator->empty()) return visit(text);
  while (true) {
    const size_t end = separator ? text.find(*separator) : character_at(text, 0).size();
    visit(text.substr(0, end));
    if (end == View::npos || (!separator && end >= text.size())) return;
    text.remove_prefix(end + (separator ? separator->size() : 0));
  }
}

void split(const KernelCall& call) {
  ArrayMaker made(call.out);
  Column part;
  each_row(call.rows, [&](uint32_t row) {
    call.out.texts[row] = {};
    if (!call.args[0]->valid(row)) return call.out.set_cell(row, kNull, call.row_count);
    const View* separator = call.args[1]->valid(row) ? &argument<View>(call, 1, row) : nullptr;
    const bool has_null = call.args.size() > 2 && call.args[2]->valid(row);
    made.start();
    each_part(argument<View>(call, 0, row), separator, [&](View text) {
      part.reset(Type::kText, 1);
      part.texts[0] = text;
      if (has_null && text == argument<View>(call, 2, row)) part.set_cell(0, kNull, 1);
      made.add(part, 0);
    });
    made.done(row);
  });
}

constexpr Type kT = Type::kText, kTA = array_of(kT);

constexpr std::array kEntries = {
    entry("array text", {kTA}, kT, to_text, "PostgreSQL's form.", "", ""),
    entry("array of text", {kT}, kTA, from_text, "PostgreSQL's form.", "", ""),
    // Also for the arrays of other types, whose elements the binder casts.
    nullable(entry("array_to_string", {kTextsOfArray, kT}, kT, join,
                   "The elements with a text between them; NULLs are left out.",
                   "array_to_string(array[1, null, 3], '-')", "1-3")),
    nullable(entry("array_to_string", {kTextsOfArray, kT, kT}, kT, join,
                   "The same with a text for NULLs.", "array_to_string(array[1, null], '-', '?')",
                   "1-?")),
    nullable(entry("string_to_array", {kT, kT}, kTA, split,
                   "The parts between separators; a NULL separator: the characters.",
                   "string_to_array('a,b,,c', ',')", "{a,b,\"\",c}")),
    nullable(entry("string_to_array", {kT, kT, kT}, kTA, split,
                   "The same; parts that equal the third are NULL.",
                   "string_to_array('a--b', '-', '')", "{a,NULL,b}")),
};

}  // namespace

std::span<const Function> array_text_functions() { return kEntries; }

}  // namespace millrace
