#!/usr/bin/env python3
"""Transactions that are ended from outside at every step of a commit: by a newer producer, by the broker's clock, by the
broker's death. The topics are then counted again (semantics R51, R53).

  test_commits.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import json
import signal
import threading
import time

from case import Shared, ck, start_broker, stop_broker
from program import main
from test_workers import WorkersTest, events

STEPS = ("kafka.begun", "kafka.rows", "kafka.changelog", "kafka.offsets", "kafka.committed")
PARTITIONS = 2


def setUpModule():
    start_broker(group_min_session_timeout_ms=1000,
                 transaction_abort_timed_out_transaction_cleanup_interval_ms=200)


def tearDownModule():
    stop_broker()


def is_frozen(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "T"


class CommitsTest(WorkersTest):
    def pipeline(self, *topics, **keys):
        """Without idleness: a broker that is away for 30 s would make its partitions idle, and what comes behind that late."""
        path = super().pipeline(*topics, **keys)
        config = json.loads(path.read_text())
        config["sources"]["in"]["event_time"]["idle_timeout"] = "none"
        self.write("p.json", config)
        return path

    def shut_out(self, task):
        """A newer producer of the task's transactional.id: what the worker's has open is aborted."""
        producer = ck.Producer({"bootstrap.servers": Shared.broker.address, "transactional.id": f"{self.name}-{task}"})
        producer.init_transactions(30)

    def freeze(self, point, name, **commit):
        """A worker that stands still inside the third commit or so, at `point`."""
        source, target = self.topic_pair(PARTITIONS)
        self.put(source, events(1500, 41))
        self.pipeline(source, target, name=name, commit={"every": "20ms", "kafka": commit})
        run = self.start(env={"MILLRACE_BATCH_RECORDS": "50", "MILLRACE_FREEZE_AT": point + ":3"})
        self.wait_until("it to be frozen", lambda: is_frozen(run.process), run)
        return run, source, target

    def thaw(self, run, source, target):
        run.signal(signal.SIGCONT)
        self.put(source, events(500, 42, first=1500))
        self.wait_until("all read", lambda: self.position(source, f"connect-{self.name}") >= 2000, run)
        run.signal(signal.SIGTERM)
        done = run.wait()
        self.assertEqual(done.code, 0, done)
        self.assert_exact(source, target)
        return done


class Commits(CommitsTest):
    def test_R53_shut_out_at_every_step(self):
        for step in STEPS:
            with self.subTest(step):
                run, source, target = self.freeze(step, step)
                for task in range(PARTITIONS):
                    self.shut_out(task)
                self.assert_says(self.thaw(run, source, target), "a task is somebody else's by now")

    def test_R53_the_transaction_times_out(self):
        for step in ("kafka.changelog", "kafka.offsets"):
            with self.subTest(step):
                run, source, target = self.freeze(step, step, **{"transaction.timeout.ms": 1000, "message.timeout.ms": 900})
                time.sleep(2)
                self.thaw(run, source, target)

    def test_R51_the_broker_dies_before_the_commit_is_asked_for(self):
        run, source, target = self.freeze("kafka.offsets", "")
        Shared.broker.kill()
        Shared.broker.start()
        self.thaw(run, source, target)

    def test_R51_the_broker_dies_while_it_commits(self):
        """Before, between and behind what the coordinator writes: whatever became of the commit, it is settled."""
        for after_ms in (2, 8):
            with self.subTest(after_ms):
                run, source, target = self.freeze("kafka.offsets", f"{after_ms}")
                run.signal(signal.SIGCONT)
                time.sleep(after_ms / 1000)
                Shared.broker.kill()
                Shared.broker.start()
                self.thaw(run, source, target)

    def test_R53_shut_out_again_and_again(self):
        """Producers are thrown away with messages in hand, many times: nothing is lost, repeated or harmed."""
        source, target = self.topic_pair(PARTITIONS)
        self.pipeline(source, target, commit={"every": "10ms"})
        run = self.start()
        over, fenced = threading.Event(), [0] * PARTITIONS

        def fence(task):
            while not over.wait(.05 + .05 * task):
                self.shut_out(task)
                fenced[task] += 1

        threads = [threading.Thread(target=fence, args=(task,)) for task in range(PARTITIONS)]
        for thread in threads:
            thread.start()
        for turn in range(100):
            self.put(source, events(100, turn, first=100 * turn))
        self.wait_until("many to be shut out", lambda: run.errors().count("somebody else's by now") > 8, run)
        over.set()
        for thread in threads:
            thread.join()
        self.assertGreater(min(fenced), 8)
        self.wait_until("all read", lambda: self.position(source, f"connect-{self.name}") >= 10000, run)
        run.signal(signal.SIGTERM)
        done = run.wait()
        self.assertEqual(done.code, 0, done)
        self.assert_exact(source, target)


if __name__ == "__main__":
    main()
