"""A changed configuration on old state: what goes on, and what is refused with a remedy (R37)."""
import shutil

from program import SystemTest, at, counting, main


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


if __name__ == "__main__":
    main()
