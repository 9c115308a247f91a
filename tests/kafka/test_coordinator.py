#!/usr/bin/env python3
"""Coordinators that move and die inside a commit: a cluster of two brokers (semantics R51, R53).

The first broker has the controller and the pipeline's topics. The coordinator of transactions is whoever leads
__transaction_state, that of groups who leads __consumer_offsets: one partition each, on one broker, which Kafka's own tool
moves to the other.

  test_coordinator.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import itertools
import signal

import broker
from case import Shared, admin, ck, ends, start_broker, stop_broker
from program import main
from test_commits import PARTITIONS, CommitsTest

TRANSACTIONS, GROUPS = "__transaction_state", "__consumer_offsets"
FIRST, SECOND = 1, 2


class Second:
    broker = None


def setUpModule():
    start_broker(group_min_session_timeout_ms=1000)
    Second.broker = broker.Broker(first=Shared.broker)


def tearDownModule():
    if Second.broker:
        Second.broker.close()
    stop_broker()


class Coordinators(CommitsTest):
    numbers = itertools.count()    # Of topics: what one broker knows of the other's comes late.

    def setUp(self):
        super().setUp()
        self.make_internal_topics()
        self.move(FIRST, TRANSACTIONS, GROUPS)

    def make_internal_topics(self):
        """They are made when they are first asked for."""
        producer = ck.Producer({"bootstrap.servers": Shared.broker.address, "transactional.id": "first"})
        producer.init_transactions(60)
        self.wait_until("the group's topic", lambda: GROUPS in self.topics() or self.position(TRANSACTIONS, "first"))

    def topic(self, partitions=1, **settings):
        name = self.id().rsplit(".", 1)[-1] + f"_{next(self.numbers)}"
        self.make(name, partitions, settings)
        return name

    def pipeline(self, source, target, name="w", **top):
        path = super().pipeline(source, target, name, **top)
        self.make(f"{self.name}.changelog", PARTITIONS, {"cleanup.policy": "compact"})
        self.make(f"{self.name}.dead_letters", 1, {})
        return path

    def make(self, name, partitions, settings):
        """A topic on the first broker alone."""
        new = admin.NewTopic(name, partitions, replica_assignment=[[FIRST]] * partitions, config=settings)
        self.admin.create_topics([new])[name].result(30)
        self.wait_until("the topic", lambda: name in self.topics())

    def move(self, node, *topics):
        """Their only replica goes to that broker, which leads from then on."""
        partitions = [{"topic": topic, "partition": 0, "replicas": [node]} for topic in topics]
        path = self.write("move.json", {"version": 1, "partitions": partitions})
        Shared.broker.tool("reassign.ReassignPartitionsCommand", "--reassignment-json-file", str(path), "--execute")
        self.wait_until(f"{node} to lead {topics}", lambda: all(self.leader(topic) == node for topic in topics))

    def leader(self, topic):
        return self.topics()[topic].partitions[0].leader

    def test_R53_coordinators_move_inside_a_commit(self):
        """Before the offsets go to the group's, and before the commit is asked for."""
        for step, node, *moved in (("kafka.changelog", SECOND, GROUPS), ("kafka.offsets", SECOND, TRANSACTIONS),
                                   ("kafka.offsets", FIRST, TRANSACTIONS, GROUPS)):
            with self.subTest(f"{step} {moved}"):
                run, source, target = self.freeze(step, f"{step}{node}")
                self.move(node, *moved)
                self.thaw(run, source, target)

    def test_R53_coordinators_move_to_and_fro_while_it_commits(self):
        source, target = self.topic_pair(2)
        self.pipeline(source, target, commit={"every": "20ms"})
        run = self.worker(1)
        self.sent = 0
        for node, *topics in ((SECOND, TRANSACTIONS), (SECOND, GROUPS), (FIRST, TRANSACTIONS, GROUPS)):
            read = self.position(source, f"connect-{self.name}")

            def goes_on(read=read):
                self.put_more(source, 100)
                return self.position(source, f"connect-{self.name}") > read
            self.wait_until("it to go on", goes_on, run)
            self.move(node, *topics)
        self.end_when_read(run, source)
        self.assert_exact(source, target)

    def test_R51_the_broker_is_killed_between_prepare_and_commit(self):
        """The group's coordinator is frozen, so the transaction's has written down that it commits, and cannot complete it: it is
        killed there. Its successor completes what was prepared."""
        self.move(SECOND, GROUPS)
        run, source, target = self.freeze("kafka.offsets", "")
        changelog = f"{self.name}.changelog"
        decided = self.decided(changelog)
        Second.broker.process.send_signal(signal.SIGSTOP)
        try:
            run.signal(signal.SIGCONT)
            self.wait_until("it to be prepared", lambda: self.decided(changelog) > decided, run)
            Shared.broker.kill()
            Shared.broker.start()
        finally:
            Second.broker.process.send_signal(signal.SIGCONT)
        self.put_more(source, 500)
        self.end_when_read(run, source)
        self.assert_exact(source, target)

    def decided(self, topic):
        return sum(ends(Shared.broker.address, topic, PARTITIONS, "read_committed"))


if __name__ == "__main__":
    main()
