#!/usr/bin/env python3
"""What Millrace writes, as others see it: Kafka's own command-line programs (Java) and kcat (C).

  test_interoperation.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import json
import shutil
import subprocess
import unittest

from case import START_MS, KafkaTest, Shared, ck, start_broker, stop_broker
from program import main
from test_workers import WorkersTest, events

PARTITIONS = 7
# Of every length modulo 4, and bytes beyond ASCII: where versions of murmur2 differ.
KEYS = sorted({("käse-" * 4)[:1 + n % 19] + str(n) for n in range(300)})


def setUpModule():
    start_broker()


def tearDownModule():
    stop_broker()


class Readers(WorkersTest):
    """An exactly-once count; beside its rows those of a transaction that was aborted, which nobody may see."""

    def written(self, partitions=4):
        source, target = self.topic_pair(partitions)
        self.put(source, events(1000, 12))
        self.pipeline(source, target)
        self.run_to_end("--until-end")
        aborted = ck.Producer({"bootstrap.servers": Shared.broker.address, "transactional.id": self.name + "aborted"})
        aborted.init_transactions(60)
        aborted.begin_transaction()
        for partition in range(partitions):
            aborted.produce(target, b'{"aborted": true}', b"aborted", partition)
        aborted.flush(60)
        aborted.abort_transaction(60)
        rows = sorted((m.partition(), m.key().decode(), m.value().decode()) for m in self.messages(target))
        self.assertTrue(rows)
        self.assertEqual([json.loads(value)["k"] for _, _, value in rows], [key for _, key, _ in rows])
        return source, target, rows

    def test_kafkas_console_consumer_reads_rows_keys_and_partitions(self):
        _, target, rows = self.written()
        read = Shared.broker.tool("consumer.ConsoleConsumer", "--topic", target, "--from-beginning", "--isolation-level", "read_committed",
                                  "--property", "print.partition=true", "--property", "print.key=true", "--property", "key.separator=|",
                                  "--max-messages", str(len(rows)), "--timeout-ms", "60000")
        found = [line.split("|", 2) for line in read.splitlines()]
        self.assertEqual(sorted((int(partition.removeprefix("Partition:")), key, value) for partition, key, value in found), rows)

    @unittest.skipUnless(shutil.which("kcat"), "kcat is not installed")
    def test_kcat_reads_rows_keys_and_partitions_to_the_end(self):
        _, target, rows = self.written()
        read = subprocess.run(["kcat", "-C", "-b", Shared.broker.address, "-t", target, "-e", "-q", "-f", "%p|%k|%s\\n",
                               "-X", "isolation.level=read_committed"], stdout=subprocess.PIPE, check=True).stdout.decode()
        found = [line.split("|", 2) for line in read.splitlines()]
        self.assertEqual(sorted((int(partition), key, value) for partition, key, value in found), rows)

    def test_kafka_consumer_groups_shows_the_group_and_its_lag(self):
        source, _, _ = self.written()
        self.assertEqual(self.lags(source), [0] * 4)
        self.put(source, events(300, 13, first=1000))
        self.assertEqual(sum(self.lags(source)), 300)
        self.run_to_end("--until-end")
        self.assertEqual(self.lags(source), [0] * 4)

    def lags(self, source):
        told = Shared.broker.tool("consumer.group.ConsumerGroupCommand", "--describe", "--group", f"connect-{self.name}")
        return [int(line.split()[5]) for line in told.splitlines() if f" {source} " in line]


class Partitioner(KafkaTest):
    def test_keys_go_where_javas_own_producer_sends_them(self):
        """The same keys by Kafka's console producer, with the partitioner of its client."""
        by_java = self.topic(PARTITIONS)
        Shared.broker.tool("ConsoleProducer", "--topic", by_java, "--property", "parse.key=true", "--property", "key.separator=|",
                           fed="".join(f"{key}|x\n" for key in KEYS))
        wanted = {m.key(): m.partition() for m in self.messages(by_java)}
        self.assertEqual(sorted(key.decode() for key in wanted), KEYS)
        self.assertEqual(set(wanted.values()), set(range(PARTITIONS)))
        source = self.topic()
        self.send(source, [(0, key.encode(), json.dumps({"k": key, "n": START_MS}).encode(), 0, None) for key in KEYS])
        for log in ("local", "kafka"):
            with self.subTest(log):
                target = self.topic(PARTITIONS)
                config = json.loads(self.config({"topics": source}, {"plugin": "kafka", "brokers": Shared.broker.address,
                                                                     "topic": target, "from": "in"}).read_text())
                config["pipeline"] = f"partitions_{log}"
                if log == "kafka":
                    config["commit"].update(log="kafka", brokers=Shared.broker.address)
                self.write("p.json", config)
                self.run_to_end("--until-end")
                self.assertEqual({m.key(): m.partition() for m in self.messages(target)}, wanted)


if __name__ == "__main__":
    main()
