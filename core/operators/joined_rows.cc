#include "operators/joined_rows.h"

#include <algorithm>

#include "base/assert.h"
#include "window/stored_row.h"

namespace millrace {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<uint32_t> find_visible(const Shape& shape, const std::string& name) {
  const auto found = shape.schema.find(name);
  if (!found || *found >= shape.visible) return std::nullopt;
  return found;
}

}  // namespace

JoinedRows::JoinedRows(Side left, Side right, const std::vector<std::string>& using_fields,
                       bool left_only)
    : sides_{std::move(left), std::move(right)}, left_only_(left_only) {
  std::vector<Name> shown, others;
  for (const std::string& name : using_fields) add_joined_on(name, shown);
  for (size_t side = 0; side < 2; ++side) {
    const Shape& shape = sides_[side].shape;
    for (uint32_t i = 0; i < shape.visible; ++i) {
      if (shape.op == i) continue;  // Of the table's changes: a row that joins is no delete.
      const std::string& field = shape.schema[i].name;
      Source one;
      one.of[side] = static_cast<int32_t>(i);
      one.type = shape.schema[i].type;
      const uint32_t source = add_source(one);
      const std::string qualified = sides_[side].name + "." + field;
      const bool joined_on = contains(using_fields, field);
      const bool on_both = find_visible(sides_[1 - side].shape, field).has_value();
      if (on_both && !joined_on && side == 0) ambiguous_.push_back(field);
      const bool visible = !joined_on && !(left_only && side == 1);
      const bool bare = !joined_on && (!on_both || (left_only && side == 0));
      (visible ? shown : others).push_back({bare ? field : qualified, source});
      if (bare) others.push_back({qualified, source});
    }
  }
  for (const Name& name : shown) add_name(name.text, name.source);
  shape_.visible = shape_.schema.size();
  for (const Name& name : others) add_name(name.text, name.source);
  shape_.schema.add("event_time()", Type::kTimestamptz);
}

/// One field for both sides, where both have it.
void JoinedRows::add_joined_on(const std::string& name, std::vector<Name>& shown) {
  const auto l = find_visible(sides_[0].shape, name), r = find_visible(sides_[1].shape, name);
  if (!l || !r) return;
  Source both;
  both.of[0] = static_cast<int32_t>(*l);
  both.of[1] = static_cast<int32_t>(*r);
  both.type = sides_[0].shape.schema[*l].type == sides_[1].shape.schema[*r].type
                  ? sides_[0].shape.schema[*l].type
                  : Type::kInt8;  // int4 with int8; other pairs are refused as keys.
  shown.push_back({name, add_source(both)});
}

uint32_t JoinedRows::add_source(const Source& source) {
  sources_.push_back(source);
  return static_cast<uint32_t>(sources_.size() - 1);
}

void JoinedRows::add_name(std::string name, uint32_t source) {
  if (shape_.schema.find(name)) return;  // A path that spells the same: the first one wins.
  shape_.schema.add(std::move(name), sources_[source].type);
  source_of_.push_back(source);
}

Schema JoinedRows::result_schema() const {
  if (!left_only_) return shape_.schema;
  std::vector<Field> fields = shape_.schema.fields();
  for (size_t i = 0; i < source_of_.size(); ++i) {
    if (sources_[source_of_[i]].of[0] < 0) fields[i].name = "()";  // Nothing that one can write.
  }
  return Schema(std::move(fields));
}

void JoinedRows::set_needed(const std::vector<bool>& fields) {
  for (size_t i = 0; i < source_of_.size(); ++i) {
    if (fields[i]) sources_[source_of_[i]].needed = true;
  }
}

void JoinedRows::demand(size_t side, std::vector<bool>& wanted) const {
  for (const Source& source : sources_) {
    if (source.needed && source.of[side] >= 0) wanted[static_cast<size_t>(source.of[side])] = true;
  }
}

std::vector<Field> JoinedRows::stored_fields(size_t side) const {
  std::vector<Field> fields;
  for (const Source& source : sources_) {
    if (!source.needed || source.of[side] < 0) continue;
    fields.push_back(sides_[side].shape.schema[static_cast<uint32_t>(source.of[side])]);
  }
  return fields;
}

void JoinedRows::start(Work& work) const {
  work.columns.resize(sources_.size());
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].needed) work.columns[i].reset(sources_[i].type, 0);
  }
  work.time.reset(Type::kTimestamptz, 0);
  work.rows.clear();
  work.rows.own_record.clear();
  work.rows.own_time.clear();
}

/// A field of both sides is the left's where the left is there.
void JoinedRows::push_side(Work& work, size_t side, const SideRow& from, bool left_there) const {
  ByteReader stored(from.stored ? std::string_view(*from.stored) : std::string_view());
  for (size_t i = 0; i < sources_.size(); ++i) {
    const Source& source = sources_[i];
    if (!source.needed || source.of[side] < 0) continue;
    const bool mine = source.of[1 - side] < 0 || (side == 0) == left_there;
    const auto field = static_cast<uint32_t>(source.of[side]);
    if (from.stored) {
      MILLRACE_ASSERT(mine ? read_stored_cell(stored, work.columns[i])
                           : skip_stored_cell(stored, sides_[side].shape.schema[field].type));
    } else if (from.rows && mine) {
      push_cell(*from.rows->columns[field], from.row, work.columns[i]);
    } else if (mine) {
      work.columns[i].push_null();
    }
  }
}

void JoinedRows::push(Work& work, const SideRow& left, const SideRow& right, EventTime time,
                      uint32_t record) const {
  push_side(work, 0, left, left.there());
  push_side(work, 1, right, left.there());
  work.time.ints.push_back(time);
  work.rows.own_time.push_back(time);
  work.rows.own_record.push_back(record);
}

void JoinedRows::finish(Work& work) const {
  Rows& rows = work.rows;
  rows.count = static_cast<uint32_t>(rows.own_record.size());
  rows.record = rows.own_record.data();
  rows.time = rows.own_time.data();
  rows.columns.assign(shape_.schema.size(), nullptr);
  for (size_t i = 0; i < source_of_.size(); ++i) {
    if (sources_[source_of_[i]].needed) rows.columns[i] = &work.columns[source_of_[i]];
  }
  rows.columns.back() = &work.time;
}

std::string JoinedRows::store(size_t side, const Rows& rows, uint32_t row) const {
  std::string bytes;
  for (const Source& source : sources_) {
    if (!source.needed || source.of[side] < 0) continue;
    write_stored_cell(*rows.columns[static_cast<size_t>(source.of[side])], row, bytes);
  }
  return bytes;
}

}  // namespace millrace
