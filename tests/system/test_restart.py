"""A later run on longer input, a changed configuration on old state, and files that are not as they were left."""
import os
import shutil

from program import SystemTest, at, counting, main, paced, passing

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


class ChangedConfiguration(SystemTest):
    """R37."""

    def setUp(self):
        super().setUp()
        self.write("in.jsonl", [at(0), at(61)])
        self.write("p.json", counting())
        self.run_to_end()
        self.append("in.jsonl", [at(121), at(122, "x"), at(181)])

    def change(self, source=None, operator=None, sinks=None, **top):
        self.write("p.json", counting(source, operator, sinks, **top))

    def assert_refused(self, name):
        before = self.read("out.jsonl")
        done = self.run_to_end(code=2)
        self.assert_says(done, f"--forget {name}")
        self.assertEqual(self.read("out.jsonl"), before)
        self.assertEqual(self.verb("run", "p.json", "--forget", name).code, 0)
        self.append("in.jsonl", [at(241)])
        self.run_to_end()

    def test_filter_is_kept_from_now_on_and_logged(self):
        self.change(operator={"filter": "k <> 'x'"})
        done = self.run_to_end()
        self.assert_says(done, "filter")
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [1, 1, 1, 1])

    def test_lateness_and_disorder_are_kept_from_now_on(self):
        self.change({"event_time": {"field": "t", "unit": "s", "out_of_orderness": "10s"}}, {"allowed_lateness": "1m"})
        self.run_to_end()
        self.assertEqual(self.lines("out.jsonl")[-1]["n"], 1)

    def test_window_is_refused(self):
        self.change(operator={"window": {"tumbling": "2m"}})
        self.assert_refused("per_minute")

    def test_gap_and_difference_are_refused(self):
        for kind in ("session", "sliding_by_record"):
            with self.subTest(kind=kind):
                self.change(operator={"window": {kind: "1m"}})
                self.run_to_end("--fresh")
                self.append("in.jsonl", [at(301)])
                self.change(operator={"window": {kind: "2m"}})
                self.assert_refused("per_minute")

    def test_sessions_keep_their_state_when_emit_changes(self):
        """A session open over the stop of a run goes on in another output mode."""
        window = {"window": {"session": "1m"}}
        self.change({"follow": True}, {**window, "emit": "update"})
        self.run_to_end("--fresh", "--until-end")
        self.change({"follow": False}, window)
        self.append("in.jsonl", [at(182)])
        self.run_to_end()
        self.assertEqual([row["n"] for row in self.lines("out.jsonl") if "final" not in row], [1, 4])

    def test_forgetting_a_window_forgets_what_it_sent(self):
        """What readers were sent is stored beside the groups, and must go with them: a later commit would meet it."""
        self.write("in.jsonl", [at(0), at(1)])
        self.change({"follow": True}, {"emit": "update"})
        self.run_to_end("--fresh", "--until-end")
        self.change({"follow": True}, {"emit": "update", "window": {"tumbling": "2m"}})
        for second in (2, 3):
            self.append("in.jsonl", [at(second)])
            self.run_to_end("--until-end", *(["--forget", "per_minute"] if second == 2 else []))
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [1, 2, 1, 2])

    def test_group_by_is_refused(self):
        self.change(operator={"group_by": {"k": "upper(k)"}})
        self.assert_refused("per_minute")

    def test_aggregate_is_refused(self):
        self.change(operator={"select": {"n": "count(*)", "last": "max(k)"}})
        self.assert_refused("per_minute")

    def test_path_is_refused(self):
        shutil.copy(self.folder / "in.jsonl", self.folder / "other.jsonl")
        self.change({"path": "other.jsonl"})
        self.assert_refused("in")

    def test_key_is_refused(self):
        self.change({"key": "k"})
        self.assert_refused("in")

    def test_type_of_a_field_in_state_is_refused(self):
        """A group key and the field of an aggregate; the same records would fall into other groups and sums."""
        for before, now, select in (({"k": "text"}, {"k": "jsonb"}, {"n": "count(*)"}),
                                    ({"k": "text", "n": "int8"}, {"k": "text", "n": "float8"}, {"n": "sum(n)"})):
            with self.subTest(now=now):
                self.write("in.jsonl", [at(0, n=1)])
                self.change({"schema": before, "follow": True}, {"select": select})
                self.run_to_end("--fresh", "--until-end")
                self.append("in.jsonl", [at(1, n=2), at(60, n=1)])
                self.change({"schema": now, "follow": True}, {"select": select})
                done = self.run_to_end("--until-end", code=None)
                self.assertEqual(done.code, 2, f"{done}\n{self.read('out.jsonl')}")
                self.assert_says(done, "--forget per_minute")

    def test_forgetting_an_operator_keeps_the_position(self):
        self.change(operator={"window": {"tumbling": "2m"}})
        done = self.run_to_end("--forget", "per_minute")
        self.assertEqual(done.report["sources"]["in"]["records"], 3)
        self.assertEqual([row["window_end"][14:16] for row in self.lines("out.jsonl")[2:]], ["04", "04"])

    def test_sinks_and_lanes_change_silently(self):
        both = {"out": {"from": "per_minute", "plugin": "file", "path": "out.jsonl"},
                "more": {"from": "per_minute", "plugin": "file", "path": "more.jsonl"}}
        self.change(sinks=both, lanes=2, dead_letters="letters")
        self.run_to_end()
        self.assertEqual(self.read("out.jsonl").splitlines()[2:], self.read("more.jsonl").splitlines())
        self.append("in.jsonl", [at(241)])
        self.change(sinks={"more": both["more"]}, lanes=1)
        self.run_to_end()
        self.assertEqual(len(self.lines("more.jsonl")), 4)
        self.assertEqual(len(self.lines("out.jsonl")), 5)

    def test_R28_windows_by_record_know_what_they_sent_before_a_stop(self):
        """A record that changes no maximum adds only the windows that begin or end with it."""
        config = counting({"follow": True}, {"window": {"sliding_by_record": "10s"}, "select": {"m": "max(v)"}, "emit": "update"})
        first, second = [at(0, v=5), at(2, v=3)], [at(3, v=1)]
        results = []
        for pieces in ([first + second], [first, second]):
            self.clear()
            self.write("p.json", config)
            self.write("in.jsonl", [])
            for piece in pieces:
                self.append("in.jsonl", piece)
                self.run_to_end("--until-end")
            results.append([(row["window_start"][17:19], row["m"]) for row in self.lines("out.jsonl")])
        self.assertEqual(len(set(results[0])), 5)    # ending at 0, behind 0, at 2, behind 2, at 3
        self.assertEqual(results[1], results[0])

    def test_E4_reset_forgets_an_operator_once(self):
        """In the configuration, where --forget cannot be given; what was begun under it is kept."""
        now = {"window": {"tumbling": "2m"}, "reset": True}
        self.change({"follow": True}, now)
        self.assert_says(self.run_to_end("--until-end"), "per_minute: its state is forgotten once")
        self.append("in.jsonl", [at(182), at(183), at(250)])
        done = self.run_to_end("--until-end")
        self.assertNotIn("forgotten once", done.stderr)
        self.assertEqual([(row["window_end"][14:16], row["k"], row["n"]) for row in self.lines("out.jsonl")[2:]],
                         [("04", "a", 4), ("04", "x", 1)])
        self.append("in.jsonl", [at(251), at(370)])
        del now["reset"]
        self.change({"follow": True}, now)
        self.run_to_end("--until-end")
        self.change({"follow": True}, {**now, "reset": True})
        self.append("in.jsonl", [at(371), at(490)])
        self.assert_says(self.run_to_end("--until-end"), "per_minute: its state is forgotten once")
        self.assertEqual([(row["window_end"][14:16], row["n"]) for row in self.lines("out.jsonl")[4:]], [("06", 2), ("08", 1)])

    def test_forget_names_what_there_is(self):
        done = self.run_to_end("--forget", "per_minut", code=2)
        self.assert_says(done, "per_minute")


class FilesNotAsTheyWere(SystemTest):
    def setUp(self):
        super().setUp()
        self.write("in.jsonl", [at(0), at(61), at(121)])
        self.write("p.json", counting())

    def assert_fails(self, path, *remedies):
        done = self.run_to_end(code=1)
        self.assert_says(done, path)
        self.assertTrue(any(remedy in done.stderr for remedy in remedies), done)
        self.assertEqual(done.report["outcome"], "failed")
        return done

    def test_output_is_shorter(self):
        self.run_to_end()
        os.truncate(self.folder / "out.jsonl", 10)
        self.assert_fails("out.jsonl", "--fresh")
        self.assertEqual(self.size("out.jsonl"), 10, "nothing is written to it")

    def test_output_is_gone(self):
        self.run_to_end()
        os.unlink(self.folder / "out.jsonl")
        self.assert_fails("out.jsonl", "--fresh")

    def test_output_is_replaced(self):
        self.run_to_end()
        content = self.read("out.jsonl")
        self.write("new", content[::-1] + b"more\n")
        os.replace(self.folder / "new", self.folder / "out.jsonl")
        self.assert_fails("out.jsonl", "--fresh")
        self.assertEqual(self.read("out.jsonl"), content[::-1] + b"more\n")

    def test_output_put_back_goes_on(self):
        self.run_to_end()
        content = self.read("out.jsonl")
        os.truncate(self.folder / "out.jsonl", 10)
        self.assert_fails("out.jsonl", "--fresh")
        (self.folder / "out.jsonl").write_bytes(content)
        self.append("in.jsonl", [at(181)])
        self.run_to_end()
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [1, 1, 1, 1])

    def test_input_is_shorter(self):
        self.run_to_end()
        os.truncate(self.folder / "in.jsonl", 10)
        self.assert_fails("in.jsonl", "--fresh", "--forget")

    def test_input_is_replaced(self):
        self.run_to_end()
        self.write("in.jsonl.new", [at(second, "other") for second in range(300, 310)])
        os.replace(self.folder / "in.jsonl.new", self.folder / "in.jsonl")
        self.assert_fails("in.jsonl", "--fresh", "--forget")

    def while_read(self, change):
        """`change` happens while a large file is read slowly."""
        self.write("in.jsonl", [at(i / 100, note="x" * 100) for i in range(50_000)])
        self.write("p.json", counting(paced(60)))
        run = self.start(env={"MILLRACE_BATCH_RECORDS": "100"})
        self.wait_until("rows", lambda: self.size("out.jsonl") > 0, run)
        change()
        done = run.wait()
        self.assertEqual(done.code, 1, done)
        self.assert_says(done, "in.jsonl")
        self.assertEqual(done.report["outcome"], "failed")

    def test_input_is_cut_while_it_is_read(self):
        self.while_read(lambda: os.truncate(self.folder / "in.jsonl", 1000))

    def while_followed(self, change):
        """`change` happens to the input while it is followed; then more than before lies there."""
        self.write("p.json", counting({"follow": True}))
        run = self.start()
        self.wait_until("rows", lambda: self.size("out.jsonl") > 0, run)
        change()
        done = run.wait()
        self.assertEqual(done.code, 1, done)
        self.assert_says(done, "in.jsonl")
        self.assertEqual(done.report["outcome"], "failed")

    def test_input_is_cut_while_it_is_followed(self):
        self.while_followed(lambda: os.truncate(self.folder / "in.jsonl", 5))

    def test_input_is_replaced_while_it_is_followed(self):
        self.write("next.jsonl", [at(second) for second in range(200, 230)])
        self.while_followed(lambda: os.replace(self.folder / "next.jsonl", self.folder / "in.jsonl"))

    def test_input_is_removed_while_it_is_followed(self):
        self.while_followed((self.folder / "in.jsonl").unlink)


if __name__ == "__main__":
    main()
