#include "columns/arrow_export.h"

#include <millrace/ext/arrow.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "columns/array_text.h"
#include "columns/interval.h"
#include "columns/json_encode.h"

namespace millrace {
namespace {

const char* format_of(Type type) {
  if (is_array(type)) return "u";  // In PostgreSQL's text form; the metadata names the type.
  switch (type) {
    case Type::kBool: return "b";
    case Type::kInt4: return "i";
    case Type::kInt8: return "l";
    case Type::kFloat8: return "g";
    case Type::kTimestamptz: return "tsu:UTC";
    case Type::kTimestamp: return "tsu:";
    case Type::kDate: return "tdD";
    case Type::kText:
    case Type::kJsonb:
    case Type::kNumeric:
    case Type::kInterval: return "u";
  }
  return "n";
}

void append_native_i32(std::string& out, size_t value) {
  const auto number = static_cast<int32_t>(value);
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

/// Arrow's encoding of metadata: count, then key and value, each behind its length.
std::string type_metadata(Type type) {
  constexpr std::string_view kKey = "millrace.type";
  const std::string_view name = type_name(type);
  std::string out;
  append_native_i32(out, 1);
  for (const std::string_view text : {kKey, name}) {
    append_native_i32(out, text.size());
    out += text;
  }
  return out;
}

struct OwnedSchema {
  std::string name, metadata;
  std::vector<ArrowSchema> fields;
  std::vector<ArrowSchema*> children;
};

void release_schema(ArrowSchema* schema) {
  auto* own = static_cast<OwnedSchema*>(schema->private_data);
  for (ArrowSchema* child : own->children) {
    if (child->release) child->release(child);
  }
  schema->release = nullptr;
  delete own;
}

void fill_schema(ArrowSchema& out, OwnedSchema* own, const char* format) {
  out = ArrowSchema{};
  out.format = format;
  out.name = own->name.c_str();
  out.metadata = own->metadata.empty() ? nullptr : own->metadata.data();
  out.flags = ARROW_FLAG_NULLABLE;
  out.n_children = static_cast<int64_t>(own->children.size());
  out.children = own->children.empty() ? nullptr : own->children.data();
  out.release = release_schema;
  out.private_data = own;
}

/// The memory of one array: a bitmap of validity, and one or two buffers of values.
struct OwnedArray {
  std::vector<uint8_t> valid, values;
  std::vector<int32_t> offsets;
  const void* buffers[3] = {};
  std::vector<ArrowArray> columns;
  std::vector<ArrowArray*> children;
};

void release_array(ArrowArray* array) {
  auto* own = static_cast<OwnedArray*>(array->private_data);
  for (ArrowArray* child : own->children) {
    if (child->release) child->release(child);
  }
  array->release = nullptr;
  delete own;
}

void fill_array(ArrowArray& out, OwnedArray* own, uint32_t rows, int64_t nulls, int64_t buffers) {
  out = ArrowArray{};
  out.length = rows;
  out.null_count = nulls;
  out.n_buffers = buffers;
  out.buffers = own->buffers;
  out.n_children = static_cast<int64_t>(own->children.size());
  out.children = own->children.empty() ? nullptr : own->children.data();
  out.release = release_array;
  out.private_data = own;
}

void set_bit(std::vector<uint8_t>& bits, size_t i) {
  bits[i / 8] |= static_cast<uint8_t>(1u << (i % 8));
}

int64_t export_validity(const Column& column, uint32_t rows, OwnedArray& own) {
  if (!column.has_invalid) return 0;
  own.valid.assign(rows / 8 + 1, 0);
  int64_t nulls = 0;
  for (uint32_t i = 0; i < rows; ++i) {
    if (column.valid(i)) {
      set_bit(own.valid, i);
    } else {
      ++nulls;
    }
  }
  own.buffers[0] = own.valid.data();
  return nulls;
}

template <class To, class From>
void export_numbers(const Column& column, const Buffer<From>& from, uint32_t rows,
                    OwnedArray& own) {
  own.values.assign(size_t{rows} * sizeof(To) + 8, 0);
  for (uint32_t i = 0; i < rows; ++i) {
    if (!column.valid(i)) continue;
    const To value = static_cast<To>(from[column.constant ? 0 : i]);
    std::memcpy(own.values.data() + size_t{i} * sizeof(To), &value, sizeof value);
  }
}

void export_bools(const Column& column, uint32_t rows, OwnedArray& own) {
  own.values.assign(rows / 8 + 1, 0);
  for (uint32_t i = 0; i < rows; ++i) {
    if (column.valid(i) && column.bools[column.constant ? 0 : i]) set_bit(own.values, i);
  }
}

bool export_texts(const Column& column, uint32_t rows, OwnedArray& own) {
  own.offsets.assign(size_t{rows} + 1, 0);
  char interval[kIntervalTextMax];
  ByteBuffer array;
  for (uint32_t i = 0; i < rows; ++i) {
    if (column.valid(i)) {
      std::string_view text = column.texts[column.constant ? 0 : i];
      if (column.type == Type::kInterval)
        text = {interval, format_interval(interval_of(text), interval)};
      if (is_array(column.type)) {
        array.clear();
        write_array_text(column, i, array);
        text = array.view();
      }
      own.values.insert(own.values.end(), text.begin(), text.end());
      if (own.values.size() > std::numeric_limits<int32_t>::max()) return false;
    }
    own.offsets[i + 1] = static_cast<int32_t>(own.values.size());
  }
  own.buffers[1] = own.offsets.data();
  own.values.push_back(0);  // No buffer is null.
  own.buffers[2] = own.values.data();
  return true;
}

bool export_column(const Column& column, uint32_t rows, ArrowArray& out) {
  auto* own = new OwnedArray;
  const int64_t nulls = export_validity(column, rows, *own);
  int64_t buffers = 2;
  bool fits = true;
  switch (column.type) {
    case Type::kBool: export_bools(column, rows, *own); break;
    case Type::kInt4:
    case Type::kDate: export_numbers<int32_t>(column, column.ints, rows, *own); break;
    case Type::kFloat8: export_numbers<double>(column, column.floats, rows, *own); break;
    case Type::kText:
    case Type::kJsonb:
    case Type::kNumeric:
    case Type::kInterval:
      fits = export_texts(column, rows, *own);
      buffers = 3;
      break;
    default:
      if (!is_array(column.type)) {
        export_numbers<int64_t>(column, column.ints, rows, *own);
        break;
      }
      fits = export_texts(column, rows, *own);
      buffers = 3;
  }
  if (buffers == 2) own->buffers[1] = own->values.data();
  fill_array(out, own, rows, nulls, buffers);
  return fits;
}

}  // namespace

void export_schema(const Schema& schema, ArrowSchema& out) {
  auto* own = new OwnedSchema;
  own->fields.resize(schema.size());
  for (uint32_t i = 0; i < schema.size(); ++i) {
    auto* field = new OwnedSchema;
    field->name = schema[i].name;
    field->metadata = type_metadata(schema[i].type);
    fill_schema(own->fields[i], field, format_of(schema[i].type));
    own->children.push_back(&own->fields[i]);
  }
  fill_schema(out, own, "+s");
}

Result<void> export_columns(std::span<const Column> columns, uint32_t rows, ArrowArray& out) {
  auto* own = new OwnedArray;
  own->columns.resize(columns.size());
  bool fits = true;
  for (size_t i = 0; i < columns.size(); ++i) {
    fits = export_column(columns[i], rows, own->columns[i]) && fits;
    own->children.push_back(&own->columns[i]);
  }
  fill_array(out, own, rows, 0, 1);
  if (fits) return {};
  out.release(&out);
  return Error{Code::kFailed, "a batch of rows has more than 2 GiB of text in one column"};
}

}  // namespace millrace
