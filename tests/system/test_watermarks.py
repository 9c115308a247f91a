"""Watermarks over partitions, and idleness from proof, in whole runs (R15-R18, R22)."""
import calendar
import random
import sys
import time

from program import CHECKOUT, START_S, at, counting, main
from scripted_case import ScriptedTest, record, scripted

sys.path.insert(0, str(CHECKOUT / "tests/oracle"))
import partitions


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


if __name__ == "__main__":
    main()
