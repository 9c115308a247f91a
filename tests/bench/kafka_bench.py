#!/usr/bin/env python3
"""Kafka to Kafka, as ratios within one run, by hand:

  kafka_bench.py --millrace build/bin/millrace --plugins build/plugins --ceilings build-bench/bin

One partition, one lane, JSON of 1 KB: filter and project, and a tumbling count, exactly once (kafka log, 200 ms; and the local log
through the outbox) and at least once, against a bare librdkafka consume loop. Then starts that have their state from Redis or from the changelog
alone (`--only restore`: those alone). Rates begin with the first message, or with the first commit: starts, which differ by
seconds, count in no rate. Of CPU what a start without anything to do takes is taken off. Neighbours harm the rates, hardly the CPU.
Whose the CPU is: the engine's own threads, librdkafka's, the broker's. With --latency the delay of records at half of the
throughput that was measured. With --streams the same two pipelines in Kafka Streams (streams/StreamsBench.java) on the same broker; that needs a JDK.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kafka"))

import broker                                       # noqa: E402
from case import START_MS, ck                       # noqa: E402
from servers import Redis                           # noqa: E402


# Messages per second, by the client's own clock; CPU seconds of the client, of them those of librdkafka's threads, and of the broker.
Used = collections.namedtuple("Used", "per_second cpu peak_mib rdkafka broker")
Figure = collections.namedtuple("Figure", "per_second per_cpu_second peak_mib engine rdkafka broker")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_in(stat):
    """The name and the CPU seconds that a stat file tells."""
    name, rest = stat.read_text().split("(", 1)[1].rsplit(")", 1)
    return name, sum(map(int, rest.split()[11:13])) / TICKS


def look_at_threads(pid, seen):
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            seen[stat.parent.name] = cpu_in(stat)
        except OSError:
            pass                                                        # It has ended.


class Committed:
    """When commits were, and how many messages were read until then, by a run's metrics page."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % free.getsockname()[1]
        self.seen = []

    def look(self):
        try:
            with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=1) as page:
                text, now = page.read().decode(), time.monotonic()
        except OSError:
            return                                                      # Not yet, or not any more.
        count = re.search(r'^millrace_source_records_total{[^}]*"passed"[^}]*} (\d+)', text, re.MULTILINE)
        if count and int(count[1]) > (self.seen[-1][1] if self.seen else 0):
            self.seen.append((now, int(count[1])))

    def per_second(self):
        """From the first commit to the last one that was seen; 0: there were no two."""
        if len(self.seen) < 2:
            return 0
        (began, first), (ended, last) = self.seen[0], self.seen[-1]
        return (last - first) / (ended - began)


def timed(command, folder, broker_pid, committed=None):
    """Without `committed` the program prints its own rate."""
    broker_stat, seen = pathlib.Path(f"/proc/{broker_pid}/stat"), {}
    broker_began = cpu_in(broker_stat)[1]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    ended = 0
    while not ended:
        look_at_threads(process.pid, seen)
        if committed:
            committed.look()
        time.sleep(.02)
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {process.returncode}")
    rdkafka = sum(seconds for name, seconds in seen.values() if name.startswith("rdk:"))
    printed = process.stdout.read()
    return Used(committed.per_second() if committed else float(printed or 0), used.ru_utime + used.ru_stime, used.ru_maxrss >> 10, rdkafka,
                cpu_in(broker_stat)[1] - broker_began)


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-kafka-bench-"))
        self.broker = broker.Broker(jvm=("-Xmx1g",))
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
                while len(producer) > 50000:            # A busy broker takes them more slowly than they are made.
                    producer.poll(.1)
        producer.flush(120)

    def ceiling(self):
        return self.figure(self.timed([self.tool("ceiling_kafka"), self.broker.address, "in", str(self.options.messages)]))

    def tool(self, name):
        return os.path.abspath(os.path.join(self.options.ceilings, name))

    def timed(self, command, committed=None):
        return timed(command, self.folder, self.broker.process.pid, committed)

    def figure(self, used, idle=Used(0, 0, 0, 0, 0)):
        """`idle`: a run that found nothing to do. The CPU that starting takes (a group joined, transactions begun) is taken off."""
        count = self.options.messages
        return Figure(used.per_second, count / (used.cpu - idle.cpu), used.peak_mib, used.cpu - used.rdkafka,
                      used.rdkafka, used.broker)

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
        committed = Committed()
        config = {**self.config(log, delivery, operators, name), "metrics": {"listen": committed.address}}
        (self.folder / "p.json").write_text(json.dumps(config))
        used = self.millrace(committed)
        records = json.loads((self.folder / "r.json").read_text())["sources"]["in"]["records"]
        assert records == self.options.messages, records
        return self.figure(used, self.millrace())

    def streams(self, what):
        """As run(), by Kafka Streams."""
        self.runs += 1
        name, target = f"streams{self.runs}", self.topic(f"streams{self.runs}.to")
        command = ["java", "-Xmx1g", "-cp", f"{STREAMS_JARS}/*:{self.folder}", "StreamsBench", self.broker.address, what, "in", target]
        used = self.timed([*command, name, str(self.options.messages), "streams-state"])
        # Under another name: Streams does not leave its group when it ends, and the next to join waits for the time-out.
        return self.figure(used, self.timed([*command, f"{name}.idle", "0", "streams-state"]))

    def make_streams(self):
        here = pathlib.Path(__file__).resolve().parent / "streams"
        if not STREAMS_JARS.exists():
            subprocess.run(["mvn", "-q", "-B", "-f", here / "pom.xml", "dependency:copy-dependencies", f"-DoutputDirectory={STREAMS_JARS}"],
                           check=True)
        subprocess.run(["javac", "-cp", f"{STREAMS_JARS}/*", "-d", self.folder, here / "StreamsBench.java"], check=True)

    def millrace(self, committed=None):
        return self.timed([os.path.abspath(self.options.millrace), "run", "p.json", "--until-end", "--quiet", "--report", "r.json",
                           "--plugins", os.path.abspath(self.options.plugins)], committed)

    def latency(self, delivery, rate, seconds=20):
        """From the making of a record to a read_committed consumer, at `rate` records a second: what paced_kafka prints."""
        self.runs += 1
        source = self.topic(f"paced{self.runs}")
        config = self.config("kafka", delivery, {"filter": "not bot", "select": ["n", "t", "title"]}, f"b{self.runs}")
        config["sources"]["in"].update(topics=source)
        (self.folder / "p.json").write_text(json.dumps(config))
        run = subprocess.Popen([os.path.abspath(self.options.millrace), "run", "p.json", "--quiet", "--plugins",
                                os.path.abspath(self.options.plugins)], cwd=self.folder)
        try:
            return subprocess.run([self.tool("paced_kafka"), self.broker.address, source, config["sinks"]["out"]["topic"],
                                   str(rate), str(seconds)], check=True, capture_output=True, text=True).stdout.split()
        finally:
            run.terminate()
            run.wait()

    def restore(self):
        """A state of many keys, then starts without the local copy: {where it came from: MB of state per second}, and the state's MB."""
        operators = {"window": {"tumbling": "7d"}, "group_by": ["k", "n"], "select": {"c": "count(*)", "t1": "max(title)"}}
        server = Redis(appendonly="no")
        try:
            server.start()
            self.runs += 1
            name = f"b{self.runs}"
            config = self.config("kafka", "exactly_once", operators, name)
            config["cache"] = {"redis": server.url, "timeout": "10s", "max_pending": "1GiB"}
            (self.folder / "p.json").write_text(json.dumps(config))
            self.millrace()
            self.fill_cache()
            size = sum(f.stat().st_size for f in (self.folder / ".millrace" / name).rglob("data.mdb")) / 1e6
            rates = {"Redis": self.start_bare(size, "cache_bytes")}
            server.kill()
            rates["the changelog"] = self.start_bare(size, "changelog_bytes")
            return size, rates
        finally:
            server.remove()

    def fill_cache(self):
        """A worker that runs until Redis has all of its state, by proof."""
        arguments = ["p.json", "--plugins", os.path.abspath(self.options.plugins)]
        program = os.path.abspath(self.options.millrace)
        run = subprocess.Popen([program, "run", *arguments, "--quiet"], cwd=self.folder)
        while True:
            time.sleep(1)
            shown = json.loads(subprocess.run([program, "cache", "show", *arguments, "--json"], cwd=self.folder, check=True,
                                              stdout=subprocess.PIPE).stdout)["states"]
            if shown and all(one["proven"] for one in shown):
                break
            if run.poll() is not None:
                raise AssertionError(f"the worker ended with {run.returncode}")
        run.terminate()
        run.wait()

    def start_bare(self, size, wanted):
        """MB/s of starts without the local copy, each of which must find the state where it is `wanted`."""
        rates = []
        for _ in range(self.options.rounds):
            shutil.rmtree(self.folder / ".millrace")
            self.millrace()
            [restored] = json.loads((self.folder / "r.json").read_text())["restored"]
            other = {"cache_bytes": "changelog_bytes", "changelog_bytes": "cache_bytes"}[wanted]
            assert restored[wanted] > restored[other], restored
            rates.append(size / restored["seconds"])
        return rates


PROJECT = {"filter": "not bot", "select": ["k", "n", "t", "title"]}
STREAMS_JARS = broker.JARS.parent / "streams-4.1.0"
LOOP = "bare consume loop"
RESTORE = "restore"
COUNT = {"window": {"tumbling": "10s"}, "group_by": ["k"], "select": {"c": "count(*)", "s": "sum(n)"}}


def against(found, loop, column):
    """The median of a figure over rounds, and of its ratio to the loop's in the same round."""
    rates = [getattr(one, column) for one in found]
    ratios = [rate / getattr(one, column) for rate, one in zip(rates, loop)]
    return (f"{statistics.median(rates):9.0f} {column}, {statistics.median(ratios):.2f} of the loop "
            f"({min(ratios):.2f} to {max(ratios):.2f})")


def shares(found):
    """Of all CPU that the runs took, in percent."""
    parts = {part: sum(getattr(one, part) for one in found) for part in Figure._fields[3:]}
    return ", ".join(f"{part} {100 * seconds / sum(parts.values()):.0f} %" for part, seconds in parts.items())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--millrace", required=True)
    parser.add_argument("--plugins", required=True)
    parser.add_argument("--ceilings", help="the folder of ceiling_kafka and paced_kafka; not for --only restore")
    parser.add_argument("--messages", type=int, default=2000000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="jobs whose names hold this, and the loop; or: restore")
    parser.add_argument("--streams", action="store_true", help="Kafka Streams, too")
    parser.add_argument("--latency", action="store_true", help="latency at half of the throughput, too")
    options = parser.parse_args()
    bench = Bench(options)
    try:
        bench.topic("in")
        bench.fill(options.messages)
        jobs = {LOOP: bench.ceiling}
        for what, operators in (("project", PROJECT), ("count", COUNT)):
            for log, delivery in (("kafka", "exactly_once"), ("kafka", "at_least_once"), ("local", "exactly_once")):
                jobs[f"{what}, {log} log, {delivery}"] = lambda o=operators, l=log, d=delivery: bench.run(l, d, o)
        if options.streams:
            bench.make_streams()
            for what in ("project", "count"):
                jobs[f"{what}, Kafka Streams, exactly_once_v2"] = lambda w=what: bench.streams(w)
        if options.only == RESTORE:
            jobs = {}
        figures = {name: [] for name in jobs}
        for _ in range(options.rounds):
            for name, job in jobs.items():
                if options.only in name or name == LOOP:
                    figures[name].append(job())
                    print(name, *(f"{value:.{0 if value > 99 else 2}f} {column}" for column, value in figures[name][-1]._asdict().items()), flush=True)
        for name, found in figures.items():
            if found:
                print(f"{name:36} " + ", ".join(against(found, figures[LOOP], column) for column in Figure._fields[:2])
                      + f", {max(one.peak_mib for one in found)} MiB; CPU: {shares(found)}", flush=True)
        print(f"load averages at the end: {os.getloadavg()}; {options.messages} messages, {options.rounds} rounds")
        for delivery in ("exactly_once", "at_least_once"):
            found = figures.get(f"project, kafka log, {delivery}")
            if not options.latency or not found:
                continue
            rate = int(statistics.median(one.per_second for one in found) / 2)
            median, high, most, count = bench.latency(delivery, rate)
            print(f"{delivery} at {rate} messages/s: p50 {median} ms, p99 {high} ms, at most {most} ms, of {count}; "
                  f"load {os.getloadavg()[0]}", flush=True)
        if options.only in ("", RESTORE):
            size, rates = bench.restore()
            for where, found in rates.items():
                print(f"restore from {where}: {size:.0f} MB of state, {statistics.median(found):.0f} MB/s "
                      f"({min(found):.0f} to {max(found):.0f})")
    finally:
        bench.broker.close()
        shutil.rmtree(bench.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
