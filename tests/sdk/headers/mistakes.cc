// Mistakes that must not compile; one per macro.
#include <millrace/plugin.hpp>

using namespace millrace;

#ifdef MISTAKE_bad_id
constexpr auto bad = describe("NoDots", "1.0.0", "MIT", "x", "{}");
#endif
#ifdef MISTAKE_bad_version
constexpr auto bad = describe("org.example.x", "1.0", "MIT", "x", "{}");
#endif
#ifdef MISTAKE_bad_schema
constexpr auto bad = describe("org.example.x", "1.0.0", "MIT", "x", R"({"type":"object")");
#endif

class Sink final : public sink {
 public:
#ifdef MISTAKE_two_phase
  static constexpr auto info = describe("org.example.x", "1.0.0", "MIT", "x", "{}", cap::two_phase);
#else
  static constexpr auto info = describe("org.example.x", "1.0.0-rc.1+5", "MIT", "x", "{}");
#endif
  Sink(const context&, const config&) {}
  void write(batch_view, emitter&) override {}
};
MILLRACE_PLUGIN(Sink)
