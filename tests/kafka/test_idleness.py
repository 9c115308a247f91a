#!/usr/bin/env python3
"""Idleness of kafka partitions when the broker goes away (semantics R16): the end that was seen before proves nothing.

  test_idleness.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import json
import signal
import time

from case import START_MS, KafkaTest, Shared, start_broker, stop_broker
from program import main

IDLE_S = 8


def setUpModule():
    start_broker()


def tearDownModule():
    stop_broker()


def event(partition, key, seconds):
    return partition, None, json.dumps({"k": key, "n": START_MS + 1000 * seconds}).encode(), seconds, None


class Idleness(KafkaTest):
    def pipeline(self, topic, sink=None, **top):
        self.config({"topics": topic, "on_all_idle": "hold",
                     "event_time": {"field": "n", "unit": "ms", "idle_timeout": f"{IDLE_S}s"}}, sink,
                    window={"tumbling": "10s"}, group_by=["k"], select={"c": "count(*)"})
        config = json.loads((self.folder / "p.json").read_text())
        config["sinks"]["seen"] = {"from": "in", "plugin": "file", "path": "seen.jsonl"}
        self.write("p.json", {**config, **top})

    def seen(self, count, run):
        self.wait_until(f"{count} records to be committed", lambda: self.size("seen.jsonl") and len(self.lines("seen.jsonl")) == count, run)

    def counts(self):
        return sorted((row["k"], row["window_start"][17:19], row["c"]) for row in self.lines("out.jsonl"))

    def test_R16_an_end_proves_nothing_once_the_broker_is_away(self):
        """Partition 1 is far behind partition 0 when the broker goes away for longer than idle_timeout, killed and then frozen.
        What producers kept meanwhile comes for both, and is on time; idle it is only behind an end that was seen after that."""
        topic = self.topic(2)
        self.send(topic, [event(1, "slow", 1), event(0, "fast", 1), event(0, "fast", 45)])
        self.pipeline(topic)
        run = self.start()
        sent = 3
        self.seen(sent, run)
        for second, goes_away in ((2, self.killed), (4, self.frozen)):
            self.wait_until("its end", lambda: "partition 1 (at_end)" in self.held_back(run), run)
            come_back = goes_away()
            time.sleep(IDLE_S + 1)                              # The longer, the better: nothing hangs on how long it is.
            self.assertIn("partition 1 (active)", self.held_back(run), "it is not idle, nobody knows its end")
            come_back()
            self.send(topic, [event(0, "fast", 46), event(1, "slow", second), event(1, "slow", second + 1)])
            sent += 3
            self.seen(sent, run)

        def windows_close():
            self.send(topic, [event(0, "fast", 47)])            # Were both idle, W would stand still.
            return len(self.counts()) == 2
        self.wait_until("partition 1 to be idle", windows_close, run)
        self.assertEqual(self.counts(), [("fast", "00", 1), ("slow", "00", 5)])
        run.signal()
        self.assertEqual(run.wait().report["operators"]["op"]["late"], 0)

    def held_back(self, run):
        """Why windows are open, by the run's own word."""
        before = run.errors().count("held back by")
        run.signal(signal.SIGUSR1)
        self.wait_until("an answer", lambda: run.errors().count("held back by") > before, run)
        return run.errors().rsplit("held back by", 1)[1]

    @staticmethod
    def killed():
        Shared.broker.kill()
        return Shared.broker.start

    @staticmethod
    def frozen():
        Shared.broker.process.send_signal(signal.SIGSTOP)
        return lambda: Shared.broker.process.send_signal(signal.SIGCONT)


if __name__ == "__main__":
    main()
