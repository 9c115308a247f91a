// Three sinks whose output shows what a crash did to it, one for each class that needs no server
// and that no plugin of ours has in this bare form. For tests only.
//
// `lossy` (none): appends rows as they come. `tagged` (idempotent): appends each row behind its tag
// (epoch and row), so that a test can apply them as upserts and see that a tag never changes its
// row. `marked` (epoch_marked): one file of all rows, with the epoch in its first line, replaced at
// once.
//
// `fail`: so many first calls fail as if a server was away. `refuse`: rows with this text are
// refused.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <millrace/plugin.hpp>
#include <sstream>

#include "test_sinks_schema.h"

namespace millrace {
namespace {

class TestSink : public sink {
 public:
  explicit TestSink(const config& cfg)
      : path_(cfg.str("path", "")),
        fail_(cfg.i64("fail", 0)),
        slow_ms_(cfg.i64("slow_ms", 0)),
        refuse_(cfg.str("refuse", "")) {}

 protected:
  /// What a server that is away, slow or picky does.
  void serve(batch_view rows, emitter& rejects) {
    if (slow_ms_ > 0) usleep(static_cast<useconds_t>(slow_ms_) * 1000);
    if (fail_ > 0) {
      --fail_;
      throw retriable("the server is away");
    }
    for (uint32_t i = 0; i < rows.size(); ++i) {
      if (!refuse_.empty() && rows.value(i).find(refuse_) != std::string_view::npos) {
        rejects.reject(rows, i, "it is refused");
      }
    }
  }
  /// A kill may cut a write short at the end of a page: what comes next begins a line of its own.
  void append(std::string text) const {
    const int file = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND, 0644);
    char last = '\n';
    const off_t size = file < 0 ? 0 : ::lseek(file, 0, SEEK_END);
    if (size > 0 && ::pread(file, &last, 1, size - 1) == 1 && last != '\n') text.insert(0, "\n");
    if (file < 0 || ::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      throw fatal("cannot write " + path_);
    }
    ::close(file);
  }
  std::string path_;

 private:
  int64_t fail_, slow_ms_;
  std::string refuse_;
};

class Lossy final : public TestSink {
 public:
  static constexpr auto info = describe("org.millrace.test.lossy", "1.0.0", "Apache-2.0",
                                        "Appends rows.", schema::test_sinks, title{"Appends rows"});
  Lossy(const context&, const config& cfg) : TestSink(cfg) {}
  void write(batch_view rows, emitter& rejects) override {
    serve(rows, rejects);
    std::string text;
    for (uint32_t i = 0; i < rows.size(); ++i) text.append(rows.value(i)) += '\n';
    append(std::move(text));
  }
};

class Tagged final : public TestSink {
 public:
  static constexpr auto info =
      describe("org.millrace.test.tagged", "1.0.0", "Apache-2.0", "Appends rows with tags.",
               schema::test_sinks, cap::idempotent, title{"Appends rows with tags"});
  Tagged(const context&, const config& cfg) : TestSink(cfg) {}
  void write(batch_view rows, emitter& rejects) override {
    serve(rows, rejects);
    std::string text;
    for (uint32_t i = 0; i < rows.size(); ++i) {
      text += std::to_string(rows.epoch()) + " " + std::to_string(rows.first_row() + i) + " ";
      text += std::string(rows.key(i)) + "\t";
      text.append(rows.value(i)) += '\n';
    }
    append(std::move(text));
  }
};

class Marked final : public TestSink, public epoch_sink {
 public:
  static constexpr auto info =
      describe("org.millrace.test.marked", "1.0.0", "Apache-2.0", "Replaces a file.",
               schema::test_sinks, cap::epoch_marked, title{"Replaces a file"});
  Marked(const context&, const config& cfg) : TestSink(cfg) {}
  void write(batch_view, emitter&) override { throw fatal("rows of an epoch come by write_epoch"); }
  uint64_t last_epoch(std::string_view pipeline) override {
    std::ifstream in(path_);
    std::string owner;
    uint64_t epoch = 0;
    in >> owner >> epoch;
    return owner == pipeline ? epoch : 0;
  }
  void write_epoch(std::string_view pipeline, uint64_t epoch, std::span<const batch_view> batches,
                   emitter& rejects) override {
    for (const batch_view& rows : batches) serve(rows, rejects);
    std::stringstream before;
    before << std::ifstream(path_).rdbuf();
    std::string text = before.str();
    text.erase(0, text.find('\n') + 1);
    std::ofstream out(path_ + ".part", std::ios::trunc);
    out << pipeline << ' ' << epoch << '\n' << text;
    for (const batch_view& rows : batches) {
      for (uint32_t i = 0; i < rows.size(); ++i) out << rows.value(i) << '\n';
    }
    out.close();
    if (std::rename((path_ + ".part").c_str(), path_.c_str()) != 0) throw fatal("cannot rename");
  }
};

}  // namespace
}  // namespace millrace

MILLRACE_PLUGIN(millrace::Lossy, millrace::Tagged, millrace::Marked)
