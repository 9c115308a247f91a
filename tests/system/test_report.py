"""The report: exactly the members of the contract, of the right types, balanced, on failure too."""
import json
import os

from program import SystemTest, at, counting, main

COUNTERS = {
    "sources": ["records", "bytes", "errors", "skipped"],
    "operators": ["in", "rows", "used", "late", "late_partial", "filtered", "duplicates", "errors", "out"],
    "sinks": ["records", "bytes", "delivery"]}
TOP = ["pipeline", "outcome", "wall_seconds", "cpu_seconds", "peak_rss_bytes", "commits", "sources", "operators", "sinks",
       "balanced", "total"]


class Report(SystemTest):
    def setUp(self):
        super().setUp()
        self.records = [at(0), at(1, "b"), at(61), at(2), b"broken", at(62, "x"), at(130), at(3, n="x"), b'{"k":"a"}']
        self.write("in.jsonl", self.records)
        self.write("p.json", self.config())

    @staticmethod
    def config():
        config = counting({"schema": {"k": "text", "n": "int8"}}, {"filter": "k <> 'x' and n is null"})
        config["sinks"]["view"] = {"from": "per_minute", "plugin": "stdout"}
        return config

    def assert_shape(self, report):
        self.assertEqual([name for name in report if name != "open_windows"], TOP)  # that is there while windows are open
        for name, kinds in (("pipeline", str), ("outcome", str), ("wall_seconds", (int, float)), ("cpu_seconds", (int, float)),
                            ("peak_rss_bytes", int), ("commits", int), ("balanced", bool)):
            self.assertIsInstance(report[name], kinds, name)
        self.assertEqual(list(report["total"]), list(COUNTERS))
        for part in (report, report["total"]):
            for role, names in COUNTERS.items():
                for counters in part[role].values():
                    self.assertEqual(list(counters), names)
                    for name, value in counters.items():
                        self.assertIs(type(value), str if name == "delivery" else int, name)
            for counters in part["operators"].values():
                self.assertEqual(counters["rows"], sum(counters[name] for name in
                                                       ("used", "late", "filtered", "duplicates", "errors")))

    def test_an_ended_run(self):
        report = self.run_to_end().report
        self.assert_shape(report)
        self.assertEqual((report["pipeline"], report["outcome"], report["balanced"]), ("p", "ended", True))
        self.assertEqual(list(report["sources"]), ["in"])
        self.assertEqual(list(report["operators"]), ["per_minute"])
        self.assertEqual(list(report["sinks"]), ["out", "view"])
        self.assertEqual(report["sources"]["in"], {"records": 9, "bytes": self.size("in.jsonl") - 9,
                                                   "errors": 2, "skipped": 0}, "bytes: without the line ends")
        self.assertEqual(report["operators"]["per_minute"],
                         {"in": 7, "rows": 7, "used": 4, "late": 1, "late_partial": 0, "filtered": 1, "duplicates": 0,
                          "errors": 1, "out": 4})
        self.assertEqual(report["sinks"]["out"], {"records": 4, "bytes": self.size("out.jsonl"), "delivery": "exactly_once"})
        self.assertEqual((report["sinks"]["view"]["records"], report["sinks"]["view"]["delivery"]), (4, "view"))
        self.assertEqual(report["total"], {role: report[role] for role in COUNTERS})
        self.assertGreater(report["peak_rss_bytes"], 1_000_000)
        self.assertGreater(report["wall_seconds"], 0)
        self.assertGreaterEqual(report["commits"], 1)

    def test_the_peak_of_memory_is_its_own(self):
        """Not that of whoever starts it, with which getrusage would begin."""
        weight = bytearray(400 << 20)
        weight[::4096] = b"x" * (len(weight) // 4096)
        self.assertLess(self.run_to_end().report["peak_rss_bytes"], len(weight) // 2)

    def test_total_counts_since_fresh(self):
        first = self.run_to_end().report
        self.append("in.jsonl", [at(200)])
        second = self.run_to_end().report
        self.assert_shape(second)
        self.assertEqual(second["sources"]["in"]["records"], 1)
        self.assertEqual(second["total"]["sources"]["in"]["records"], 10)
        self.assertEqual(second["total"]["sinks"]["out"]["bytes"], self.size("out.jsonl"))
        self.assertEqual(second["total"]["operators"]["per_minute"]["used"], first["operators"]["per_minute"]["used"] + 1)
        self.assertEqual(self.run_to_end("--fresh").report["total"]["sources"]["in"]["records"], 10)

    def test_a_failed_run(self):
        self.run_to_end()
        os.truncate(self.folder / "out.jsonl", 1)
        report = self.run_to_end(code=1).report
        self.assert_shape(report)
        self.assertEqual((report["outcome"], report["commits"]), ("failed", 0))

    def test_a_run_that_fails_on_the_way(self):
        """What was committed before is counted. `late`: `fail` stops the run at a late record."""
        config = self.config()
        config["operators"]["per_minute"]["late"] = "fail"
        self.write("p.json", config)
        self.write("in.jsonl", [at(second) for second in range(0, 5000, 10)] + [at(1)] + [at(6000)])
        done = self.run_to_end(env={"MILLRACE_COMMIT_RECORDS": "10", "MILLRACE_BATCH_RECORDS": "10"}, code=1)
        self.assert_says(done, "per_minute")
        self.assert_shape(done.report)
        self.assertEqual(done.report["outcome"], "failed")
        self.assertGreater(done.report["commits"], 10)
        self.assertLessEqual(done.report["sources"]["in"]["records"], 500)
        self.assertGreater(done.report["sources"]["in"]["records"], 100)

    def test_a_stopped_run(self):
        self.write("p.json", json.dumps(counting({"follow": True})))
        report = self.run_to_end("--for", "1s").report
        self.assert_shape(report)
        self.assertEqual(report["outcome"], "stopped")


if __name__ == "__main__":
    main()
