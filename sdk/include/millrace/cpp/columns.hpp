#pragma once

/// Rows as typed columns, for sinks that want them (millrace.arrow/1): no sink need parse what the
/// host has just printed. The columns are Arrow's, read here without its library.

#include <millrace/ext/arrow.h>

#include <cstring>
#include <millrace/cpp/emitter.hpp>
#include <span>
#include <string>
#include <vector>

namespace millrace {
inline namespace sdk_v1 {

/// A column of rows: `value(i)` of what is not null. Views into the array that write() was given.
class column_view {
 public:
  column_view(std::string_view name, std::string_view format, const ArrowArray& array)
      : name_(name), format_(format), array_(&array) {}
  std::string_view name() const { return name_; }
  /// As in ext/arrow.h: b, i, l, g, u, tsu:UTC, tsu:, tdD.
  std::string_view format() const { return format_; }
  bool is_null(int64_t row) const {
    const auto* valid = static_cast<const uint8_t*>(array_->buffers[0]);
    const int64_t at = row + array_->offset;
    return valid && !(valid[at / 8] >> (at % 8) & 1);
  }
  bool flag(int64_t row) const {
    const int64_t at = row + array_->offset;
    return static_cast<const uint8_t*>(array_->buffers[1])[at / 8] >> (at % 8) & 1;
  }
  /// int4, int8, date (days since 1970), timestamp and timestamptz (microseconds since 1970).
  int64_t integer(int64_t row) const {
    const int64_t at = row + array_->offset;
    if (format_ == "i" || format_ == "tdD")
      return static_cast<const int32_t*>(array_->buffers[1])[at];
    return static_cast<const int64_t*>(array_->buffers[1])[at];
  }
  double number(int64_t row) const {
    return static_cast<const double*>(array_->buffers[1])[row + array_->offset];
  }
  std::string_view text(int64_t row) const {
    const auto* ends = static_cast<const int32_t*>(array_->buffers[1]) + row + array_->offset;
    const auto* bytes = static_cast<const char*>(array_->buffers[2]);
    return {bytes + ends[0], static_cast<std::size_t>(ends[1] - ends[0])};
  }

 private:
  std::string_view name_, format_;
  const ArrowArray* array_;
};

/// A field of the rows, as bind() tells it.
struct column_info {
  std::string name;
  std::string type;  ///< PostgreSQL's name: bool int4 int8 float8 numeric text timestamptz
                     ///< timestamp date interval jsonb.
};

/// Refuses rows of a write_columns().
class column_rejects {
 public:
  explicit column_rejects(mr_out* out) : out_(out) {}
  void reject(uint32_t row, std::string_view why, mr_rc rc = MR_E_RECORD) {
    detail::check(out_->reject(out_, nullptr, row, rc, detail::to_abi(why)), "a reject");
  }

 private:
  mr_out* out_;
};

/// Mixin of a sink that takes typed columns (millrace.arrow/1); its schema says `"x-columns":
/// true`. With epoch_sink, an epoch is its write_columns() calls and then write_epoch() without
/// batches.
class column_sink {
 public:
  /// Between constructor and open.
  virtual void bind(const std::vector<column_info>& columns) = 0;
  virtual void write_columns(std::span<const column_view> columns, uint32_t rows,
                             column_rejects& rejects) = 0;

 protected:
  ~column_sink() = default;
};

namespace detail {

/// The value of "millrace.type" in Arrow's encoding of metadata, or "".
inline std::string type_of(const char* metadata) {
  if (!metadata) return "";
  const auto number = [&metadata] {
    int32_t n;
    std::memcpy(&n, metadata, sizeof n);
    metadata += sizeof n;
    return n;
  };
  const auto text = [&metadata, &number] {
    const auto size = static_cast<std::size_t>(number());
    metadata += size;
    return std::string(metadata - size, size);
  };
  for (int32_t left = number(); left > 0; --left) {
    const std::string key = text(), value = text();
    if (key == "millrace.type") return value;
  }
  return "";
}

/// Gives a schema or an array back when the call is done with it, as its new owner must.
template <class T>
struct released {
  explicit released(T* owned) : to(owned) {}
  ~released() {
    if (to->release) to->release(to);
  }
  released(const released&) = delete;
  T* to;
};

/// What a bound instance must remember to read arrays.
struct bound_columns {
  std::vector<std::string> names, formats;
};

inline std::vector<column_info> take_schema(ArrowSchema* schema, bound_columns& bound) {
  const released<ArrowSchema> owned(schema);
  std::vector<column_info> columns;
  bound = {};
  for (int64_t i = 0; i < schema->n_children; ++i) {
    const ArrowSchema& child = *schema->children[i];
    bound.names.emplace_back(child.name);
    bound.formats.emplace_back(child.format);
    columns.push_back({child.name, type_of(child.metadata)});
  }
  return columns;
}

}  // namespace detail
}  // namespace sdk_v1
}  // namespace millrace
