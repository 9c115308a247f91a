"""`millrace state`: what is shown, also of a run that goes on, and what it changes while nothing runs."""
import json

from program import SystemTest, at, counting, main, passing

WRITTEN = {"MILLRACE_COMMIT_RECORDS": "3"}


class State(SystemTest):
    def shown(self, *arguments, code=0):
        done = self.verb("state", "p.json", "--json", *arguments, code=code)
        return json.loads(done.stdout) if code == 0 else done

    def ran(self, config=None):
        self.write("p.json", config or counting())
        self.write("in.jsonl", [at(0, "a"), at(10, "b"), at(70, "a"), at(71, "b")])
        return self.run_to_end("--quiet", env=WRITTEN)

    def test_nothing_is_there_before_the_first_run(self):
        self.write("p.json", counting())
        self.write("in.jsonl", [])
        self.assert_says(self.shown(code=1), "there is no state of p")
        self.assertFalse((self.folder / ".millrace").exists())

    def test_what_is_shown(self):
        # Endless, so that windows stay open.
        self.write("p.json", counting(source={"follow": True}))
        self.write("in.jsonl", [at(0, "a"), at(10, "b"), at(70, "a"), at(71, "b")])
        self.run_to_end("--quiet", "--for", "1s")
        state = self.shown()
        self.assertEqual(state["sources"]["in"]["counters"]["records"], 4)
        self.assertEqual(state["sources"]["in"]["watermark"], "2025-10-09T09:01:11Z")
        operator = state["operators"]["per_minute"]
        self.assertEqual((operator["slices"], operator["first_slice"]), (1, "2025-10-09T09:01:00Z"))
        self.assertGreater(operator["bytes"], 0)
        self.assertEqual(state["sinks"]["out"]["counters"]["records"], 2)
        text = self.verb("state", "p.json").stdout.decode()
        for word in ("per_minute", "watermark 2025-10-09T09:01:11Z", "slices 1"):
            self.assertIn(word, text)

    def test_forget_drops_one_operator(self):
        self.ran()
        self.assertNotIn("per_minute", self.shown("--forget", "per_minute")["operators"])
        self.assert_says(self.shown("--forget", "nobody", code=2), "no state of that name")

    def test_set_position_goes_on_behind_it(self):
        self.ran(passing())
        self.assertEqual(len(self.lines("out.jsonl")), 4)
        behind = len(b"".join(self.read("in.jsonl").splitlines(keepends=True)[:2]))
        self.shown("--set-position", f"in/0={behind}")
        self.run_to_end("--quiet", env=WRITTEN)
        self.assertEqual([row["t"] for row in self.lines("out.jsonl")[4:]], [at(70)["t"], at(71)["t"]])
        self.run_to_end("--quiet", env=WRITTEN)
        self.assertEqual(len(self.lines("out.jsonl")), 6)
        self.assert_says(self.shown("--set-position", "in=2", code=2), "SOURCE/PARTITION=POSITION")

    def test_a_position_that_is_not_there_is_told_and_replaced_by_the_next(self):
        self.ran(passing())
        self.shown("--set-position", "in/5=10", "--set-position", "in/0=0")
        self.assert_says(self.run_to_end("--quiet", code=1), "there is no file with number 5", "--set-position")
        self.assertEqual(self.shown("--set-position", "in/0=0")["sources"]["in"]["seek"], {"0": 0})
        self.run_to_end("--quiet")
        self.assertEqual(len(self.lines("out.jsonl")), 8)

    def test_export_and_import_carry_a_run_elsewhere(self):
        config = counting(source={"follow": True}, sinks={"out": {"from": "per_minute", "plugin": "stdout"}})
        self.write("p.json", config)
        self.write("in.jsonl", [at(0, "a"), at(10, "a"), at(20, "b")])
        self.run_to_end("--quiet", "--for", "1s")
        self.shown("--export", "state.ndjson")
        self.append("in.jsonl", [at(30, "a"), at(90, "c")])
        here = self.run_to_end("--quiet", "--for", "1s").stdout
        self.verb("state", "p.json", "--state", "other", "--import", "state.ndjson")
        there = self.run_to_end("--quiet", "--for", "1s", "--state", "other").stdout
        self.assertIn(b'"n":3', here)
        self.assertEqual(there, here)

    def test_a_damaged_export_changes_nothing(self):
        self.ran()
        before = self.shown("--export", "state.ndjson")
        lines = self.read("state.ndjson").splitlines(keepends=True)
        for broken in (lines[:-1], [b"{}\n"], lines[:-1] + [lines[-1].replace(b'"block":"4d', b'"block":"4e')]):
            self.write("broken.ndjson", b"".join(broken))
            if broken != lines:
                self.assertNotEqual(self.shown("--import", "broken.ndjson", code=None).code, 0)
        self.assertEqual(self.shown(), before)

    def test_a_running_pipeline_can_be_looked_at_and_not_changed(self):
        self.write("p.json", counting(source={"follow": True}, commit={"every": "100ms"}))
        self.write("in.jsonl", [at(0), at(70)])
        self.write("out.jsonl", [])
        run = self.start("--quiet")
        self.wait_until("a row", lambda: self.lines("out.jsonl"), run)
        self.assertEqual(self.shown()["sources"]["in"]["watermark"], "2025-10-09T09:01:10Z")
        self.assert_says(self.verb("state", "p.json"), "p is running; as of its last commit")
        self.shown("--export", "state.ndjson")
        for change in (["--forget", "per_minute"], ["--set-position", "in/0=0"], ["--import", "state.ndjson"]):
            self.assert_says(self.verb("state", "p.json", *change, code=1), f"in use by process {run.pid}")
        # It went on meanwhile, and what was exported is a state to go on with.
        self.append("in.jsonl", [at(130)])
        self.wait_until("the next row", lambda: len(self.lines("out.jsonl")) == 2, run)
        run.signal()
        self.assertEqual(run.wait().code, 0)
        self.verb("state", "p.json", "--import", "state.ndjson")
        self.assertEqual(self.shown()["sources"]["in"]["watermark"], "2025-10-09T09:01:10Z")

    def test_R37_a_change_that_state_survives_is_told(self):
        self.ran()
        self.write("p.json", counting(operator={"filter": "k <> 'b'"}))
        self.assert_says(self.run_to_end(), "per_minute: its configuration changed; its state is kept")
        self.assertNotIn("changed", self.run_to_end().stderr)


if __name__ == "__main__":
    main()
