"""The quickstart, as `./dev run` plays it, against a count of our own that knows only the sample and the rules."""
import collections
import datetime
import json
import subprocess
import sys

from program import CHECKOUT, SystemTest, main

CONFIG = CHECKOUT / "configs/quickstart/wikipedia_edits_per_minute.json"
DISORDER_S, LATENESS_S, MINUTE_S = 5, 30, 60
FUTURE_S = 2_000_000_000      # the sample's only time beyond it is of the year 2099


def record(line):
    """The event, or nothing where it is broken or has no usable time."""
    try:
        event = json.loads(line)
        usable = isinstance(event, dict) and isinstance(event["timestamp"], int) and event["timestamp"] < FUTURE_S
    except (ValueError, KeyError):
        return None
    return event if usable else None


def wanted(event):
    return event.get("bot") is False and event.get("type") in ("edit", "new")


def rfc3339(second):
    return datetime.datetime.fromtimestamp(second, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def count(lines):
    """Rows of edits.jsonl, lines of late.jsonl, and how many lines are errors."""
    groups, late, errors, newest = collections.defaultdict(lambda: [0, 0]), [], 0, None
    for line in lines:
        event = record(line)
        if event is None:
            errors += 1
            continue
        time = event["timestamp"]
        end = time // MINUTE_S * MINUTE_S + MINUTE_S
        if wanted(event):
            if newest is not None and newest - DISORDER_S >= end + LATENESS_S:
                late.append(line)
            else:
                group = groups[end, event["wiki"].encode()]
                group[0] += 1
                group[1] += event["length"]["new"] - (event["length"].get("old") or 0)
        newest = time if newest is None else max(newest, time)
    rows = [{"window_start": rfc3339(end - MINUTE_S), "window_end": rfc3339(end), "wiki": wiki.decode(), "edits": n, "bytes": size}
            for (end, wiki), (n, size) in sorted(groups.items())]
    return rows, late, errors


class Quickstart(SystemTest):
    def setUp(self):
        super().setUp()
        subprocess.run([sys.executable, CHECKOUT / "configs/quickstart/generate.py", "--out", self.folder / "edits_sample.jsonl"],
                       check=True)
        self.sample = self.read("edits_sample.jsonl").splitlines()

    def test_the_sample_has_what_makes_streams_hard(self):
        events = [record(line) for line in self.sample]
        times = [event["timestamp"] for event in events if event]
        self.assertGreaterEqual(len(times), 20_000)
        self.assertIn(None, events, "broken lines")
        self.assertTrue(any(a > b for a, b in zip(times, times[1:])), "disorder")
        self.assertTrue(any(b'"domain":"canary"' in line for line in self.sample), "canaries")
        self.assertTrue(any(b'"timestamp":4' in line for line in self.sample), "the year 2099")

    def test_its_output_and_ledger_are_those_of_a_plain_count(self):
        rows, late, errors = count(self.sample)
        done = self.run_to_end("--fresh", config=str(CONFIG))
        self.assertEqual(self.lines("edits.jsonl"), rows)
        self.assertEqual(self.read("late.jsonl").splitlines(), late)
        report = done.report
        counters = report["operators"]["per_minute"]
        self.assertTrue(report["balanced"])
        self.assertEqual(report["sources"]["edits"], {**report["sources"]["edits"], "records": len(self.sample), "errors": errors})
        self.assertEqual((counters["used"], counters["late"], counters["out"]),
                         (sum(row["edits"] for row in rows), len(late), len(rows)))
        self.assertGreater(len(late), 0)
        self.assertEqual(done.stdout.count(b"\n2025-10-09T"), len(rows), "a line of the table for each")
        self.assert_says(done, "used +", "late +", "filtered +", "errors; ")


if __name__ == "__main__":
    main()
