#include "delivery/sink_port.h"

#include <millrace/ext/arrow.h>

#include "columns/arrow_export.h"
#include "delivery/row_bytes.h"

namespace millrace {

Result<void> SinkPort::create() {
  auto made =
      SinkInstance::create(options_.component, {options_.pipeline, options_.name}, options_.config);
  if (!made) return made.error();
  instance_ = std::move(*made);
  if (options_.columns.size() == 0) return {};
  ArrowSchema schema;
  export_schema(options_.columns, schema);
  auto bound = instance_->bind(schema);
  if (schema.release) schema.release(&schema);  // A plugin that took it over has cleared it.
  return bound;
}

Result<void> SinkPort::open(const std::string* state, uint64_t last_epoch, uint32_t flags) {
  MILLRACE_TRY(
      instance_->open(state ? std::string_view(*state) : std::string_view(), last_epoch, flags));
  open_ = true;
  return {};
}

Result<void> SinkPort::close() {
  if (!open_) return {};
  open_ = false;
  return instance_->close();
}

void SinkPort::cancel() {
  if (instance_) instance_->cancel();
}

Result<void> SinkPort::judge(const Result<void>& done) const {
  if (!done) return done;
  if (rejects_.empty()) return {};
  return Error{Code::kFailed, "sink " + options_.name + " refused a row: " + rejects_[0].reason};
}

Result<void> SinkPort::write(const BatchRef& rows) {
  rejects_.clear();
  if (options_.columns.size() > 0) return write_columns(rows);
  return judge(instance_->write(rows, rejects_));
}

Result<void> SinkPort::write_columns(const BatchRef& rows) {
  std::vector<Column> columns;
  if (!read_row_bytes(options_.columns, rows, columns)) {
    return Error{Code::kCorrupt, "stored rows of sink " + options_.name + " cannot be read"};
  }
  ArrowArray array;
  MILLRACE_TRY(export_columns(columns, rows.size(), array));
  auto done = instance_->write_columns(rows, array, rejects_);
  if (array.release) array.release(&array);
  return judge(done);
}

Result<void> SinkPort::write_epoch(const std::string& owner, uint64_t epoch,
                                   const std::vector<BatchRef>& rows) {
  rejects_.clear();
  if (options_.columns.size() == 0) {
    return judge(instance_->write_epoch(owner, epoch, rows, rejects_));
  }
  for (const BatchRef& batch : rows) MILLRACE_TRY(write(batch));
  rejects_.clear();
  return judge(instance_->write_epoch(owner, epoch, {}, rejects_));
}

Result<std::string> SinkPort::prepare(uint64_t epoch) { return instance_->prepare(epoch); }
Result<void> SinkPort::commit(uint64_t epoch) { return instance_->commit(epoch); }

}  // namespace millrace
