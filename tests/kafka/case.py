"""What tests against a real broker share: the broker of the test program, topics, messages, an independent client."""
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import broker                                       # noqa: E402
from program import SystemTest                      # noqa: E402

try:
    import confluent_kafka as ck
    from confluent_kafka import admin
except ImportError:
    ck = admin = None

START_MS = 1760000400000                            # 2025-10-09T09:00:00Z
# What a client is told while a broker comes back.
PASSING = ck and {
    ck.KafkaError.NOT_COORDINATOR, ck.KafkaError.COORDINATOR_LOAD_IN_PROGRESS, ck.KafkaError.COORDINATOR_NOT_AVAILABLE,
    ck.KafkaError._TRANSPORT, ck.KafkaError._ALL_BROKERS_DOWN, ck.KafkaError._TIMED_OUT}


class Shared:
    broker = None


def start_broker(**properties):
    """For setUpModule."""
    if ck is None:
        raise unittest.SkipTest("python3-confluent-kafka is not installed")
    try:
        Shared.broker = broker.Broker(**properties)
    except broker.Unavailable as why:
        raise unittest.SkipTest(f"no broker: {why}") from None


def stop_broker():
    """For tearDownModule."""
    if Shared.broker:
        Shared.broker.close()


def ends(address, topic, partitions, isolation="read_uncommitted"):
    """Where each partition ends: with all that was written, or with all that is decided."""
    consumer = ck.Consumer({"bootstrap.servers": address, "group.id": "ends", "isolation.level": isolation})
    found = [end_of(consumer, topic, partition) for partition in range(partitions)]
    consumer.close()
    return found


def end_of(consumer, topic, partition):
    """A new topic may have no leader yet on a machine with much else to do."""
    give_up = time.monotonic() + 30
    while True:
        try:
            return consumer.get_watermark_offsets(ck.TopicPartition(topic, partition), timeout=30)[1]
        except ck.KafkaException:
            if time.monotonic() > give_up:
                raise
            time.sleep(.2)


def read_all(address, topic, partitions, isolation="read_committed"):
    """All that a consumer sees, in order of partition and offset. A commit is decided before its markers are in every
    partition: so the end is where it is for those who see everything."""
    wanted = ends(address, topic, partitions)
    consumer = ck.Consumer({"bootstrap.servers": address, "group.id": "look", "isolation.level": isolation,
                            "enable.partition.eof": True, "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    consumer.assign([ck.TopicPartition(topic, p, 0) for p in range(partitions)])
    out, ended = [], set()
    while len(ended) < partitions:
        message = consumer.poll(60)
        if message is None:
            raise AssertionError(f"{topic} does not come to its end: is a transaction open?")
        if not message.error():
            out.append(message)
        elif message.error().code() != ck.KafkaError._PARTITION_EOF:
            raise AssertionError(str(message.error()))
        elif message.offset() >= wanted[message.partition()]:
            ended.add(message.partition())
    consumer.close()
    return sorted(out, key=lambda m: (m.partition(), m.offset()))


def is_frozen(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "T"


def committed(address, topic, partitions, group):
    """What the group has committed, summed over partitions; 0 while nobody knows: the coordinator of a broker that was
    frozen or killed is found again a moment later."""
    consumer = ck.Consumer({"bootstrap.servers": address, "group.id": group})
    try:
        places = [ck.TopicPartition(topic, p) for p in range(partitions)]
        return sum(max(0, p.offset) for p in consumer.committed(places, timeout=10))
    except ck.KafkaException as why:
        if not why.args[0].retriable() and why.args[0].code() not in PASSING:
            raise
        return 0
    finally:
        consumer.close()


class KafkaTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.admin = admin.AdminClient({"bootstrap.servers": Shared.broker.address})

    def topic(self, partitions=1, **settings):
        """A new topic named for the test."""
        name = self.id().rsplit(".", 1)[-1] + f"_{len(self.topics())}"
        future = self.admin.create_topics([admin.NewTopic(name, partitions, 1, config=settings)])[name]
        future.result(30)
        self.wait_until("the topic", lambda: name in self.topics())
        return name

    def topics(self):
        return self.admin.list_topics(timeout=10).topics

    def send(self, topic, messages):
        """`messages`: (partition, key, value, seconds after START, headers)."""
        # Idempotent: what is sent again stays in its order.
        producer = ck.Producer({"bootstrap.servers": Shared.broker.address, "linger.ms": 1, "enable.idempotence": True})
        for partition, key, value, seconds, headers in messages:
            producer.produce(topic, value, key, partition, timestamp=START_MS + int(seconds * 1000), headers=headers)
        producer.flush(30)

    def messages(self, topic, isolation="read_committed"):
        return read_all(Shared.broker.address, topic, len(self.topics()[topic].partitions), isolation)

    def config(self, source, sink=None, **operator):
        sources = {"in": {"plugin": "kafka", "brokers": Shared.broker.address, "schema": {"k": "text", "n": "int8"}, **source}}
        sinks = {"out": sink or {"from": "in", "plugin": "file", "path": "out.jsonl"}}
        operators = {"op": {"from": "in", **operator}} if operator else {}
        if operator:
            sinks["out"]["from"] = "op"
        return self.write("p.json", {"pipeline": "p", "commit": {"every": "100ms"}, "sources": sources,
                                     "operators": operators, "sinks": sinks})


def row(n, key="a"):
    return json.dumps({"k": key, "n": n}).encode()


def murmur2(data):
    """As in Kafka's Java client (a public algorithm of Austin Appleby), here to check the partitioner."""
    m, length = 0x5bd1e995, len(data)
    h = (0x9747b28c ^ length) & 0xffffffff
    for at in range(0, length - length % 4, 4):
        k = int.from_bytes(data[at:at + 4], "little") * m & 0xffffffff
        k = (k ^ k >> 24) * m & 0xffffffff
        h = (h * m & 0xffffffff) ^ k
    rest = data[length - length % 4:]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & 0xffffffff
    h = (h ^ h >> 13) * m & 0xffffffff
    return h ^ h >> 15
