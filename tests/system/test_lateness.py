"""What happens to late records, as users see it (R12, R13), and that the end closes what a stop leaves open (R20)."""
import json

from program import SystemTest, at, counting, main


class Lateness(SystemTest):
    #                 on time  on time  closes   late      late
    RECORDS = [at(5), at(50), at(125), at(7, "b"), at(59), at(130)]

    def run_with(self, code=0, context=False, **operator):
        self.write("in.jsonl", self.RECORDS)
        config = counting(operator=operator)
        if context:
            config["sinks"]["late"] = {"from": "per_minute.late", "plugin": "file", "path": "late.jsonl", "context": True}
        self.write("p.json", config)
        return self.run_to_end("--fresh", code=code)

    def counters(self, done):
        return {key: done.report["operators"]["per_minute"][key] for key in ("used", "late", "late_partial")}

    CONTEXT = {"operator": "per_minute", "key": "b", "event_time": "2025-10-09T09:00:07Z", "watermark": "2025-10-09T09:02:05Z",
               "window_start": "2025-10-09T09:00:00Z", "window_end": "2025-10-09T09:01:00Z", "late_by_ms": 65000,
               "reason": "window closed"}

    def assert_context(self, row):
        self.assertEqual({key: row[key] for key in self.CONTEXT}, self.CONTEXT)
        self.assertIn(self.RECORDS[3], row.values())

    def test_R13_stream_with_context(self):
        done = self.run_with(context=True)
        self.assertEqual(self.counters(done), {"used": 4, "late": 2, "late_partial": 0})
        rows = self.lines("late.jsonl")
        self.assertEqual([row["late_by_ms"] for row in rows], [65000, 65000])
        self.assert_context(rows[0])
        self.assertEqual(self.dead_letters("per_minute.late"), [])

    def test_R13_unconnected_late_records_are_dead_letters_with_the_same(self):
        self.run_with()
        rows = self.dead_letters("per_minute.late")
        self.assertEqual(len(rows), 2)
        self.assert_context(rows[0])

    def test_R13_drop_counts_and_writes_nothing(self):
        done = self.run_with(late="drop")
        self.assertEqual(self.counters(done), {"used": 4, "late": 2, "late_partial": 0})
        self.assertEqual(self.dead_letters("per_minute.late"), [])

    def test_R13_fail_stops_the_run(self):
        done = self.run_with(code=1, late="fail")
        self.assert_says(done, 'per_minute: a record is late, and `late` is "fail": source in, partition 0, position ',
                         "event time 2025-10-09T09:00:07Z, 1m5s late at watermark 2025-10-09T09:02:05Z", json.dumps(self.RECORDS[3]))
        self.assertEqual(done.report["outcome"], "failed")

    def test_R13_fail_names_the_record_in_joins_and_dedupe(self):
        within = {"with": "other", "on": ["k"], "within": {"before": "1s", "after": "1s"}}
        for name, operator, late in (("dedupe", {"dedupe": {"by": ["k"], "keep": "1s"}}, "1m58s late"),
                                     ("join", {"join": within, "select": {"n": "other.k"}}, "1m56s999ms999us late")):
            with self.subTest(name):
                config = counting()
                config["operators"] = {"per_minute": {"from": "in", "late": "fail", **operator}}
                config["sources"]["other"] = {**config["sources"]["in"], "path": "other.jsonl"}
                config["sinks"]["other"] = {"from": "other", "plugin": "file", "path": "passed.jsonl"}
                self.write("in.jsonl", [at(125), at(7, "b"), at(130)])
                self.write("other.jsonl", [at(100)])
                self.write("p.json", config)
                done = self.run_to_end("--fresh", code=1)
                self.assert_says(done, "source in, partition 0, position ", "event time 2025-10-09T09:00:07Z", late, '"b"')

    def test_R13_late_where_nothing_can_be_late_is_refused(self):
        self.write("in.jsonl", self.RECORDS)
        table = {"latest": {"from": "in", "table": {"key": ["k"]}}}
        look_up = {"from": "in", "join": {"with": "latest", "on": ["k"], "as_of": "latest"}, "select": {"k": "\"in\".k"}}
        as_of = {**look_up, "join": {**look_up["join"], "as_of": "event_time"}}
        for operators, key, says in (({"o": {"from": "in", "filter": "k = 'a'"}}, "late", "passes each record on, however late"),
                                     ({"o": {"from": "in", "group_by": ["k"], "select": {"n": "count(*)"}}}, "allowed_lateness",
                                      "without a window every record counts, however late"),
                                     ({"o": {"from": "in", "select": {"n": "count(*)"}}}, "late", "without a window every record counts"),
                                     (table, "late", "rows of a table count in the order they come"),
                                     ({**table, "o": {"from": "latest", "group_by": ["k"], "select": {"n": "count(*)"}}}, "allowed_lateness",
                                      "rows of a table count in the order they come"),
                                     ({**table, "o": look_up}, "late", '"latest" takes each record as it comes'),
                                     ({**table, "o": as_of}, "allowed_lateness", 'set "keep" of the join')):
            with self.subTest(says):
                last = list(operators)[-1]
                config = counting()
                config["operators"] = {**operators, last: {**operators[last], key: "drop" if key == "late" else "5s"}}
                config["sinks"]["out"]["from"] = last
                self.write("p.json", config)
                self.assert_says(self.verb("check", "p.json", code=2), f"/operators/{last}/{key}:", says)

    def test_R12_late_for_some_windows_is_used_and_counted_late_partial(self):
        done = self.run_with(window={"hopping": "2m", "every": "1m"})
        # W = 125 closed [-60, 60) and [0, 120): 7 and 59 are late for both. 5 and 50 came in time for all.
        self.assertEqual(self.counters(done), {"used": 4, "late": 2, "late_partial": 0})
        done = self.run_with(window={"hopping": "3m", "every": "1m"})
        self.assertEqual(self.counters(done), {"used": 6, "late": 0, "late_partial": 2})
        self.assertEqual(self.dead_letters("per_minute.late"), [], "late for some windows only is not late")
        n_of = {row["window_end"][14:16]: row["n"] for row in self.lines("out.jsonl") if row["k"] == "a"}
        self.assertEqual(n_of["03"], 5, "59 is in [0, 180), which was open: with 5, 50, 125 and 130")
        self.assertEqual(n_of["01"], 2, "and not in [-120, 60), which had closed")

    def test_R24_append_without_a_window_needs_input_that_ends(self):
        self.write("in.jsonl", [at(1), at(2, "b"), at(3)])
        config = counting({"follow": True}, {"emit": "append"})
        del config["operators"]["per_minute"]["window"]
        self.write("p.json", config)
        self.assert_says(self.verb("check", "p.json", code=2), "append without a window needs an input that ends")
        del config["sources"]["in"]["follow"]
        self.write("p.json", config)
        self.run_to_end("--fresh")
        self.assertEqual(self.lines("out.jsonl"), [{"k": "a", "n": 2}, {"k": "b", "n": 1}], "one row per group, at the end (E28)")

    def test_R26_retention_needs_a_window(self):
        self.write("in.jsonl", [at(1)])
        config = counting(operator={"emit": {"complete": {"every": "1m", "retain": "1h"}}})
        self.write("p.json", config)
        self.assertIn(b"until W is 1h further (retain)", self.verb("check", "p.json", "--explain").stdout)
        del config["operators"]["per_minute"]["window"]
        self.write("p.json", config)
        self.assert_says(self.verb("check", "p.json", code=2), '"retain" is about closed windows')

    def test_R26_whole_results_are_refused_for_sinks_that_cannot_replace(self):
        self.write("in.jsonl", [at(1)])
        config = counting(operator={"emit": {"complete": {"every": "1m"}}})
        self.write("p.json", config)
        self.verb("check", "p.json")
        for sink in ({"plugin": "file", "path": "out.csv", "format": "csv"},
                     {"plugin": "kafka", "brokers": "127.0.0.1:1", "topic": "t"}):
            with self.subTest(sink):
                config["sinks"]["out"] = {"from": "per_minute", **sink}
                self.write("p.json", config)
                self.assert_says(self.verb("check", "p.json", code=2), '"per_minute" emits "complete" results', "cannot replace what it wrote",
                                 'emit "append" or "update"')

    def test_R20_the_end_of_bounded_input_closes_every_window(self):
        self.run_with(allowed_lateness="1d")
        self.assertEqual(sum(row["n"] for row in self.lines("out.jsonl")), len(self.RECORDS))
        self.append("in.jsonl", [at(20), at(500)])
        done = self.run_to_end()
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 1, "what the end closed stays closed (E1)")


if __name__ == "__main__":
    main()
