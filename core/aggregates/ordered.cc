// What stands behind array_agg(x order by …), string_agg and jsonb_agg likewise. The state is a
// list of texts in the order of the records, as string_agg keeps them; with DISTINCT a set of
// texts. Each is a sort key (columns/order_key.h), a byte that says whether the value is NULL, and
// the packed value. The rows are sorted when a result is emitted, equal keys in the order of the
// records. The names hold a blank: only the compiler of grouped selects can call them.

#include <algorithm>
#include <array>
#include <vector>

#include "aggregates/state.h"
#include "columns/array.h"
#include "columns/order_key.h"
#include "columns/packed_values.h"
#include "functions/json_value.h"
#include "functions/kernel.h"
#include "functions/made_text.h"

namespace millrace {
namespace {

using View = std::string_view;

/// args: the value, then each key followed by its direction, a constant: 1 descending, 2 NULL
/// first.
void ordered_value(const KernelCall& call) {
  View* out = cells_of<View>(call.out);
  std::string key, packed;
  each_row(call.rows, [&](uint32_t row) {
    key.clear();
    for (size_t i = 1; i + 1 < call.args.size(); i += 2) {
      const int64_t bits = argument<int64_t>(call, i + 1, row);
      append_order_key(*call.args[i], row, {(bits & 1) != 0, (bits & 2) != 0}, key);
    }
    packed.clear();
    put_bytes(packed, key);
    const bool null = !call.args[0]->valid(row);
    put(packed, static_cast<uint8_t>(null));
    if (!null) pack_value(*call.args[0], row, false, packed);
    out[row] = call.out.bytes.store(packed);
  });
}

struct Entry {
  View key, value;
  bool null;
};

/// One text of the list; false: it is none.
bool read_entry(View text, Entry& entry) {
  uint64_t size = 0;
  if (!take(text, size) || size > text.size()) return false;
  entry.key = text.substr(0, size);
  text.remove_prefix(size);
  if (!take_flag(text, entry.null)) return false;
  entry.value = text;
  return true;
}

/// The values of a list in their order, as rows of `values`, whose texts point into `list`.
void sort_values(View list, bool distinct, Column& values) {
  Column texts;
  texts.reset(Type::kText, 0);
  unpack_values(list, texts);
  std::vector<Entry> entries;
  for (size_t i = 0; i < texts.size(); ++i) {
    Entry entry;
    if (read_entry(texts.texts[i], entry)) entries.push_back(entry);
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.key < b.key; });
  if (distinct) {
    const auto same = [](const Entry& a, const Entry& b) { return a.key == b.key; };
    entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
  }
  for (Entry& entry : entries) {
    if (entry.null || !unpack_value(entry.value, values)) values.push_null();
  }
}

/// run(row, values) for every row; args: the list, `distinct` where equal keys count once, else
/// nothing.
template <class Run>
void each_list(const KernelCall& call, Type type, Run run) {
  each_row(call.rows, [&](uint32_t row) {
    Column values;
    values.reset(type, 0);
    sort_values(argument<View>(call, 0, row), !argument<View>(call, 1, row).empty(), values);
    run(row, values);
  });
}

void ordered_array(const KernelCall& call) {
  std::string array;
  each_list(call, element_of(call.out.type), [&](uint32_t row, const Column& values) {
    array.clear();
    start_array(static_cast<uint32_t>(values.size()), array);
    for (size_t i = 0; i < values.size(); ++i) append_element(values, i, false, array);
    call.out.texts[row] = call.out.bytes.store(array);
  });
}

/// A third argument: what stands between them. NULLs are left out.
void ordered_texts(const KernelCall& call) {
  each_list(call, Type::kText, [&](uint32_t row, const Column& values) {
    TextMaker made(call.out.bytes);
    bool any = false;
    for (size_t i = 0; i < values.size(); ++i) {
      if (!values.valid(i)) continue;
      if (any) made.append(argument<View>(call, 2, row));
      made.append(values.texts[i]);
      any = true;
    }
    call.out.texts[row] = made.done();
    if (!any) call.out.set_cell(row, kNull, call.row_count);
  });
}

/// A third argument: the values' type.
void ordered_json(const KernelCall& call) {
  if (call.rows.count == 0) return;
  const Type type = type_from_name(argument<View>(call, 2, call.rows[0])).value_or(Type::kText);
  each_list(call, type, [&](uint32_t row, const Column& values) {
    TextMaker made(call.out.bytes);
    made.append('[');
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) made.append(", ");
      write_jsonb_cell(values, i, made);
    }
    made.append(']');
    call.out.texts[row] = made.done();
  });
}

constexpr Type kT = Type::kText;

constexpr Function array_entry(std::string_view name, Type element) {
  return entry(name, {kT, kT}, array_of(element), ordered_array, "array_agg(… order by …).", "",
               "");
}

const std::array kEntries = {
    // Of any number of arguments: only Binder::bind_ordered calls it.
    nullable(entry("ordered value", {kT}, kT, ordered_value, "Argument of an ordered aggregate.",
                   "", "")),
    entry("ordered texts", {kT, kT, kT}, kT, ordered_texts, "string_agg(… order by …).", "", ""),
    entry("ordered json", {kT, kT, kT}, Type::kJsonb, ordered_json, "jsonb_agg(… order by …).", "",
          ""),
    array_entry("ordered bool", Type::kBool),
    array_entry("ordered int4", Type::kInt4),
    array_entry("ordered int8", Type::kInt8),
    array_entry("ordered float8", Type::kFloat8),
    array_entry("ordered numeric", Type::kNumeric),
    array_entry("ordered text", kT),
    array_entry("ordered timestamptz", Type::kTimestamptz),
    array_entry("ordered timestamp", Type::kTimestamp),
    array_entry("ordered date", Type::kDate),
    array_entry("ordered interval", Type::kInterval),
    array_entry("ordered jsonb", Type::kJsonb),
};

}  // namespace

std::span<const Function> ordered_functions() { return kEntries; }

}  // namespace millrace
