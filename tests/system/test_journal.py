"""A journal: what a push source received survives a crash, although it is never sent again (P2, E13)."""
import json
import signal

from program import SystemTest, main

# Says each number once in the life of the folder, however often it is started.
ONCE = """
import os, sys, time
done = int(open("said").read()) if os.path.exists("said") else 0
for n in range(done, int(sys.argv[1])):
    open("said.part", "w").write(str(n + 1))
    os.replace("said.part", "said")
    print('{"n":%d}' % n, flush=True)
    time.sleep(0.002)
"""
RECORDS = 200


class Journaled(SystemTest):
    def lay_out(self, journal=True, **source):
        self.clear()
        self.write("once.py", ONCE)
        self.write("p.json", {
            "pipeline": "p", "commit": {"every": "20ms"},
            "sources": {"in": {"plugin": "exec", "command": ["/usr/bin/python3", "once.py", str(RECORDS)],
                               "schema": {"n": "int8"}, **({"journal": {"path": "journal"}} if journal else {}), **source}},
            "operators": {"total": {"from": "in", "select": {"n": "count(*)", "sum": "sum(n)"}, "emit": "append"}},
            "sinks": {"out": {"from": "in", "plugin": "file", "path": "out.jsonl"},
                      "total": {"from": "total", "plugin": "file", "path": "total.jsonl"}}})

    def kill_again_and_again(self):
        """Runs that die around their commits; the last one comes to its end."""
        for nth in range(1, 7):
            point = ("commit.begin", "commit.prepared", "commit.logged")[nth % 3]
            done = self.start("--quiet", env={"MILLRACE_KILL_AT": f"{point}:{nth}"}).wait()
            self.assertIn(done.code, (0, -signal.SIGKILL), done)
        return self.run_to_end("--quiet")

    def numbers(self):
        return [row["n"] for row in self.lines("out.jsonl")]

    def test_E13_nothing_that_arrived_is_lost_or_repeated(self):
        self.lay_out()
        done = self.kill_again_and_again()
        numbers = self.numbers()
        # A line that lay in the pipe when a run was killed had not arrived.
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(self.lines("total.jsonl")[-1], {"n": len(numbers), "sum": sum(numbers)})
        self.assertEqual(done.report["total"]["sources"]["in"]["records"], len(numbers))

    def test_what_was_not_committed_comes_from_the_journal(self):
        """All is received before the first commit, and that one fails: without a journal it would be gone."""
        for journal in (True, False):
            with self.subTest(journal=journal):
                self.lay_out(journal, on_exit="end")
                self.run_to_end("--quiet", "--set", "commit.every=1h", env={"MILLRACE_KILL_AT": "commit.begin:1"}, code=-signal.SIGKILL)
                self.run_to_end("--quiet")
                self.assertEqual(self.numbers(), list(range(RECORDS)) if journal else [])

    def test_fresh_and_forget_read_what_it_holds(self):
        self.lay_out()
        self.run_to_end("--quiet")
        first = self.read("out.jsonl")
        self.assertEqual(len(self.numbers()), RECORDS)
        self.run_to_end("--quiet", "--fresh")
        self.assertEqual(self.read("out.jsonl"), first)
        self.run_to_end("--quiet")
        self.assertEqual(self.read("out.jsonl"), first)

    def test_a_source_that_had_none_before_goes_on(self):
        self.lay_out(journal=False)
        self.run_to_end("--quiet")
        config = json.loads(self.read("p.json"))
        config["sources"]["in"]["journal"] = {"path": "journal"}
        config["sources"]["in"]["command"][2] = str(RECORDS + 10)
        self.write("p.json", config)
        self.run_to_end("--quiet")
        self.assertEqual(self.numbers(), list(range(RECORDS + 10)))

    def test_refusals(self):
        self.write("in.jsonl", b"")
        self.write("p.json", {"pipeline": "p", "sources": {"in": {"plugin": "file", "path": "in.jsonl", "journal": {"path": "j"}}},
                              "sinks": {"out": {"from": "in", "plugin": "stdout"}}})
        self.assert_says(self.verb("check", "p.json", code=2), "/sources/in/journal/path", "replays exactly by itself")
        self.lay_out()
        self.run_to_end("--quiet")
        self.assert_says(self.verb("check", "p.json"), "")
        for path in (self.folder / "journal").glob("*.journal"):
            path.unlink()
        self.assert_says(self.run_to_end("--quiet", code=1), "does not hold what follows the last commit", "--forget in")


if __name__ == "__main__":
    main()
