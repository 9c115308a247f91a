// The file sink: rows in one file, or in parts of a directory, exactly as often as they were
// committed.

#include "output.h"
#include "sink_file_schema.h"

namespace millrace::file_sink {
namespace {

class FileSink final : public sink {
 public:
  static constexpr auto info = describe(
      "org.millrace.file", "1.0.0", "Apache-2.0",
      "Writes rows to a file, or to files of limited size in a directory; each row is there "
      "exactly once, also after a crash.",
      schema::sink_file, cap::two_phase, title{"One file, or parts in a directory"}, status::beta,
      trust::untrusted_input);

  FileSink(const context& ctx, const config& cfg)
      : settings_(cfg),
        output_(settings_.dir.empty() ? make_path_output(ctx, settings_)
                                      : make_dir_output(ctx, settings_)) {}

  static void validate(const context&, const config& cfg) { (void)Settings(cfg); }

  void open(const opening& how) override { output_->open(how); }
  void write(batch_view rows, emitter&) override { output_->write(rows); }
  std::string prepare(uint64_t) override { return output_->prepare(); }
  void commit(uint64_t) override { output_->commit(); }
  void abort(uint64_t) override { output_->abort(); }
  void close() override { output_->close(); }

 private:
  const Settings settings_;
  std::unique_ptr<Output> output_;
};

}  // namespace
}  // namespace millrace::file_sink

using millrace::file_sink::FileSink;
MILLRACE_PLUGIN(FileSink)
