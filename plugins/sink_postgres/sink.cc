// The postgres sink: typed rows into a table, exactly once, by storing the number of the commit in
// the same transaction as its rows.

#include <optional>

#include "copy_rows.h"
#include "sink_postgres_schema.h"

namespace millrace::postgres_sink {
namespace {

class PostgresSink final : public sink, public column_sink, public epoch_sink {
 public:
  static constexpr auto info = describe(
      "org.millrace.postgres", "1.0.0", "Apache-2.0",
      "Writes rows to a table of a PostgreSQL database, each exactly once, also after a crash.",
      schema::sink_postgres, cap::epoch_marked, title{"Rows in a PostgreSQL table"}, status::beta,
      trust::own_input);

  PostgresSink(const context&, const config& cfg) : settings_(cfg), rows_(settings_.upsert) {}
  static void validate(const context&, const config& cfg) { (void)Settings(cfg); }

  void bind(const std::vector<column_info>& columns) override {
    table_.emplace(settings_, columns);
  }

  void open(const opening&) override {
    if (!table_) throw fatal("the host hands over no columns (millrace.arrow/1)");
    rows_.clear();
    auto connection = std::make_shared<Connection>(settings_.url);
    table_->settle(*connection);
    const std::lock_guard lock(mutex_);
    connection_ = std::move(connection);
  }

  void write(batch_view, emitter&) override { throw fatal("rows come as columns"); }

  void write_columns(std::span<const column_view> columns, uint32_t rows,
                     column_rejects&) override {
    rows_.add(columns, table_->fields(), rows);
    // Without epochs nothing has to be one transaction.
    constexpr std::size_t kManyBytes = 4 << 20;
    if (!in_epochs_ && rows_.bytes() > kManyBytes) flush("", 0);
  }

  /// At least or at most once: what was written so far is stored.
  std::string prepare(uint64_t) override {
    if (!rows_.empty()) flush("", 0);
    return "";
  }

  uint64_t last_epoch(std::string_view pipeline) override {
    in_epochs_ = true;
    return table_->last_epoch(*connection_, std::string(pipeline));
  }

  void write_epoch(std::string_view pipeline, uint64_t epoch, std::span<const batch_view>,
                   emitter&) override {
    flush(std::string(pipeline), epoch);
  }

  void cancel() noexcept override {
    const std::lock_guard lock(mutex_);
    if (connection_) connection_->cancel();
  }

  void close() override {
    rows_.clear();
    const std::lock_guard lock(mutex_);
    connection_.reset();
  }

 private:
  void flush(const std::string& owner, uint64_t epoch) {
    const std::string stream = rows_.empty() ? std::string() : rows_.take();
    table_->store(*connection_, stream, owner, epoch);
  }

  const Settings settings_;
  std::optional<Table> table_;
  CopyRows rows_;
  bool in_epochs_ = false;
  std::mutex mutex_;
  std::shared_ptr<Connection> connection_;  // Replaced under mutex_.
};

}  // namespace
}  // namespace millrace::postgres_sink

using millrace::postgres_sink::PostgresSink;
MILLRACE_PLUGIN(PostgresSink)
