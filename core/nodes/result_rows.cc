#include "nodes/result_rows.h"

#include "nodes/record_key.h"

namespace millrace {

ResultRows::ResultRows(ResultPlan plan, Shape made)
    : plan_(std::move(plan)), made_(std::move(made)), shown_keys_(shown_keys(made_)) {}

Shape ResultRows::shape() const {
  if (!plan_.select) return made_;
  std::vector<Field> fields;
  for (size_t i = 0; i < plan_.select->names.size(); ++i) {
    fields.push_back({plan_.select->names[i], plan_.select->programs[i].type()});
  }
  Shape shape;
  shape.visible = static_cast<uint32_t>(fields.size());
  for (uint32_t i = made_.visible; i < made_.schema.size(); ++i) fields.push_back(made_.schema[i]);
  shape.record_key = keep_record_key(made_, shape.visible, fields);
  shape.schema = Schema(std::move(fields));
  return shape;
}

void ResultRows::demand(const std::vector<bool>& wanted, std::vector<bool>& made_wanted) const {
  if (plan_.filter) mark_fields(*plan_.filter, made_wanted);
  const size_t shown = plan_.select ? plan_.select->programs.size() : 0;
  for (size_t i = 0; i < shown; ++i) mark_fields(plan_.select->programs[i], made_wanted);
  const size_t hidden_at = plan_.select ? made_.visible : 0, known = made_.schema.size();
  for (size_t field = shown; field < wanted.size(); ++field) {
    const size_t at = field - shown + hidden_at;
    if (wanted[field]) made_wanted[at < known ? at : shown_keys_[at - known]] = true;
  }
}

void ResultRows::finish(Work& work, const Rows& made, Selection live, Rows& out,
                        std::vector<FailedRow>& failed) const {
  out.clear();
  out.count = made.count;
  out.record = made.record;
  out.time = made.time;
  out.batch = made.batch;
  out.origin = made.origin;
  out.columns = made.columns;
  work.errors.start(made.count);
  const Inputs inputs{made.columns, made.count};
  if (plan_.filter) live = filter(*plan_.filter, inputs, live, work.filter_scratch, work.errors);
  live = work.errors.drop_failed(live, out.live);
  if (plan_.select) {
    const size_t shown = plan_.select->programs.size();
    out.columns.assign(shown, nullptr);
    for (size_t i = 0; i < shown; ++i) {
      const size_t failed_before = work.errors.size();
      out.columns[i] =
          &evaluate(plan_.select->programs[i], inputs, live, work.scratch[i], work.errors);
      if (work.errors.size() != failed_before) live = work.errors.drop_failed(live, out.live);
    }
    out.columns.insert(out.columns.end(), made.columns.begin() + made_.visible, made.columns.end());
    for (uint32_t field : shown_keys_) out.columns.push_back(made.columns[field]);
  }
  out.all_live = live.rows == nullptr && live.count == made.count;
  if (!out.all_live) keep_selection(live, out.live);
  if (work.errors.empty()) return;
  work.bytes.clear();
  describe_failures(made, made_, work.errors, work.bytes, failed);
}

}  // namespace millrace
