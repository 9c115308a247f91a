"""What a run tells about itself: why windows are open, what bounds the state, and metrics."""
import signal
import socket
import time
import urllib.request

from program import START_S, SystemTest, at, counting, main
from scripted_case import ScriptedTest, record, scripted


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
