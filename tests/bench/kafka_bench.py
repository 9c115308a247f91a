#!/usr/bin/env python3
"""Kafka to Kafka, as ratios within one run, by hand:

  kafka_bench.py --millrace build/bin/millrace --plugins build/plugins --ceiling build-bench/bin/ceiling_kafka

One partition, one lane, JSON of 1 KB: filter and project, and a tumbling count, exactly once (kafka log, 200 ms; and the local log
through the outbox) and at least once, against a bare librdkafka consume loop. Then a restore from the changelog alone.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kafka"))

import broker                                       # noqa: E402
from case import START_MS, ck                       # noqa: E402


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-kafka-bench-"))
        self.broker = broker.Broker()
        self.admin = ck.admin.AdminClient({"bootstrap.servers": self.broker.address})
        self.runs = 0

    def topic(self, name):
        self.admin.create_topics([ck.admin.NewTopic(name, 1, 1)])[name].result(30)
        return name

    def fill(self, count):
        """Records of about 1 KB, 500 a second of event time."""
        chance = random.Random(1)
        filler = "x" * 820
        producer = ck.Producer({"bootstrap.servers": self.broker.address, "linger.ms": 50, "batch.num.messages": 10000})
        for i in range(count):
            key = f"user-{chance.randrange(1000)}"
            producer.produce("in", json.dumps({"k": key, "n": i, "t": START_MS + 2 * i, "bot": chance.random() < .5,
                                               "title": f"title {i % 977}", "rest": filler}).encode(), key.encode())
            if i % 1000 == 0:
                producer.poll(0)
        producer.flush(120)

    def ceiling(self):
        out = subprocess.run([self.options.ceiling, self.broker.address, "in", str(self.options.messages)], check=True,
                             stdout=subprocess.PIPE, text=True).stdout.split()
        return int(out[0]) / float(out[2]), None

    def config(self, log, delivery, operators, name):
        brokers = self.broker.address
        commit = {"log": "kafka", "brokers": brokers, "every": "200ms"} if log == "kafka" else {"every": "200ms"}
        return {"pipeline": name, "commit": commit, "delivery": delivery, "lanes": 1,
                "sources": {"in": {"plugin": "kafka", "brokers": brokers, "topics": "in", "key": "k",
                                   "schema": {"k": "text", "n": "int8", "t": "int8", "bot": "bool", "title": "text"},
                                   "event_time": {"field": "t", "unit": "ms"}}},
                "operators": {"op": {"from": "in", **operators}},
                "sinks": {"out": {"from": "op", "plugin": "kafka", "brokers": brokers, "topic": self.topic(f"{name}.to")}}}

    def run(self, log, delivery, operators):
        self.runs += 1
        name = f"b{self.runs}"
        (self.folder / "p.json").write_text(json.dumps(self.config(log, delivery, operators, name)))
        report = self.millrace()
        self.last = name
        # What starting costs (a group joined, transactions begun) is told by a run that finds nothing to do.
        seconds = report["wall_seconds"] - self.millrace()["wall_seconds"]
        return report["sources"]["in"]["records"] / seconds, report

    def millrace(self, *arguments):
        subprocess.run([os.path.abspath(self.options.millrace), "run", "p.json", "--until-end", "--quiet", "--report", "r.json",
                        "--plugins", os.path.abspath(self.options.plugins), *arguments], cwd=self.folder, check=True)
        return json.loads((self.folder / "r.json").read_text())

    def restore(self):
        """A state of many keys, then a start without the local copy."""
        operators = {"window": {"tumbling": "7d"}, "group_by": ["k", "n"], "select": {"c": "count(*)", "t1": "max(title)"}}
        self.run("kafka", "exactly_once", operators)
        warm = self.millrace()
        size = sum(f.stat().st_size for f in (self.folder / ".millrace" / self.last).rglob("data.mdb"))
        shutil.rmtree(self.folder / ".millrace")
        cold = self.millrace()
        seconds = max(1e-3, cold["wall_seconds"] - warm["wall_seconds"])
        return size / 1e6, seconds


PROJECT = {"filter": "not bot", "select": ["k", "n", "t", "title"]}
COUNT = {"window": {"tumbling": "10s"}, "group_by": ["k"], "select": {"c": "count(*)", "s": "sum(n)"}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--millrace", required=True)
    parser.add_argument("--plugins", required=True)
    parser.add_argument("--ceiling", required=True)
    parser.add_argument("--messages", type=int, default=400000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    bench = Bench(options)
    try:
        bench.topic("in")
        bench.fill(options.messages)
        jobs = {"bare consume loop": bench.ceiling}
        for what, operators in (("project", PROJECT), ("count", COUNT)):
            for log, delivery in (("kafka", "exactly_once"), ("kafka", "at_least_once"), ("local", "exactly_once")):
                jobs[f"{what}, {log} log, {delivery}"] = lambda o=operators, l=log, d=delivery: bench.run(l, d, o)
        rates, memory = {name: [] for name in jobs}, {}
        for _ in range(options.rounds):
            for name, job in jobs.items():
                rate, report = job()
                rates[name].append(rate)
                if report:
                    memory[name] = max(memory.get(name, 0), report["peak_rss_bytes"] >> 20)
        ceiling = statistics.median(rates["bare consume loop"])
        for name, found in rates.items():
            rate = statistics.median(found)
            print(f"{name:40} {rate:10.0f}/s  {rate / ceiling:5.2f} of the loop  ({min(found):.0f} to {max(found):.0f})"
                  + (f", {memory[name]} MiB" if name in memory else ""), flush=True)
        size, seconds = bench.restore()
        print(f"restore from the changelog: {size:.0f} MB in {seconds:.1f} s, {size / seconds:.0f} MB/s")
    finally:
        bench.broker.close()
        shutil.rmtree(bench.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
