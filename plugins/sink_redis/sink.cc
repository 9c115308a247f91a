// The redis sink: rows as values, fields of hashes or entries of streams. Every command may be
// given again without harm, so rows that ride in the commit are there exactly once.

#include <optional>

#include "commands.h"
#include "sink_redis_schema.h"

namespace millrace::redis_sink {
namespace {

class RedisSink final : public sink {
 public:
  static constexpr auto info = describe(
      "org.millrace.redis", "1.0.0", "Apache-2.0",
      "Writes rows to Redis as values, hashes or streams; writing a row again changes nothing.",
      schema::sink_redis, cap::idempotent, title{"Values, hashes or streams in Redis"},
      status::beta, trust::own_input);

  RedisSink(const context&, const config& cfg) : settings_(cfg), commands_(settings_) {}
  static void validate(const context&, const config& cfg) { (void)Settings(cfg); }

  void open(const opening&) override { connection_.emplace(settings_); }

  void write(batch_view rows, emitter&) override {
    constexpr std::size_t kPipelined = 512, kPipelinedBytes = 1 << 20;
    std::size_t bytes = 0;
    for (uint32_t i = 0; i < rows.size(); ++i) {
      rows_.push_back({rows.key(i), rows.value(i), rows.epoch(), rows.first_row() + i});
      bytes += rows.key(i).size() + rows.value(i).size();
      if (rows_.size() < kPipelined && bytes < kPipelinedBytes) continue;
      flush();
      bytes = 0;
    }
    flush();
  }

  void close() override { connection_.reset(); }

 private:
  void flush() {
    const std::vector<Row> rows = std::move(rows_);
    rows_.clear();
    if (!rows.empty()) commands_.write(*connection_, rows);
  }

  const Settings settings_;
  Commands commands_;
  std::optional<Connection> connection_;
  std::vector<Row> rows_;
};

}  // namespace
}  // namespace millrace::redis_sink

using millrace::redis_sink::RedisSink;
MILLRACE_PLUGIN(RedisSink)
