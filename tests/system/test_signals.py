"""Stopping: signals, --for, --drain, a second process; what was stopped goes on where it was."""
import fcntl
import json
import os
import signal

from program import SystemTest, at, counting, main, paced

RECORDS = [at(second, key="ab"[second % 4 // 2], n=second) for second in range(0, 600, 2)]
SPEED = 60            # 600 s of event time in 10 s


class Stopping(SystemTest):
    def setUp(self):
        super().setUp()
        self.write("in.jsonl", RECORDS)
        self.write("p.json", counting(paced(SPEED)))
        self.write("reference/in.jsonl", RECORDS)
        self.write("reference/p.json", counting({"path": "reference/in.jsonl"},
                                                sinks={"out": {"from": "per_minute", "plugin": "file",
                                                               "path": "reference/out.jsonl"}}))
        self.run_to_end("--state", "reference/state", config="reference/p.json")
        self.expected = self.read("reference/out.jsonl")
        self.assertEqual(len(self.expected.splitlines()), 20)

    def start_until_rows(self, *arguments, **keywords):
        run = self.start(*arguments, **keywords)
        self.wait_until("the first rows", lambda: self.size("out.jsonl") > 0, run)
        return run

    def assert_stopped(self, done):
        self.assertEqual(done.code, 0, done)
        self.assertEqual(done.report["outcome"], "stopped")
        self.assertTrue(done.report["balanced"])
        self.assertLess(done.report["sources"]["in"]["records"], len(RECORDS))

    def go_on(self, *arguments):
        """The rest, as fast as it can be read."""
        done = self.run_to_end("--set", "sources.in.replay.speed=0", *arguments)
        self.assertEqual(done.report["outcome"], "ended")
        self.assertEqual(done.report["total"]["sources"]["in"]["records"], len(RECORDS))
        return done

    def test_a_signal_commits_and_the_next_run_goes_on(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                (self.folder / "out.jsonl").unlink(missing_ok=True)
                run = self.start_until_rows("--fresh")
                run.signal(number)
                self.assert_stopped(run.wait())
                rows = self.read("out.jsonl")
                self.assertTrue(rows and self.expected.startswith(rows), "windows stay open at a signal")
                self.assertNotEqual(rows, self.expected)
                self.go_on()
                self.assertEqual(self.read("out.jsonl"), self.expected)

    def test_stopped_again_and_again(self):
        for _ in range(3):
            run = self.start()
            self.wait_until("the word about delivery", lambda: "exactly_once" in run.errors(), run)
            run.signal(signal.SIGTERM)
            self.assertEqual(run.wait().code, 0)
        self.go_on()
        self.assertEqual(self.read("out.jsonl"), self.expected)

    def test_for_stops_by_the_clock(self):
        done = self.run_to_end("--for", "1500ms")
        self.assert_stopped(done)
        self.assertTrue(self.expected.startswith(self.read("out.jsonl")))
        self.go_on()
        self.assertEqual(self.read("out.jsonl"), self.expected)

    def assert_drained(self, done):
        self.assert_stopped(done)
        seen = done.report["sources"]["in"]["records"]
        self.assertEqual(sum(row["n"] for row in self.lines("out.jsonl")), seen, "all windows are closed")
        last = self.go_on()
        counted = last.report["total"]["operators"]["per_minute"]
        self.assertEqual(counted["used"] + counted["late"], len(RECORDS))
        self.assertEqual(sum(row["n"] for row in self.lines("out.jsonl")), counted["used"])
        self.assertEqual(len(self.dead_letters("per_minute.late")), counted["late"])
        starts = [(row["window_start"], row["k"]) for row in self.lines("out.jsonl")]
        self.assertEqual(len(starts), len(set(starts)), "a closed window stays closed")

    def test_drain_with_a_signal_closes_all_windows(self):
        run = self.start_until_rows("--drain")
        run.signal()
        self.assert_drained(run.wait())

    def test_drain_with_for_closes_all_windows(self):
        self.assert_drained(self.run_to_end("--for", "1500ms", "--drain"))

    def test_a_second_process_is_refused(self):
        run = self.start_until_rows()
        other = self.verb("run", "p.json", "--report", "other.json", code=1)
        self.assertIn(str(run.pid), other.stderr)
        self.assertTrue(run.running(), "the first is not disturbed")
        run.signal()
        self.assert_stopped(run.wait())
        self.go_on()
        self.assertEqual(self.read("out.jsonl"), self.expected)

    def test_the_lock_ends_with_its_process(self):
        run = self.start_until_rows()
        run.process.kill()
        run.wait()
        self.go_on()
        self.assertEqual(self.read("out.jsonl"), self.expected)

    def test_a_second_signal_exits_at_once(self):
        """The first cannot end the run here: its stdout is a pipe that is full and that nobody reads."""
        sinks = {"out": {"from": "in", "plugin": "file", "path": "all.jsonl"},
                 "view": {"from": "in", "plugin": "stdout", "format": "ndjson"}}
        self.write("v.json", {**counting(), "pipeline": "v", "operators": {}, "sinks": sinks})
        self.append("in.jsonl", [at(600 + i // 100, note="x" * 100) for i in range(20000)])
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        run = self.start("--quiet", stdout=writing, config="v.json")
        os.close(writing)
        rows = self.folder / "all.jsonl"  # Written before the view, which then blocks.
        self.wait_until("rows", lambda: rows.exists() and rows.stat().st_size > 0, run)
        run.signal()
        self.wait_until("the word about it", lambda: "second signal" in run.errors(), run)
        self.assertTrue(run.running(), "it waits for its stdout")
        run.signal()
        self.assertNotIn(run.wait(20).code, (0, 1))
        self.run_to_end("--quiet", config="v.json")
        self.assertEqual(self.read("all.jsonl"), self.read("in.jsonl"), "the state is as the last commit left it")


class Following(SystemTest):
    def setUp(self):
        super().setUp()
        self.write("in.jsonl", [at(0), at(30), at(61)])
        self.write("p.json", counting({"follow": True}))

    def wait_for_rows(self, number, run):
        self.wait_until(f"{number} rows", lambda: self.size("out.jsonl") and
                        self.read("out.jsonl").count(b"\n") >= number, run)

    def test_follows_appended_lines_until_a_signal(self):
        run = self.start()
        self.wait_for_rows(1, run)
        self.append("in.jsonl", json.dumps(at(62)).encode() + b"\n" + b'{"t":')
        self.append("in.jsonl", f'{at(0)["t"] + 125},"k":"a"}}\n'.encode())
        self.wait_for_rows(2, run)
        run.signal(signal.SIGTERM)
        done = run.wait()
        self.assertEqual((done.code, done.report["outcome"]), (0, "stopped"), done)
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [2, 2])
        self.append("in.jsonl", [at(126), at(200)])
        run = self.start()
        self.wait_for_rows(3, run)
        run.signal()
        self.assertEqual(run.wait().code, 0)
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [2, 2, 2])

    def test_until_end_stops_with_windows_open(self):
        done = self.run_to_end("--until-end")
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [2])
        self.assertEqual(done.report["operators"]["per_minute"]["used"], 3)
        self.append("in.jsonl", [at(62)])
        self.run_to_end("--until-end", "--drain")
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [2, 2])

    def test_new_files_of_a_pattern(self):
        self.write("p.json", counting({"follow": True, "path": "part-*.jsonl"}))
        self.write("part-1.jsonl", [at(0), at(61)])
        run = self.start()
        self.wait_for_rows(1, run)
        self.write("part-2.jsonl", [at(62), at(121)])
        self.wait_for_rows(2, run)
        run.signal()
        self.assertEqual(run.wait().code, 0)
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [1, 2])


if __name__ == "__main__":
    main()
