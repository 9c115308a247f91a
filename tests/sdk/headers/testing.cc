// The harness beside a plugin in one file, as authors who link their sources do it.
#include <millrace/plugin.hpp>
#include <millrace/testing.hpp>

millrace::test::bytes use(const mr_component& c);
millrace::test::bytes use(const mr_component& c) {
  millrace::test::harness h(c, "{}");
  h.open();
  h.process({{.value = "x"}});
  return h.out.rows.at(0).value;
}
