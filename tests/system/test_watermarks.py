"""Watermarks over partitions, idleness from proof, and why windows are open, in whole runs (R15-R18, R22)."""
import calendar
import json
import random
import signal
import socket
import sys
import time
import urllib.request

from program import CHECKOUT, START_S, Settings, SystemTest, at, counting, main

sys.path.insert(0, str(CHECKOUT / "tests/oracle"))
import partitions


def scripted(script, bounded=False, **event_time):
    """Source keys that do what `script` says, instead of a file's."""
    return {"plugin": "scripted", "path": script, "bounded": bounded,
            "event_time": {"field": "t", "unit": "s", **event_time}}


def record(partition, second, **more):
    return f"R {partition} " + json.dumps(at(second, **more))


class ScriptedTest(SystemTest):
    def setUp(self):
        super().setUp()
        if not Settings.test_plugins:
            self.skipTest("no --test-plugins")

    def script(self, *steps, name="script"):
        self.write(name, "\n".join(steps) + "\n")

    def config(self, source, **operator):
        self.write("p.json", counting(source, operator))

    def start(self, *arguments, **keywords):
        return super().start("--plugins", Settings.test_plugins, *arguments, **keywords)

    def rows(self):
        return [(row["window_start"][14:16], row["n"]) for row in self.lines("out.jsonl")] if self.size("out.jsonl") else []

    def run_script(self, *steps, code=0, **event_time):
        self.script(*steps)
        self.config(scripted("script", bounded=True, **event_time))
        return self.run_to_end("--fresh", code=code)


class Watermarks(ScriptedTest):
    def test_R15_the_slowest_partition_closes_windows(self):
        done = self.run_script("A 0", "A 1", record(0, 10), record(0, 200), record(1, 20), record(1, 70), record(0, 30),
                               record(1, 130), record(0, 40))
        # Minute 0 closes with 70 of partition 1, so 30 and 40 behind it are late although partition 0 was at 200.
        self.assertEqual(self.rows(), [("00", 2), ("01", 1), ("02", 1), ("03", 1)])
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 2)

    def test_R15_a_partition_without_a_record_holds_W(self):
        done = self.run_script("A 0", "A 1", record(0, 10), record(0, 200), record(0, 20))
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 0)
        self.assertEqual(self.rows(), [("00", 2), ("03", 1)])

    def test_R42_partitions_that_nobody_announced_are_one_log(self):
        done = self.run_script(record(0, 10), record(1, 200), record(0, 20))
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 1)

    def test_R16_the_proven_end_of_a_bounded_partition_frees_the_others(self):
        done = self.run_script("A 0", "A 1", record(1, 10), "E 1", record(0, 200), record(0, 20))
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 1)

    def test_a_sources_own_watermark_closes_windows(self):
        done = self.run_script("A 0", record(0, 10), f"W 0 {(START_S + 60) * 1000000}", record(0, 20), record(0, 70))
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 1)

    def test_R43_batches_lanes_and_kills_cannot_show(self):
        steps = ["A 0", "A 1", "A 2"]
        for i in range(300):
            steps.append(record(i * 7 % 3, i * 5 + (i * 37 % 50) - (i % 3) * 20, key="ab"[i % 2]))
            if i == 150:
                steps.append("E 2")
                steps.append("A 2")
        steps += ["E 0", record(1, 1600), record(2, 1700)]
        self.run_script(*steps)
        reference = self.read("out.jsonl")
        late = self.dead_letters("per_minute.late")
        self.assertGreater(len(late), 5)
        for env, arguments in (({"MILLRACE_BATCH_RECORDS": "1"}, ()), ({"MILLRACE_BATCH_RECORDS": "7"}, ("--set", "lanes=3"))):
            self.run_to_end("--fresh", *arguments, env=env)
            self.assertEqual(self.read("out.jsonl"), reference)
        for record_number in range(3, 43, 8):
            env = {"MILLRACE_BATCH_RECORDS": "3", "MILLRACE_COMMIT_RECORDS": "5",
                   "MILLRACE_KILL_AT": f"commit.logged:{record_number}"}
            self.run_to_end("--fresh", env=env, code=None)
            self.run_to_end()
            self.assertEqual(self.read("out.jsonl"), reference, f"killed at commit {record_number}")
            self.assertEqual(self.dead_letters("per_minute.late"), late)

    def test_R16_an_idle_partition_frees_the_others_and_R17_wakes_behind(self):
        self.script("A 0", "A 1", record(0, 10), record(1, 10), record(0, 200), "E 1", "S 1500",
                    record(1, 30), record(0, 300))
        self.config(scripted("script", idle_timeout="500ms"))
        run = self.start()
        self.wait_until("the window of minute 0", lambda: self.rows()[:1] == [("00", 2)], run)
        self.wait_until("the window of minute 3", lambda: len(self.rows()) == 2, run)
        run.signal()
        done = run.wait()
        counters = done.report["operators"]["per_minute"]
        self.assertEqual((counters["late"], counters.get("late_after_idle")), (1, 1), "R17")
        late = self.dead_letters("per_minute.late")
        self.assertEqual([row["reason"] for row in late], ["window closed while its partition was idle"], "R13")

    def test_R17_late_after_idle_is_counted_by_every_operator_that_judges(self):
        """Partition 1 falls idle behind the end of 0 and wakes behind W."""
        self.script("A 0", "A 1", record(0, 10), record(1, 10), record(0, 200), "E 1", "S 1500", record(1, 30), record(0, 300))
        config = counting(scripted("script", idle_timeout="500ms"))
        config["sources"]["other"] = scripted("other")
        self.script("A 0", record(0, 190), "E 0", name="other")
        config["sources"]["table"] = scripted("table")
        self.script("A 0", record(0, 5), "E 0", name="table")
        for one in config["sources"].values():
            one["schema"] = {"k": "text", "t": "int8"}
        within = {"with": "other", "on": ["k"], "within": {"before": "1s", "after": "1s"}}
        config["operators"] = {
            "windows": config["operators"]["per_minute"],
            "sessions": {**config["operators"]["per_minute"], "window": {"session": "1s"}},
            "sliding": {**config["operators"]["per_minute"], "window": {"sliding_by_record": "1s"}},
            "distinct": {"from": "in", "dedupe": {"by": ["t"], "keep": "1s"}},
            "joined": {"from": "in", "join": within, "select": {"t": '"in".t'}},
            "rows": {"from": "table", "table": {"key": ["k"]}},
            "looked_up": {"from": "in", "join": {"with": "rows", "on": ["k"], "as_of": "event_time", "keep": "1s"}, "select": {"t": '"in".t'}}}
        config["sinks"] = {name: {"from": name, "plugin": "file", "path": f"{name}.jsonl"} for name in config["operators"]}
        self.write("p.json", config)
        done = self.start("--for", "4s").wait()
        self.assertEqual(done.code, 0, done)
        for name in ("windows", "sessions", "sliding", "distinct", "joined", "looked_up"):
            with self.subTest(name):
                counters = done.report["operators"][name]
                self.assertEqual((counters["late"], counters.get("late_after_idle")), (1, 1))
                self.assertIn("idle", self.dead_letters(f"{name}.late")[0]["reason"])

    def test_R41_a_new_time_has_a_watermark_per_partition(self):
        """Of the source's own times only ends count; late is judged by the slower partition of the new time."""
        self.script("A 0", "A 1", record(0, 1, at=START_S + 10), record(1, 2, at=START_S + 10), record(0, 3, at=START_S + 200),
                    record(0, 4, at=START_S + 30), "E 1", record(0, 5, at=START_S + 210), record(0, 6, at=START_S + 40))
        config = counting({**scripted("script", bounded=True), "schema": {"k": "text", "at": "int8"}}, {"from": "retimed"})
        config["operators"]["retimed"] = {"from": "in", "select": ["k", "at"], "event_time": {"field": "at", "unit": "s"}}
        self.write("p.json", config)
        done = self.run_to_end("--fresh")
        self.assertEqual(self.rows(), [("00", 3), ("03", 2)])
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 1, "40 behind the end of partition 1")

    def test_R16_a_broken_connection_is_no_idleness(self):
        self.script("A 0", "A 1", record(0, 10), record(1, 10), record(0, 200), "E 1", "S 200", "X", "S 2500", "E 1")
        self.write("p.json", counting({**scripted("script", idle_timeout="1s"), "on_all_idle": "hold"}))
        run = self.start("--for", "2s")
        self.assertEqual(self.rows(), [])
        run.wait()
        self.assertEqual(self.rows(), [], "the proof was lost with the connection")

    def test_R18_hold_keeps_windows_open_and_clock_closes_them(self):
        self.script("A 0", record(0, 10), record(0, 59), "E 0")
        for choice, rows in (("hold", []), ("clock", [("00", 2)])):
            with self.subTest(choice):
                self.config({**scripted("script", idle_timeout="200ms"), "on_all_idle": choice})
                run = self.start("--fresh")
                if rows:
                    self.wait_until("the clock to close the window", lambda: self.rows() == rows, run)
                else:
                    self.wait_until("the start", lambda: "exactly_once" in run.errors(), run)
                    time.sleep(2)
                    self.assertTrue(run.running())
                    self.assertEqual(self.rows(), [])
                run.signal()
                run.wait()

    def test_R22_a_live_source_at_its_proven_end_is_not_waited_for(self):
        self.write("quiet.jsonl", [at(5)])
        self.write("busy.jsonl", [at(s) for s in range(0, 200, 5)])
        config = counting()
        for name in ("quiet", "busy"):
            config["sources"][name] = {**config["sources"]["in"], "path": f"{name}.jsonl", "follow": True,
                                       "event_time": {"field": "t", "unit": "s",
                                                      "idle_timeout": "300ms" if name == "quiet" else "none"}}
        del config["sources"]["in"]
        config["operators"]["per_minute"]["from"] = ["quiet", "busy"]
        self.write("p.json", config)
        run = self.start()
        self.wait_until("three minutes", lambda: len(self.rows()) == 3, run)
        run.signal()
        run.wait()
        self.assertEqual(self.rows(), [("00", 13), ("01", 12), ("02", 12)])


def random_steps(rng):
    """Some 40 steps over up to 6 partitions, a few of them never announced; times are seconds behind START_S."""
    count, steps, silent, now = rng.randint(1, 6), [], set(), 0
    announced = [p for p in range(count) if rng.random() < 0.8]
    steps += [("A", p) for p in announced]
    for _ in range(rng.randint(20, 60)):
        now += rng.choice((0, 1, 2, 5, 20))
        what, p = rng.random(), rng.randrange(count)
        if what < 0.1 and p in announced:
            if p in silent:
                steps.append(("A", p))
                silent.remove(p)
            elif what < 0.07:
                steps.append(("EV"[what < 0.03], p))
                silent.add(p)
        elif (p if p in announced else 0) in silent:  # What was never announced is log 0, ended with it.
            continue
        elif what < 0.16:
            steps.append(("W", p, now - rng.randint(0, 20)))
        else:
            steps.append(("R", p, now - rng.choice((0, 0, 3, 10, 40, 90)) + 5 * p))
    return steps


class Streams(ScriptedTest):
    """Random scripts against the definition."""
    SOURCES, RUNS, B, L = 8, 5, 7, 4

    @staticmethod
    def script_of(steps):
        lines = []
        for step in steps:
            if step[0] == "R":
                lines.append(record(step[1], step[2]))
            elif step[0] == "W":
                lines.append(f"W {step[1]} {(START_S + step[2]) * 1000000}")
            else:
                lines.append(f"{step[0]} {step[1]}")
        return "\n".join(lines) + "\n"

    def pipeline(self, streams):
        config = counting()
        config["sources"], config["operators"], config["sinks"] = {}, {}, {}
        for i, steps in enumerate(streams):
            self.write(f"script{i}", self.script_of(steps))
            config["sources"][f"in{i}"] = scripted(f"script{i}", bounded=True, out_of_orderness=f"{self.B}s")
            config["operators"][f"op{i}"] = {"from": f"in{i}", "window": {"tumbling": "10s"}, "allowed_lateness": f"{self.L}s",
                                             "select": {"n": "count(*)"}}
            config["sinks"][f"out{i}"] = {"from": f"op{i}", "plugin": "file", "path": f"out{i}.jsonl"}
        self.write("p.json", config)

    def test_R15_R16_random_partitions_equal_the_definition(self):
        for seed in range(self.RUNS):
            rng = random.Random(seed)
            streams = [random_steps(rng) for _ in range(self.SOURCES)]
            self.pipeline(streams)
            batch = rng.choice(("1", "5", "1000"))
            done = self.run_to_end("--fresh", env={"MILLRACE_BATCH_RECORDS": batch})
            for i, steps in enumerate(streams):
                counts, late = partitions.tumbling_counts(steps, self.B, 10, self.L)
                got = {(parse(row["window_start"]) - START_S): row["n"] for row in self.lines(f"out{i}.jsonl")}
                where = f"seed {seed}, stream {i}, batches of {batch}:\n{self.script_of(steps)}"
                self.assertEqual(got, counts, where)
                self.assertEqual(done.report["operators"][f"op{i}"]["late"], late, where)


def parse(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


class Explained(ScriptedTest):
    def open_script(self, **keys):
        self.script("A 0", "A 7", record(0, 10), record(0, 200), record(7, 20), name="script")
        self.write("p.json", counting({**scripted("script", out_of_orderness="5s"), **keys}, {"allowed_lateness": "10s"}))

    def test_the_report_names_who_holds_W_back_and_what_frees_it(self):
        self.open_script()
        run = self.start("--for", "1s", "--explain-windows")
        done = run.wait()
        waiting = done.report["open_windows"]["per_minute"]
        self.assertEqual({key: waiting[key] for key in ("open", "watermark", "next_end", "closes_at")},
                         {"open": 2, "watermark": "2025-10-09T09:00:15Z", "next_end": "2025-10-09T09:01:00Z",
                          "closes_at": "2025-10-09T09:01:10Z"})
        held = waiting["held_by"]
        self.assertEqual({key: held[key] for key in ("source", "partition", "state", "watermark", "last_record")},
                         {"source": "in", "partition": 7, "state": "active", "watermark": "2025-10-09T09:00:15Z",
                          "last_record": "2025-10-09T09:00:20Z"})
        self.assertTrue(held["since"])
        self.assertIn("event time 2025-10-09T09:01:15Z or later", held["freed_by"], "B behind it closes")
        self.assertIn("idle_timeout", held["freed_by"])
        self.assert_says(done, "held back by in, partition 7 (active)", "freed by a record of partition 7")

    def test_groups_without_a_window_wait_only_where_the_end_shows_them(self):
        """append shows them at the end of input; update has shown what there is."""
        self.write("in.jsonl", [at(0), at(600)])
        for emit, open_groups in (("append", 1), ("update", 0)):
            with self.subTest(emit):
                config = counting({"replay": {"speed": 1}}, {"emit": emit})
                del config["operators"]["per_minute"]["window"]
                self.write("p.json", config)
                done = self.start("--fresh", "--for", "1s").wait()      # Before the second record.
                self.assertEqual(done.code, 0, done)
                waiting = done.report.get("open_windows", {})
                self.assertEqual(waiting.get("per_minute", {}).get("open", 0), open_groups, waiting)

    def test_a_signal_explains_while_it_runs(self):
        self.open_script()
        run = self.start()
        self.wait_until("records", lambda: "exactly_once" in run.errors(), run)
        self.wait_until("the word", lambda: self.asked(run), run)
        run.signal()
        self.assertEqual(run.wait().code, 0)

    @staticmethod
    def asked(run):
        run.signal(signal.SIGUSR1)
        time.sleep(0.2)
        return "held back by in, partition 7 (active)" in run.errors()

    def test_nothing_is_open_behind_the_end(self):
        self.script("A 0", record(0, 10))
        self.write("p.json", counting(scripted("script", bounded=True)))
        done = self.run_to_end("--explain-windows")
        self.assertNotIn("open_windows", done.report)
        self.assert_says(done, "nothing is open")

    def test_E2_a_stopped_run_leaves_windows_open_and_drain_closes_them(self):
        self.open_script()
        self.assertIn("open_windows", self.start("--for", "500ms").wait().report)
        self.assertEqual(self.rows(), [])
        done = self.start("--for", "500ms", "--drain").wait()
        self.assertEqual(self.rows(), [("00", 2), ("03", 1)])
        self.assertNotIn("open_windows", done.report)


class Bounds(SystemTest):
    def bounds(self, operator):
        self.write("in.jsonl", [at(0)])
        self.write("p.json", counting({"event_time": {"field": "t", "unit": "s", "out_of_orderness": "5s"}}, operator))
        said = self.verb("check", "p.json", "--explain").stdout.decode()
        state = said[said.index("\nstate\n"):]
        return next(line for line in state.splitlines() if line.startswith("  per_minute: ")), said

    def test_every_operator_states_its_bound(self):
        for operator, bound in (
                ({"allowed_lateness": "55s"}, "each group of (k): one state for each of at most 3 open windows of 1m "
                                              "(out_of_orderness 5s + allowed_lateness 55s)"),
                ({"window": {"hopping": "1h", "every": "5m"}}, "at most 14 slices of time (windows of 1h every 5m"),
                ({"window": {"hopping": "12m", "every": "5m"}}, "at most 8 slices of time"),
                ({"window": {"cumulative": "1d", "every": "1h"}}, "at most 26 slices of time"),
                ({"window": {"session": "10m"}, "allowed_lateness": "55s"},
                 "one state for each session with a record in the last 11m (gap 10m + out_of_orderness 5s + allowed_lateness 55s)"),
                ({"window": {"sliding_by_record": "1m"}}, "its records of the last 2m5s (2 x 1m + out_of_orderness 5s"),
                ({"emit": "complete", "complete_max_rows": 7}, "above 7 rows (complete_max_rows) the run stops")):
            with self.subTest(operator):
                line, said = self.bounds(operator)
                self.assertIn(bound, line)
                self.assertIn("(limits.state), above which the run stops with the figures", said)

    def test_R52_state_beyond_the_limit_stops_the_run_with_the_figures(self):
        self.write("in.jsonl", [at(i % 50, key=f"key {i}") for i in range(30000)])
        self.write("p.json", counting(limits={"state": "1MiB"}))
        done = self.run_to_end(code=1, env={"MILLRACE_COMMIT_RECORDS": "5000"})  # Judged at commits.
        self.assert_says(done, "limits.state allows (1 MiB)", "per_minute")
        self.assertEqual(done.report["outcome"], "failed")

    def test_R52_state_is_judged_between_commits_too(self):
        self.write("in.jsonl", [at(i % 50, key=f"key {i}") for i in range(30000)])
        self.write("p.json", counting({"follow": True}, limits={"state": "1MiB"}, commit={"every": "1h"}))
        done = self.run_to_end(code=1)    # Nothing else would ever end it.
        self.assert_says(done, "limits.state allows (1 MiB)", "per_minute")
        self.assertEqual(done.report["commits"], 0)


class Metrics(ScriptedTest):
    def test_prometheus_text_while_it_runs(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.script("A 0", record(0, 10), record(0, 20), "R 0 broken")
        self.write("p.json", counting(scripted("script"), metrics={"listen": f"127.0.0.1:{port}"}))
        run = self.start()

        def page():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    return answer.read().decode()
            except OSError:
                return ""
        self.wait_until("a commit", lambda: 'fate="passed",pipeline="p",source="in"} 2' in sorted_labels(page()), run)
        text = sorted_labels(page())
        for sample in ('millrace_source_records_total{fate="errors",pipeline="p",source="in"} 1',
                       'millrace_operator_rows_total{fate="used",operator="per_minute",pipeline="p"} 2',
                       'millrace_open_windows{operator="per_minute",pipeline="p"} 1',
                       f'millrace_watermark_seconds{{pipeline="p",source="in"}} {START_S + 20}'):
            self.assertIn(sample, text)
        run.signal()
        self.assertEqual(run.wait().code, 0)

    def test_an_address_that_is_taken_is_told(self):
        self.script("A 0")
        self.write("p.json", counting(scripted("script", bounded=True), metrics={"listen": "127.0.0.1:1x"}))
        self.assertEqual(self.start().wait().code, 2)
        self.write("p.json", counting(scripted("script", bounded=True), metrics={"listen": "203.0.113.1:9464"}))
        self.assert_says(self.run_to_end(code=1), "metrics: cannot listen on 203.0.113.1:9464")


def sorted_labels(text):
    """Samples with their labels in order of name."""
    lines = []
    for line in text.splitlines():
        if "{" in line and not line.startswith("#"):
            name, rest = line.split("{", 1)
            labels, value = rest.rsplit("}", 1)
            number = float(value)
            line = f"{name}{{{','.join(sorted(labels.split(',')))}}} {int(number) if number.is_integer() else number}"
        lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
