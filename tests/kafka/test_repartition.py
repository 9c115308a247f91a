#!/usr/bin/env python3
"""Grouping by another key than the topic's, under the kafka commit log (semantics R23, E22).

  test_repartition.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import collections
import json
import os
import random
import signal

from case import START_MS, Shared, ck, start_broker, stop_broker
from expected import instant
from program import main
from test_workers import WorkersTest

SIZE_MS, BOUND_MS = 10_000, 2_000
# Each number of partitions with some number of workers; all with all when asked to (CONTRIBUTING.md).
WHOLE = "MILLRACE_WHOLE_MATRIX" in os.environ
MATRIX = [(p, w) for p in range(1, 9) for w in range(1, 4)] if WHOLE else [(p, 1 + (p + 1) % 3) for p in range(1, 9)]


def setUpModule():
    start_broker(group_min_session_timeout_ms=1000)


def tearDownModule():
    stop_broker()


def events(count, seed, disorder_ms, first=0):
    chance = random.Random(seed)
    return [{"k": f"key{chance.randrange(23)}", "g": chance.choice(["red", "green", "blue", None]), "n": chance.randrange(1000),
             "t": START_MS + 40 * i - chance.randrange(disorder_ms + 1)} for i in range(first, first + count)]


def counted(records):
    """By definition: all records are on time."""
    rows = collections.defaultdict(lambda: [0, 0])
    for record in records:
        row = rows[record["g"], instant(record["t"] // SIZE_MS * SIZE_MS)]
        row[0] += 1
        row[1] += record["n"]
    return {key: tuple(row) for key, row in rows.items()}


def late_in_one_lane(records):
    """By definition (R9, R10): judged before each record, in the order in which they were written."""
    late, high = set(), None
    for record in records:
        if high is not None and high - BOUND_MS >= record["t"] // SIZE_MS * SIZE_MS + SIZE_MS:
            late.add(record["n"])
        high = record["t"] if high is None else max(high, record["t"])
    return late


class Repartition(WorkersTest):
    def pipeline(self, source, target, **top):
        path = super().pipeline(source, target, **top)
        config = json.loads(path.read_text())
        del config["sources"]["in"]["key"]
        config["sources"]["in"]["schema"]["g"] = "text"
        config["sources"]["in"]["event_time"].update(out_of_orderness="2s", idle_timeout="1s")
        config["operators"] = {"live": {"from": "in", "filter": "n >= 0"},
                               "counts": {"from": "live", "window": {"tumbling": "10s"}, "group_by": ["g"],
                                          "select": {"c": "count(*)", "s": "sum(n)"}}}
        return self.write("p.json", config)

    def result(self, target):
        out = {}
        for value in self.rows(target):
            row = json.loads(value)
            key = row["g"], row["window_start"]
            self.assertNotIn(key, out, "a window came twice")
            out[key] = row["c"], row["s"]
        return out

    def test_R23_windows_as_one_lane_would_give_them_whatever_the_partitions(self):
        for partitions in (1, 3, 8):
            with self.subTest(partitions):
                source, target = self.topic_pair(partitions)
                records = events(4000, partitions, 1900)
                self.put(source, records)
                self.pipeline(source, target, name=f"{partitions}")
                done = self.run_to_end("--until-end", "--drain")
                self.assertEqual(done.report["operators"]["counts"]["late"], 0)
                self.assertEqual(self.result(target), counted(records))
                self.assertEqual(done.report["operators"]["live"]["rows"], 4000)
                self.assertTrue(done.report["balanced"])

    def backfill(self, partitions, workers, disorder_ms):
        """What lies in the topic is read by that many workers, of which the first is slow: its partitions are far behind. Then the
        end closes what is open. (records, numbers of the late ones)"""
        source, target = self.topic_pair(partitions)
        records = [{**record, "n": number} for number, record in enumerate(events(3000, partitions, disorder_ms))]
        self.put(source, records)
        self.pipeline(source, target, name=f"{partitions}_{workers}", commit={"kafka": {"session.timeout.ms": "10000"}})
        runs = [self.worker(number, env={"MILLRACE_BATCH_RECORDS": "10"} if number == 0 else None) for number in range(workers)]
        group = f"connect-{self.name}"
        self.wait_until("all to be read", lambda: self.position(source, group) >= len(records), runs[0])
        for run in runs:
            run.signal(signal.SIGTERM)
        for run in runs:
            self.assertEqual(run.wait().code, 0)
        self.run_to_end("--until-end", "--drain")
        late = [json.loads(letter.value()) for letter in self.messages(f"{self.name}.counts.dead_letters")]
        return records, {one["record"]["n"] for one in late}, self.result(target)

    def from_a_file(self, records):
        """The same operators in one lane that reads one file, under the local log."""
        config = json.loads((self.folder / "p.json").read_text())
        self.write("in.jsonl", records)
        source = {key: value for key, value in config["sources"]["in"].items() if key in ("schema", "event_time")}
        self.write("file.json", {"pipeline": "file", "lanes": 1, "operators": config["operators"],
                                 "sources": {"in": {"plugin": "file", "path": "in.jsonl", **source}},
                                 "sinks": {"out": {"from": "counts", "plugin": "file", "path": "out.jsonl"}}})
        self.run_to_end("--fresh", config="file.json")
        return {(row["g"], row["window_start"]): (row["c"], row["s"]) for row in self.lines("out.jsonl")}

    def test_R43_E22_the_windows_of_one_lane_from_a_file_by_any_partitions_and_workers(self):
        for partitions, workers in MATRIX:
            with self.subTest(partitions=partitions, workers=workers):
                records, late, rows = self.backfill(partitions, workers, 1900)
                self.assertEqual(late, set())
                self.assertEqual(rows, counted(records))
                self.assertEqual(rows, self.from_a_file(records))

    def test_R23_what_was_read_is_removed_from_the_topic(self):
        source, target = self.topic_pair(2)
        records = events(1000, 6, 1900)
        self.put(source, records)
        self.pipeline(source, target)
        self.run_to_end("--until-end")
        more = events(1000, 7, 1900, first=1000)
        self.put(source, more)
        self.run_to_end("--until-end", "--drain")
        self.assertEqual(self.result(target), counted(records + more))
        consumer = ck.Consumer({"bootstrap.servers": Shared.broker.address, "group.id": "look"})
        begins = [consumer.get_watermark_offsets(ck.TopicPartition(f"{self.name}.counts.repartition", p), 10)[0] for p in range(2)]
        self.assertGreater(sum(begins), 0, begins)
        consumer.close()

    def test_R23_windows_close_by_markers_while_it_runs(self):
        """Two workers, an upstream partition without messages: it is idle, and holds nobody up."""
        source, target = self.topic_pair(4)
        records = [r for r in events(3000, 5, 1500) if r["k"] in ("key1", "key2", "key3")]
        self.put(source, records)
        self.pipeline(source, target, commit={"kafka": {"session.timeout.ms": "3000"}})
        runs = [self.worker(1), self.worker(2)]
        end = max(r["t"] for r in records)
        wanted = {key: row for key, row in counted(records).items() if key[1] < instant((end - 4000) // SIZE_MS * SIZE_MS - SIZE_MS)}
        self.assertTrue(wanted)
        self.wait_until("the windows", lambda: wanted.items() <= self.result(target).items(), runs[0])
        for run in runs:
            run.signal(signal.SIGTERM)
            self.assertEqual(run.wait().code, 0)
        self.assertLessEqual(self.result(target).items(), counted(records).items())

    def test_E22_behind_the_bound_several_workers_have_no_late_record_that_one_lane_would_not_have(self):
        """Disorder far beyond the bound."""
        for partitions, workers in MATRIX if WHOLE else [(6, 3), (2, 2), (1, 1)]:
            with self.subTest(partitions=partitions, workers=workers):
                records, late, rows = self.backfill(partitions, workers, 9000)
                self.assertTrue(late_in_one_lane(records))
                self.assertLessEqual(late, late_in_one_lane(records))
                self.assertEqual(rows, counted(record for record in records if record["n"] not in late))

    def test_what_cannot_be_cut_is_refused(self):
        source, target = self.topic_pair(1)
        config = json.loads(self.pipeline(source, target).read_text())
        tables = {"latest": {"from": "in", "group_by": ["k"], "select": {"n": "max(n)"}},
                  "per_n": {"from": "latest", "group_by": ["n"], "select": {"c": "count(*)"}}}
        both = {"both": {"from": "counts", "join": {"with": "live", "on": ["g"], "within": {"before": "1s", "after": "1s"}}}}
        for more, told in ((tables, '"per_n" keeps state'), (both, "reads from both sides of the repartition topic")):
            self.write("p.json", {**config, "operators": {**config["operators"], **more}})
            self.assert_says(self.verb("check", "p.json", code=2), told)

    def test_check_shows_stages_and_topics(self):
        source, target = self.topic_pair(1)
        self.pipeline(source, target)
        told = self.verb("check", "p.json").stdout.decode()
        self.assertIn(f"stage {self.name}.counts", told)
        self.assertIn(f"{self.name}.counts.repartition", told)


if __name__ == "__main__":
    main()
