// What the source promises, checked without a host.

#include <cstdio>
#include <millrace/testing.hpp>

using namespace millrace;

static int failures = 0;
#define CHECK(condition) \
  if (!(condition)) ++failures, std::fprintf(stderr, "line %d: " #condition "\n", __LINE__)

int main() {
  const test::library plugin(MILLRACE_PLUGIN_FILE);
  const mr_component& counter = plugin.component("counter");
  std::string state;
  {
    test::harness source(counter, R"({"records": 5})");
    source.open();
    CHECK(source.poll(3) == MR_MORE);
    CHECK(source.out.rows.size() == 3);
    CHECK(source.out.rows[2].value == R"({"n":3})");
    CHECK(source.out.faults.empty());
    CHECK(source.host.metric("counted") == 3);
    state = source.snapshot(1);
  }
  // As after a crash: a new instance goes on where the snapshot was taken.
  test::harness source(counter, R"({"records": 5})");
  source.open(state, 1);
  CHECK(source.poll_all() == MR_END);
  CHECK(source.out.rows.size() == 2);
  CHECK(source.out.rows[0].value == R"({"n":4})");
  return failures ? 1 : 0;
}
