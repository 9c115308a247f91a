#!/usr/bin/env python3
"""R22: partitions of a topic that are merged by event time, the log's or that of a field, on a real broker.

  test_merged.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import json
import random
import signal

from case import START_MS, KafkaTest, Shared, row, start_broker, stop_broker
from program import main

NO_TIME = float("-inf")
UNUSABLE = (None, b"{", b'{"k":"a","n":-1}', b'{"k":"a","n":-1,"t":"soon"}', b'{"k":"a","n":-1,"t":4102444800000}', b'{"k":"a","n":-1,"t":-1}')
DISORDER_MS = 3000


def setUpModule():
    start_broker()


def tearDownModule():
    stop_broker()


def by_log(message):
    return message[3]


def by_field(message):
    value = message[2]
    return NO_TIME if value in UNUSABLE else json.loads(value)["t"]


def merged(logs, time):
    """Always the head with the smallest time, of equal ones that of the smaller partition; no usable time is before all."""
    logs, order = [list(log) for log in logs], []
    while any(logs):
        p = min((time(log[0]), p) for p, log in enumerate(logs) if log)[1]
        order.append(logs[p].pop(0)[2])
    return order


class ByTimestamp(KafkaTest):
    """Without a field the event time is the log's."""

    def spread(self, partitions, silent=()):
        """Messages whose times go forth and back, in partitions chosen at random."""
        rng = random.Random(22)
        topic, logs = self.topic(partitions), [[] for _ in range(partitions)]
        for n in range(3000):
            p = rng.choice([p for p in range(partitions) if p not in silent])
            logs[p].append((p, None, row(n), 10 + n // 5 + rng.choice((0, 0, -3, 2)), None))
        for log in logs:
            self.send(topic, log)
        return topic, logs

    @staticmethod
    def numbers(logs):
        return [json.loads(value)["n"] for value in merged(logs, by_log)]

    def written(self):
        return [one["n"] for one in self.lines("out.jsonl")]

    def test_R22_partitions_are_merged_by_time_whatever_arrives_first(self):
        topic, logs = self.spread(5)
        for fetch in ({}, {"fetch.message.max.bytes": 1000, "queued.min.messages": 1}):
            self.config({"topics": topic, "kafka": fetch}, max_task_idle="unlimited")
            self.run_to_end("--until-end", "--fresh")
            self.assertEqual(self.written(), self.numbers(logs))

    def test_R22_the_order_is_the_same_whenever_it_is_killed(self):
        topic, logs = self.spread(3)
        self.config({"topics": topic}, max_task_idle="unlimited")
        for at in (1, 7, 13):
            killed = self.start("--until-end", env={"MILLRACE_BATCH_RECORDS": "50", "MILLRACE_COMMIT_RECORDS": "100",
                                                    "MILLRACE_KILL_AT": f"commit.logged:{at}"})
            self.assertEqual(killed.process.wait(60), -signal.SIGKILL)
        self.run_to_end("--until-end")
        self.assertEqual(self.written(), self.numbers(logs))

    def test_R22_a_silent_partition_is_waited_for(self):
        topic, logs = self.spread(3, silent=[1])
        self.config({"topics": topic}, max_task_idle="unlimited")
        run = self.start()
        self.wait_until("the run", lambda: "exactly_once" in run.errors(), run)
        late = [(1, None, row(3000), 100, None)]
        self.send(topic, late)
        expected = self.numbers([logs[0], late, logs[2]])
        expected = expected[:expected.index(3000) + 1]
        self.wait_until("the late one", lambda: self.size("out.jsonl") and b'3000}\n' in self.read("out.jsonl"), run)
        self.assertEqual(self.written(), expected)
        run.signal()
        self.assertEqual(run.wait().code, 0)

    def test_R44_the_order_of_arrival_is_told(self):
        topic = self.topic(2)
        notes = ("in the order of their arrival", "waited for no longer than max_task_idle")
        for idle, told in (({}, [True, False]), ({"max_task_idle": "1s"}, [False, True]), ({"max_task_idle": "unlimited"}, [False, False])):
            self.config({"topics": topic}, filter="true", **idle)
            said = self.verb("check", "p.json", "--explain").stdout.decode()
            self.assertEqual([note in said for note in notes], told)


class ByField(KafkaTest):
    """Event times that the log's timestamps contradict; what depends on the order says the same as over one file."""
    SINKS = ("all", "lists", "firsts", "lasts", "sessions")

    def spread(self, partitions=3, count=2400):
        """Times with ties and with disorder, among them messages without a usable one. The log's timestamps run backwards."""
        rng = random.Random(4)
        topic, logs = self.topic(partitions), [[] for _ in range(partitions)]
        for n in range(count):
            p = rng.randrange(partitions)
            t = START_MS + n // 2 * 50 - rng.choice((0, 0, 0, 50, 700, DISORDER_MS))
            value = json.dumps({"k": rng.choice("abcdefgh"), "n": n, "t": t}).encode()
            logs[p].append((p, None, value, 2 * count - n, None))
            if rng.random() < 0.02:
                logs[p].append((p, None, rng.choice(UNUSABLE), rng.randrange(count), None))
        for log in logs:
            self.send(topic, log)
        return topic, logs

    def pipeline(self, name, source):
        source = {"schema": {"k": "text", "n": "int8", "t": "int8"},
                  "event_time": {"field": "t", "unit": "ms", "out_of_orderness": f"{DISORDER_MS}ms", "bounds": ["2000-01-01", "2099-01-01"]},
                  **source}
        operators = {
            "all": {"select": {"k": "k", "n": "n"}, "max_task_idle": "unlimited"},
            "lists": {"window": {"tumbling": "5s"}, "group_by": ["k"], "select": {"ns": "array_agg(n)"}},
            "firsts": {"dedupe": {"by": ["k"], "keep": "2s"}},
            "lasts": {"dedupe": {"by": ["k"], "keep": "2s", "which": "last"}},
            "sessions": {"window": {"session": "300ms"}, "group_by": ["k"], "select": {"first": "min(n)", "n": "count(*)"}, "emit": "update"}}
        self.write(f"{name}.json", {
            "pipeline": name, "commit": {"every": "100ms"}, "sources": {"in": source},
            "operators": {one: {"from": "in", **operator} for one, operator in operators.items()},
            "sinks": {one: {"from": one, "plugin": "file", "path": f"{name}/{one}.jsonl"} for one in self.SINKS}})
        return f"{name}.json"

    def written(self, name):
        """W is that of the slowest of three partitions, or of one file: when a session is final depends on it, and nothing else does."""
        rows = {sink: self.lines(f"{name}/{sink}.jsonl") for sink in self.SINKS}
        rows["sessions"] = [one for one in rows["sessions"] if not one.get("final")]
        return rows

    def over_one_file(self, logs):
        order = merged(logs, by_field)
        self.assertNotEqual(order, merged(logs, by_log))
        self.write("in.jsonl", b"".join((value or b"null") + b"\n" for value in order))
        done = self.run_to_end(config=self.pipeline("file", {"plugin": "file", "path": "in.jsonl"}))
        rows = self.written("file")
        self.assertEqual([one["n"] for one in rows["all"]], [json.loads(value)["n"] for value in order if value not in UNUSABLE])
        self.assertEqual(done.report["sources"]["in"]["errors"], sum(value in UNUSABLE for value in order))
        self.assertEqual(sum(counts.get("late", 0) for counts in done.report["operators"].values()), 0)
        return rows

    def over_the_topic(self, topic):
        return self.pipeline("topic", {"plugin": "kafka", "brokers": Shared.broker.address, "topics": topic})

    def test_R22_heads_are_compared_by_the_field_whatever_the_log_says(self):
        topic, logs = self.spread()
        expected = self.over_one_file(logs)
        config = self.over_the_topic(topic)
        for more in ({}, {"MILLRACE_BATCH_RECORDS": "7"}):
            done = self.run_to_end("--until-end", "--drain", "--fresh", config=config, env=more)
            self.assertEqual(self.written("topic"), expected)
            self.assertEqual(done.report["sources"]["in"]["errors"], sum(value in UNUSABLE for log in logs for _, _, value, _, _ in log))

    def test_R22_killed_anywhere_it_goes_on_in_the_same_order(self):
        topic, logs = self.spread()
        expected = self.over_one_file(logs)
        config = self.over_the_topic(topic)
        for point in ("commit.logged:1", "chunk.applied:9", "commit.prepared:4", "chunk.applied:3", "commit.logged:6"):
            killed = self.start("--until-end", config=config, env={
                "MILLRACE_BATCH_RECORDS": "50", "MILLRACE_COMMIT_RECORDS": "100", "MILLRACE_KILL_AT": point})
            self.assertEqual(killed.process.wait(60), -signal.SIGKILL)
        self.run_to_end("--until-end", "--drain", config=config)
        self.assertEqual(self.written("topic"), expected)


if __name__ == "__main__":
    main()
