#!/usr/bin/env python3
"""Transactions that are ended from outside at every step of a commit: by a newer producer, by the task's next owner, by the
broker's clock, by the broker's death. The topics are then counted again (semantics R51, R53).

  test_commits.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import signal
import threading
import time

from case import Shared, ck, ends, is_frozen, start_broker, stop_broker
from program import main
from test_workers import WorkersTest, events

# Not kafka.begun: the broker knows no more of a transaction that was begun than of one that was not.
STEPS = ("kafka.rows", "kafka.changelog", "kafka.offsets", "kafka.committed")
PARTITIONS = 2


def setUpModule():
    start_broker(group_min_session_timeout_ms=1000,
                 transaction_abort_timed_out_transaction_cleanup_interval_ms=200)


def tearDownModule():
    stop_broker()


class CommitsTest(WorkersTest):
    """A worker that stands still inside a commit, and what happens to it there."""

    def shut_out(self, task):
        """A newer producer of the task's transactional.id: what the worker's has open is aborted."""
        producer = ck.Producer({"bootstrap.servers": Shared.broker.address, "transactional.id": f"{self.name}-{task}"})
        producer.init_transactions(30)

    def freeze(self, point, name, env=None, **commit):
        """A worker that stands still inside the third commit, at `point`: there is always more to come until it does."""
        source, target = self.topic_pair(PARTITIONS)
        self.pipeline(source, target, name=name, commit={"every": "20ms", "kafka": commit})
        run = self.worker(1, env={"MILLRACE_BATCH_RECORDS": "50", "MILLRACE_FREEZE_AT": point + ":3", **(env or {})})
        self.sent = 0

        def stands_still():
            self.put_more(source, 100)
            return is_frozen(run.process)
        self.wait_until("it to be frozen", stands_still, run)
        return run, source, target

    def put_more(self, source, count):
        self.put(source, events(count, self.sent, first=self.sent))
        self.sent += count

    def thaw(self, run, source, target):
        run.signal(signal.SIGCONT)
        self.put_more(source, 500)
        self.end_when_read(run, source)
        self.assert_exact(source, target)

    def is_read(self, source):
        return self.position(source, f"connect-{self.name}") >= self.sent

    def end_when_read(self, run, source):
        self.wait_until("all read", lambda: self.is_read(source), run)
        run.signal(signal.SIGTERM)
        done = run.wait()
        self.assertEqual(done.code, 0, done)


class Commits(CommitsTest):
    def test_R53_shut_out_at_every_step(self):
        for step in STEPS:
            with self.subTest(step):
                run, source, target = self.freeze(step, step)
                for task in range(PARTITIONS):
                    self.shut_out(task)
                self.thaw(run, source, target)
                self.assertIn("a task is somebody else's by now", run.errors())

    def test_R53_the_transaction_times_out(self):
        """The broker's clock ends it while the worker stands still."""
        run, source, target = self.freeze("kafka.offsets", "", **{"transaction.timeout.ms": 5000, "message.timeout.ms": 5000})
        self.assertTrue(self.is_open(), "its offsets are in a transaction")
        self.wait_until("the broker to abort it", lambda: not self.is_open())
        self.thaw(run, source, target)

    def is_open(self):
        """Whether offsets were sent in a transaction that is not decided."""
        levels = ("read_committed", "read_uncommitted")
        decided, written = (ends(Shared.broker.address, "__consumer_offsets", 1, level) for level in levels)
        return decided != written

    def test_R53_time_outs_that_no_commit_can_keep_are_refused(self):
        source, target = self.topic_pair(1)
        for told, kafka in (("5000", {"transaction.timeout.ms": 1000}), ("5000", {"message.timeout.ms": 900}),
                            ("transaction.timeout.ms", {"message.timeout.ms": 61000})):
            self.pipeline(source, target, commit={"kafka": kafka})
            self.assert_says(self.verb("check", "p.json", code=2), *kafka, told)
        self.pipeline(source, target, commit={"kafka": {"transaction.timeout.ms": 3600000}})     # Brokers allow 15 min.
        self.assert_says(self.run_to_end("--until-end", code=1), "transaction.max.timeout.ms of the broker")

    def test_a_zombie_that_wakes_inside_its_commit_writes_nothing(self):
        """Stopped past its session at every step, another worker takes over, it wakes: what it had in hand must vanish."""
        session = {"session.timeout.ms": 3000, "heartbeat.interval.ms": 500}
        for step in STEPS[:-1]:
            with self.subTest(step):
                zombie, source, target = self.freeze(step, step, **session)
                heir = self.worker(2)
                self.wait_until("the heir to have read all", lambda: self.is_read(source), heir)
                rows, joined = self.rows(target), zombie.errors().count("gives this worker")
                zombie.signal(signal.SIGCONT)
                self.wait_until("it to join again", lambda: zombie.errors().count("gives this worker") > joined, zombie)
                self.assertEqual(self.rows(target), rows)
                self.put_more(source, 500)
                self.end_when_read(heir, source)
                zombie.signal(signal.SIGTERM)
                self.assertEqual(zombie.wait().code, 0)
                self.assert_exact(source, target)

    def test_R51_a_time_out_in_commit_leaves_the_outcome_unknown(self):
        """The broker is frozen, and asked to commit: whether it has done so nobody knows until it answers a new producer. The old
        one is not used again."""
        run, source, target = self.freeze("kafka.offsets", "", env={"MILLRACE_KAFKA_COMMIT_MS": "1500"})
        Shared.broker.process.send_signal(signal.SIGSTOP)
        run.signal(signal.SIGCONT)
        try:
            self.wait_until("the commit to time out", lambda: "committing" in run.errors() and "restarting from the last commit" in run.errors(), run)
        finally:
            Shared.broker.process.send_signal(signal.SIGCONT)
        self.put_more(source, 500)
        self.end_when_read(run, source)
        self.assert_exact(source, target)

    def test_R51_the_broker_dies_before_the_commit_is_asked_for(self):
        run, source, target = self.freeze("kafka.offsets", "")
        Shared.broker.kill()
        Shared.broker.start()
        self.thaw(run, source, target)

    def test_R51_the_broker_dies_while_it_commits(self):
        """Before, between or behind what the coordinator writes: whatever became of the commit, it is settled."""
        run, source, target = self.freeze("kafka.offsets", "")
        run.signal(signal.SIGCONT)
        time.sleep(.004)
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

        threads = [threading.Thread(target=fence, args=(task,), daemon=True) for task in range(PARTITIONS)]
        for thread in threads:
            thread.start()
        self.addCleanup(over.set)
        self.sent = 0

        def many():
            """There is always something to commit, or nobody would notice."""
            self.put_more(source, 100)
            return min(fenced) > 4 and run.errors().count("somebody else's by now") > 4
        self.wait_until("many to be shut out", many, run)
        over.set()
        for thread in threads:
            thread.join()
        self.end_when_read(run, source)
        self.assert_exact(source, target)


if __name__ == "__main__":
    main()
