#!/usr/bin/env python3
"""Three workers of one pipeline, killed (SIGKILL), ended (SIGTERM) and frozen (SIGSTOP past the session time-out) in turn,
and a cluster of two brokers, one of which is restarted now and then, in turn; meanwhile messages come. Then everything is counted
again from the input topic.

  chaos.py --program build/bin/millrace --plugins build/plugins --seconds 40 [--seed N] [--at-least-once]

Modelled on the way Kafka Streams tests itself: the verifier knows only the topics. Lost, duplicated and wrong rows and open
transactions must all be 0. With --at-least-once the same run must FAIL the check for duplicates, or the check is blind.
Exits 77 when there is no broker to be had.
"""
import argparse
import collections
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import broker
from case import START_MS, ck, committed, ends, read_all
from expected import NOTHING_WRONG, compare, windows

WORKERS, PARTITIONS, RATE = 3, 6, 400
BROKERS = 2
# However short the time and slow the machine: each worker meets each harm, and each broker is stopped and killed.
TURNS_MIN = {"exactly once": 20, "at least once": 6}
SIZE_MS, BOUND_MS = 5_000, 1_000
SESSION_S = 3
STUCK_S = 120
MARKERS_S = 10                                      # A transaction that is left open lasts for 60 s.


class Feed(threading.Thread):
    """Sends numbered records by key, in event time that runs with the wall clock, some behind the bound. What is in the topic counts,
    also what a retry wrote twice; so no idempotence, by which librdkafka may give up for good when a leader moves."""

    def __init__(self, address, topic, seed):
        super().__init__(daemon=True)
        self.producer = ck.Producer({"bootstrap.servers": address, "partitioner": "murmur2_random", "linger.ms": 5,
                                     "acks": "all", "message.timeout.ms": 300000})
        self.topic, self.chance, self.sent, self.over = topic, random.Random(seed), 0, threading.Event()

    def run(self):
        began = time.monotonic()
        while not self.over.is_set():
            while self.sent < (time.monotonic() - began) * RATE:
                behind = self.chance.choice((0, 0, 0, 300, 900, 6000 if self.chance.random() < .1 else 0))
                record = {"k": f"key{self.chance.randrange(40)}", "n": self.sent,
                          "t": START_MS + int(self.sent * 1000 / RATE) - behind}
                self.producer.produce(self.topic, json.dumps(record).encode(), record["k"].encode())
                self.sent += 1
            self.producer.poll(0.02)
        self.producer.flush(300)


class Chaos:
    def __init__(self, options):
        self.options, self.chance = options, random.Random(options.seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-kafka-chaos-"))
        self.brokers = self.start_brokers()
        self.address = ",".join(one.address for one in self.brokers)
        self.admin = ck.admin.AdminClient({"bootstrap.servers": self.address})
        self.workers, self.frozen, self.counts = {}, {}, collections.Counter()
        for name in ("in", "echo", "counts"):
            self.admin.create_topics([ck.admin.NewTopic(name, PARTITIONS, BROKERS)])[name].result(30)
        self.write_config()

    @staticmethod
    def start_brokers():
        """All that is written is on both; the second one's data is the first one's, or the other way round."""
        properties = {"group_min_session_timeout_ms": 1000, "offsets_topic_replication_factor": BROKERS,
                      "transaction_state_log_replication_factor": BROKERS}
        brokers = [broker.Broker(**properties)]
        try:
            brokers.append(broker.Broker(first=brokers[0], **properties))
        except BaseException:
            brokers[0].close()
            raise
        return brokers

    def write_config(self):
        brokers = self.address
        kafka = {"session.timeout.ms": str(SESSION_S * 1000), "heartbeat.interval.ms": "500"}
        sink = {"plugin": "kafka", "brokers": brokers}
        # Between two commits lies what is written twice after a kill; it should be there whenever that comes.
        every = "1s" if self.options.at_least_once else "100ms"
        (self.folder / "p.json").write_text(json.dumps({
            "pipeline": "chaos", "commit": {"log": "kafka", "brokers": brokers, "every": every, "kafka": kafka,
                                             "topics": {"replication": BROKERS}},
            "delivery": "at_least_once" if self.options.at_least_once else "exactly_once",
            "sources": {"in": {"plugin": "kafka", "brokers": brokers, "topics": "in", "key": "k",
                               "schema": {"k": "text", "n": "int8", "t": "int8"}, "on_all_idle": "hold",
                               "event_time": {"field": "t", "unit": "ms", "out_of_orderness": "1s"}}},
            "operators": {"counts": {"from": "in", "window": {"tumbling": "5s"}, "group_by": ["k"],
                                     "select": {"c": "count(*)", "s": "sum(n)", "lo": "min(n)", "hi": "max(n)"}}},
            "sinks": {"echo": {"from": "in", "topic": "echo", **sink}, "counts": {"from": "counts", "topic": "counts", **sink}}}))

    def start(self, number):
        log = open(self.folder / f"worker{number}.log", "ab")
        self.workers[number] = subprocess.Popen(
            [self.options.program, "run", "p.json", "--state", f"state{number}", "--plugins", self.options.plugins],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()

    def harm(self, turn):
        number, what = turn % WORKERS, ("kill", "end", "freeze")[(turn + turn // WORKERS) % 3]
        worker = self.workers[number]
        self.counts[what] += 1
        if what == "freeze":
            worker.send_signal(signal.SIGSTOP)
            time.sleep(SESSION_S + 1 + self.chance.random())
            worker.send_signal(signal.SIGCONT)
            return
        worker.send_signal(signal.SIGKILL if what == "kill" else signal.SIGTERM)
        code = worker.wait(90)
        if what == "end" and code != 0:
            raise AssertionError(f"worker {number} ended with {code}; see {self.folder}")
        time.sleep(self.chance.random())
        self.start(number)

    def restart_broker(self):
        turn = self.counts["broker stopped"] + self.counts["broker killed"]
        one = self.brokers[turn % BROKERS]
        if turn // BROKERS % 2 == 1:
            self.counts["broker killed"] += 1
            one.kill()
        else:
            self.counts["broker stopped"] += 1
            one.stop()
        one.start()

    def run(self):
        feed = Feed(self.address, "in", self.options.seed)
        feed.start()
        for number in range(WORKERS):
            self.start(number)
        end, turn = time.monotonic() + self.options.seconds, 0
        turns_min = TURNS_MIN["at least once" if self.options.at_least_once else "exactly once"]
        while time.monotonic() < end or turn < turns_min:
            time.sleep(1 + 2 * self.chance.random())
            if turn % 5 == 4:
                self.restart_broker()
            self.harm(turn)
            turn += 1
            if not feed.is_alive():
                raise AssertionError("nothing is sent any more")
            for number, worker in self.workers.items():
                if worker.poll() is not None:
                    raise AssertionError(f"worker {number} ended by itself with {worker.returncode}; see {self.folder}")
        feed.over.set()
        feed.join()
        self.wait_until_read()
        for worker in self.workers.values():
            worker.send_signal(signal.SIGTERM)
        for number, worker in self.workers.items():
            if worker.wait(90) != 0:
                raise AssertionError(f"worker {number} ended with {worker.returncode}; see {self.folder}")

    def wait_until_read(self):
        """As long as it goes on; nobody writes any more."""
        sent, read, since = sum(ends(self.address, "in", PARTITIONS)), 0, time.monotonic()
        while read < sent:
            time.sleep(.3)
            now = committed(self.address, "in", PARTITIONS, "connect-chaos")
            if now > read:
                read, since = now, time.monotonic()
            elif time.monotonic() - since > STUCK_S:
                raise AssertionError(f"{read} of {sent} messages were read; see {self.folder}")

    def rebalances(self):
        """How often some worker was given partitions."""
        return sum((self.folder / f"worker{number}.log").read_text(errors="replace").count("gives this worker partitions")
                   for number in range(WORKERS))

    def messages(self, topic):
        return [(m.partition(), m.value()) for m in read_all(self.address, topic, PARTITIONS)]

    def open_transactions(self):
        """Partitions whose last stable offset lies before their end, and stays there: markers of a commit that is decided
        may still be on their way."""
        for _ in range(MARKERS_S):
            found = self.undecided()
            if not found:
                break
            time.sleep(1)
        return found

    def undecided(self):
        topics = self.admin.list_topics(timeout=10).topics
        found = 0
        for topic in ("echo", "counts", "chaos.changelog"):
            both = [ends(self.address, topic, len(topics[topic].partitions), level)
                    for level in ("read_committed", "read_uncommitted")]
            found += sum(a != b for a, b in zip(*both))
        return found

    def verify(self):
        records = self.messages("in")
        sent = collections.Counter(value for _, value in records)
        echoed = collections.Counter(value for _, value in self.messages("echo"))
        echo = {"lost": sum((sent - echoed).values()), "duplicate": sum((echoed - sent).values()), "wrong": 0}
        wanted, late = windows(records, SIZE_MS, BOUND_MS, closed_only=True)
        counts = compare(wanted, [value for _, value in self.messages("counts")])
        print(f"{len(records)} messages, {len(wanted)} closed windows, {late} late; harm: {dict(self.counts)}, "
              f"rebalances: {self.rebalances()}\n"
              f"echo {echo}\ncounts {counts}\nopen transactions {self.open_transactions()}", flush=True)
        return echo, counts

    def close(self):
        for worker in self.workers.values():
            if worker.poll() is None:
                worker.kill()
                worker.wait()
        for one in reversed(self.brokers):
            one.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--plugins", required=True)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-least-once", action="store_true")
    options = parser.parse_args()
    options.program, options.plugins = (str(pathlib.Path(p).resolve()) for p in (options.program, options.plugins))
    if ck is None:
        print("skipped: python3-confluent-kafka is not installed")
        return 77
    try:
        chaos = Chaos(options)
    except broker.Unavailable as why:
        print(f"skipped: no broker: {why}")
        return 77
    try:
        chaos.run()
        echo, counts = chaos.verify()
        stuck = chaos.open_transactions()
    finally:
        chaos.close()
    if options.at_least_once:
        found = echo["duplicate"] + counts["duplicate"]
        print("the check sees duplicates" if found else "FAILED: at least once, and no duplicate was seen")
        return 0 if found and not echo["lost"] else 1
    if echo != NOTHING_WRONG or counts != NOTHING_WRONG or stuck:
        print(f"FAILED; the workers' logs are in {chaos.folder}")
        return 1
    shutil.rmtree(chaos.folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
