"""What counts as a comparison, and that what is written in its place means the same until it is flipped."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import comparisons

PROGRAM = r"""
#include <cstdio>
#include <map>
#include <string>

static bool both(long a, unsigned b) { return a + 1 < 3 && b != 4; }  // a < b in a comment
template <class T>
bool last(const T& a, const T& b) {
  return a == b || a >
                       b;
}

int main() {
  std::map<std::string, int> of{{"<", 1}};
  const auto found = of.find("<");
  const bool there = found != of.end();
  for (int i = 0; i < 2; ++i) std::printf("%d", both(i + 1, 5));
  std::printf(" %d %d %s\n", there, last(2, 2), 0 <= 0 ? "x < y" : "z");
  return 0;
}
"""


class Comparisons(unittest.TestCase):
    def test_finds_comparisons_and_nothing_else(self):
        found = comparisons.find("a.cc", PROGRAM)
        self.assertEqual([one.operator for one in found], ["<", "!=", "==", ">", "!=", "<", "<="])
        self.assertEqual(found[1].key, "a.cc: static bool both(long a, unsigned b) { return a + 1 < 3 && b != 4; }"
                                       "  // a < b in a comment #2")
        self.assertEqual(comparisons.find("a.cc", "template <class A, bool B = (1 < 2)>\n#include <x>\nstatic_assert(1 < 2);"), [])

    def test_each_can_be_flipped_alone(self):
        found = comparisons.find("a.cc", PROGRAM)
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            site = pathlib.Path(__file__).resolve().parent / "site.h"
            (folder / "a.cc").write_text(comparisons.rewrite(PROGRAM, found, 1, str(site)))
            subprocess.run(["c++", "-std=c++20", "-w", folder / "a.cc", "-o", folder / "a"], check=True)

            def run(**env):
                return subprocess.run([folder / "a"], env={**os.environ, **env}, capture_output=True, text=True, check=True).stdout
            self.assertEqual(run(), "10 1 1 x < y\n")
            flipped = [run(MILLRACE_MUTANT=str(number)).rstrip() for number in range(1, len(found) + 1)]
            # The fourth, `>` behind `==`, is never reached while both are equal.
            self.assertEqual(flipped, ["11 1 1 x < y", "00 1 1 x < y", "10 1 0 x < y", "10 1 1 x < y", "10 0 1 x < y",
                                       "100 1 1 x < y", "10 1 1 z"])
            run(MILLRACE_MUTANT_TRACE=str(folder / "reached"))
            self.assertEqual({int(line) for line in (folder / "reached").read_text().split()}, set(range(1, len(found) + 1)) - {4})


if __name__ == "__main__":
    unittest.main()
