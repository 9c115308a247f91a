"""A later run: on longer input, with `--fresh`, and behind a stop (R20, R34)."""
import os

from program import SystemTest, at, counting, main, passing

STRANGER = '{"window_start":"from before"}\n'


class LongerInput(SystemTest):
    """R20: the watermark before the end is stored; what the end closed stays closed."""

    def test_appended_lines_start_at_the_stored_watermark(self):
        """W = 500 s - 100 s when the first run ends; a filtered record counts for it, the end's MAX does not."""
        self.write("p.json", counting({"event_time": {"field": "t", "unit": "s", "out_of_orderness": "100s"}},
                                      {"filter": "k <> 'x'"}))
        self.write("in.jsonl", [at(0), at(500, "x")])
        self.run_to_end()
        self.append("in.jsonl", [at(410), at(350), at(5)])
        done = self.run_to_end()
        self.assertEqual([row["window_start"][11:19] for row in self.lines("out.jsonl")], ["09:00:00", "09:06:00"])
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 2)
        self.assertEqual(done.report["sources"]["in"]["records"], 3, "counters are this run's")
        self.assertEqual(done.report["total"]["sources"]["in"]["records"], 5)

    def test_R20_a_stop_just_behind_the_end_does_not_open_what_it_closed(self):
        """The stop comes when the end is applied and before the run knows that it is over."""
        self.write("p.json", counting())
        self.write("in.jsonl", [at(0), at(30), at(61), at(70)])
        self.run_to_end(env={"MILLRACE_STOP_AT": "chunk.applied:2"})        # 1: the records, 2: the end
        before = self.read("out.jsonl")
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [2, 2])
        self.append("in.jsonl", [at(75), at(130)])
        done = self.run_to_end()
        self.assertTrue(self.read("out.jsonl").startswith(before))
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [2, 2, 1])
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 1)

    def test_windows_that_the_end_closed_stay_closed(self):
        self.write("p.json", counting())
        self.write("in.jsonl", [at(0), at(30), at(61), at(70)])
        self.run_to_end()
        before = self.read("out.jsonl")
        self.append("in.jsonl", [at(75), at(65), at(130), at(125)])
        done = self.run_to_end()
        self.assertTrue(self.read("out.jsonl").startswith(before))
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [2, 2, 2])
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 2)
        self.assertEqual([row["record"] for row in self.dead_letters("per_minute.late")], [at(75), at(65)])

    def test_new_files_of_a_pattern(self):
        """They come behind what was read before, whatever their names."""
        self.write("p.json", counting({"path": "day-*.jsonl"}))
        self.write("day-2.jsonl", [at(0), at(61)])
        self.run_to_end()
        self.write("day-1.jsonl", [at(121)])
        self.write("day-3.jsonl", [at(122), at(181)])
        done = self.run_to_end()
        self.assertEqual(done.report["sources"]["in"]["records"], 3)
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [1, 1, 2, 1])

    def test_nothing_new_changes_nothing(self):
        self.write("p.json", counting())
        self.write("in.jsonl", [at(0), at(61)])
        self.run_to_end()
        before = self.read("out.jsonl")
        done = self.run_to_end()
        self.assertEqual(self.read("out.jsonl"), before)
        self.assertEqual((done.report["outcome"], done.report["sources"]["in"]["records"]), ("ended", 0))
        self.assertEqual(done.report["total"]["sources"]["in"]["records"], 2)

    def test_groups_without_a_window_go_on(self):
        config = counting(operator={"emit": "append"})
        del config["operators"]["per_minute"]["window"]
        self.write("p.json", config)
        self.write("in.jsonl", [at(0), at(61), at(62, "b")])
        self.run_to_end()
        self.assertEqual(self.lines("out.jsonl"), [{"k": "a", "n": 2}, {"k": "b", "n": 1}])
        self.append("in.jsonl", [at(1)])
        self.run_to_end()
        self.assertIn({"k": "a", "n": 3}, self.lines("out.jsonl")[2:])

    def test_a_line_that_was_not_finished_is_read_once(self):
        """At the end a last line without its line end counts; the line end that comes later adds nothing."""
        self.write("p.json", passing())
        self.write("in.jsonl", [at(0)])
        self.append("in.jsonl", b'{"t":1760000401,"k":"a"}')
        done = self.run_to_end()
        self.assertEqual(done.report["sources"]["in"]["records"], 2)
        self.append("in.jsonl", b"\n" + b'{"t":1760000402,"k":"b"}\n')
        self.run_to_end()
        self.assertEqual([row["t"] % 10 for row in self.lines("out.jsonl")], [0, 1, 2])


class SmallerPieces(SystemTest):
    """R43, R51: a commit inside pieces of merged sources holds, however the next run cuts its pieces."""

    def test_what_was_applied_is_skipped_over_several_pieces(self):
        config = counting({"path": "a.jsonl"}, {"from": ["a", "b"]})
        config["sources"] = {"a": config["sources"]["in"], "b": {**config["sources"]["in"], "path": "b.jsonl"}}
        self.write("p.json", config)
        for name in "ab":
            self.write(f"{name}.jsonl", [at(second) for second in range(6)])
        # In order a0 b0 a1 b1 a2 b2 …: the commits end behind a2, then behind b2 while a2 is still being skipped.
        for pieces, records in ((10, 5), (2, 1), (2, 1)):
            self.run_to_end(env={"MILLRACE_BATCH_RECORDS": str(pieces), "MILLRACE_COMMIT_RECORDS": str(records),
                                 "MILLRACE_KILL_AT": "commit.done:1"}, code=-9)
        self.run_to_end()
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [12])


class Fresh(SystemTest):
    def test_fresh_cuts_to_what_was_there_before(self):
        self.write("p.json", counting())
        self.write("in.jsonl", [at(0), at(61), b"broken"])
        self.write("out.jsonl", STRANGER)
        self.run_to_end()
        first = self.read("out.jsonl")
        letters = self.dead_letters("in.errors")
        self.assertTrue(first.startswith(STRANGER.encode()))
        self.assertEqual(first.count(b"\n"), 3)
        done = self.run_to_end("--fresh")
        self.assertEqual(self.read("out.jsonl"), first)
        self.assertEqual(self.dead_letters("in.errors"), letters)
        self.assertEqual(done.report["total"]["sources"]["in"]["records"], 3, "total counts since --fresh")
        self.append("in.jsonl", [at(121)])
        self.run_to_end()
        self.run_to_end("--fresh")
        self.assertEqual(self.read("out.jsonl").count(b"\n"), 4)

    def test_fresh_heals_a_cut_output(self):
        self.write("p.json", counting())
        self.write("in.jsonl", [at(0), at(61)])
        self.run_to_end()
        first = self.read("out.jsonl")
        os.truncate(self.folder / "out.jsonl", 10)
        self.run_to_end("--fresh")
        self.assertEqual(self.read("out.jsonl"), first)


class LessLateness(SystemTest):
    def test_R37_R50_windows_that_it_makes_due_come_before_the_next_record(self):
        """W has passed the first window, which stays open for a day, when the run stops; the next one waits no longer."""
        self.write("in.jsonl", [at(0), at(61)])
        config = counting({"follow": True}, {"allowed_lateness": "1d"})
        config["sinks"] = {"both": {"from": ["per_minute", "in"], "plugin": "file", "path": "both.jsonl"}}
        self.write("p.json", config)
        self.until_rows(2)
        del config["operators"]["per_minute"]["allowed_lateness"]
        self.write("p.json", config)
        self.append("in.jsonl", [at(62)])
        self.until_rows(4)
        rows = self.lines("both.jsonl")
        self.assertEqual([rows[0], rows[1], rows[2]["n"], rows[3]], [at(0), at(61), 1, at(62)])

    def until_rows(self, count):
        run = self.start()
        self.wait_until("the rows", lambda: self.size("both.jsonl") and self.read("both.jsonl").count(b"\n") == count, run)
        run.signal()
        self.assertEqual(run.wait().code, 0)


class ChainedWindows(SystemTest):
    def test_R34_W_of_an_operator_is_known_after_a_stop(self):
        """Two windows and a third over both: a is far ahead when the run stops, and b comes first when it goes on."""
        def source(name):
            return {"plugin": "file", "path": f"{name}.jsonl", "follow": True, "schema": {"k": "text"},
                    "event_time": {"field": "t", "unit": "s", "idle_timeout": "none"}}
        def counts(given):
            return {"from": given, "window": {"tumbling": "1m"}, "select": {"n": "count(*)"}}
        self.write("p.json", {"pipeline": "p", "commit": {"every": "50ms"}, "sources": {name: source(name) for name in "ab"},
                              "operators": {"of_a": counts("a"), "of_b": counts("b"), "both": counts(["of_a", "of_b"])},
                              "sinks": {"a": {"from": "of_a", "plugin": "file", "path": "a_out.jsonl"},
                                        "out": {"from": ["both", "b"], "plugin": "file", "path": "out.jsonl"}}})
        self.write("a.jsonl", [at(0), at(200)])
        self.write("b.jsonl", [at(1)])
        self.until_lines("a_out.jsonl", 1)
        self.append("a.jsonl", [at(300)])
        self.append("b.jsonl", [at(70)])
        self.until_lines("out.jsonl", 3)
        first, second, third = self.lines("out.jsonl")
        self.assertEqual([first, second["n"], third], [at(1), 2, at(70)])

    def until_lines(self, name, count):
        run = self.start()
        self.wait_until(name, lambda: self.size(name) and self.read(name).count(b"\n") == count, run)
        run.signal()
        self.assertEqual(run.wait().code, 0)


if __name__ == "__main__":
    main()
