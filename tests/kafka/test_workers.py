#!/usr/bin/env python3
"""The kafka commit log and workers that share a pipeline, against a real broker, checked by an independent client.

  test_workers.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import json
import random
import shutil
import signal
import urllib.request

import broker
from case import START_MS, KafkaTest, Shared, ck, committed, start_broker, stop_broker
from expected import NOTHING_WRONG, compare, windows
from program import main

SIZE_MS, BOUND_MS = 10_000, 2_000
BACK_SOON = {"reconnect.backoff.max.ms": 500}       # Of a broker that was away; librdkafka's own choice is 10 s.
# Who was killed and comes back under its name need not wait until the group has forgotten it.
STATIC = {"group.instance.id": "one"}


def setUpModule():
    start_broker(group_min_session_timeout_ms=1000, log_cleaner_enable="true", log_cleaner_backoff_ms=200)


def tearDownModule():
    stop_broker()


def events(count, seed, keys=17, first=0):
    """Records with event times that rise, with disorder beyond the bound now and then."""
    chance = random.Random(seed)
    for i in range(first, first + count):
        behind = chance.choice((0, 0, 0, 500, 1500, 1900, 9000 if chance.random() < .1 else 0))
        yield {"k": f"key{chance.randrange(keys)}", "n": chance.randrange(1000), "t": START_MS + 40 * i - behind}


class WorkersTest(KafkaTest):
    def put(self, topic, records):
        """By key, as Java clients would."""
        producer = ck.Producer({"bootstrap.servers": Shared.broker.address, "partitioner": "murmur2_random",
                                "linger.ms": 5})
        for record in records:
            producer.produce(topic, json.dumps(record).encode(), record["k"].encode())
            producer.poll(0)
        producer.flush(60)

    def pipeline(self, source, target, name="w", **top):
        """A keyed tumbling count from topic to topic, under the kafka log."""
        brokers = Shared.broker.address
        commit = {"log": "kafka", "brokers": brokers, "every": "50ms", **top.pop("commit", {})}
        commit["kafka"] = {**BACK_SOON, **commit.get("kafka", {})}
        self.name = self.id().rsplit(".", 1)[-1] + name
        self.write("p.json", {
            "pipeline": self.name, "commit": commit,
            # A quiet partition stays as it is, however long a slow machine makes the quiet: no clock moves W.
            "sources": {"in": {"plugin": "kafka", "brokers": brokers, "topics": source, "key": "k", "on_all_idle": "hold",
                               "kafka": BACK_SOON, "schema": {"k": "text", "n": "int8", "t": "int8"},
                               "event_time": {"field": "t", "unit": "ms", "out_of_orderness": "2s"}}},
            "operators": {"counts": {"from": "in", "window": {"tumbling": "10s"}, "group_by": ["k"],
                                     "select": {"c": "count(*)", "s": "sum(n)", "lo": "min(n)", "hi": "max(n)"}}},
            "sinks": {"out": {"from": "counts", "plugin": "kafka", "brokers": brokers, "topic": target}}, **top})
        return self.folder / "p.json"

    def topic_pair(self, partitions=4):
        return self.topic(partitions), self.topic(partitions)

    def wanted(self, source, closed_only=True):
        return windows([(m.partition(), m.value()) for m in self.messages(source)], SIZE_MS, BOUND_MS, closed_only)

    def rows(self, target):
        return [m.value() for m in self.messages(target)]

    def assert_exact(self, source, target, closed_only=True):
        wanted, _ = self.wanted(source, closed_only)
        self.assertTrue(wanted)
        self.assertEqual(compare(wanted, self.rows(target)), NOTHING_WRONG)

    def worker(self, number, *arguments, env=None):
        """One of several on this machine: each has a state directory of its own."""
        run = self.start("--state", f"state{number}", "--report", f"report{number}.json", *arguments, env=env)
        # Each has a log of its own, too.
        run.stderr_path = run.stderr_path.rename(self.folder / f"stderr{number}.{len(self.started)}.txt")
        return run

    def position(self, topic, group):
        return committed(Shared.broker.address, topic, len(self.topics()[topic].partitions), group)


class OneWorker(WorkersTest):
    def test_R53_counts_and_goes_on_where_it_stopped(self):
        source, target = self.topic_pair()
        self.put(source, events(3000, 1))
        self.pipeline(source, target)
        done = self.run_to_end("--until-end")
        self.assert_exact(source, target)
        self.assertEqual(done.report["sources"]["in"]["records"], 3000)
        self.assertTrue(done.report["balanced"])
        self.assertEqual(done.report["sinks"]["out"]["delivery"], "exactly_once")
        self.assertEqual(self.position(source, f"connect-{self.name}"), 3000)
        self.put(source, events(2000, 2, first=3000))
        done = self.run_to_end("--until-end")
        self.assertEqual(done.report["sources"]["in"]["records"], 2000)
        self.assertEqual(done.report["total"]["sources"]["in"]["records"], 5000)
        self.assert_exact(source, target)

    def test_R34_the_end_closes_all_windows_when_asked_to(self):
        source, target = self.topic_pair()
        self.put(source, events(1000, 3))
        self.pipeline(source, target)
        self.run_to_end("--until-end", "--drain")
        self.assert_exact(source, target, closed_only=False)

    def test_R35_restored_from_the_changelog_alone(self):
        """One of the tasks is restored, the others not, when it is killed."""
        source, target = self.topic_pair()
        self.put(source, events(2000, 4))
        self.pipeline(source, target, commit={"kafka": STATIC})
        self.run_to_end("--until-end")
        shutil.rmtree(self.folder / ".millrace")
        self.put(source, events(2000, 5, first=2000))
        half = self.start("--until-end", env={"MILLRACE_KILL_AT": "restore.flushed:2"}).wait()
        self.assertLess(half.code, 0, half)
        done = self.run_to_end("--until-end", "--drain")        # so that all windows show what was restored
        self.assertEqual(done.report["sources"]["in"]["records"], 2000)
        self.assert_exact(source, target, closed_only=False)

    def test_R35_a_restore_that_was_cut_half_way_through_a_partition_goes_on(self):
        """More state than a restore holds in memory: 20 MB of open windows, of which each shows its own."""
        source, target = self.topic_pair(1)
        records = [{"k": f"key{i}", "n": i, "t": START_MS, "pad": f"{i:07}" * 150} for i in range(20000)]
        self.put(source, records)
        config = json.loads(self.pipeline(source, target, commit={"kafka": STATIC}).read_text())
        config["sources"]["in"]["schema"]["pad"] = "text"
        config["operators"]["counts"]["select"] = {"n": "sum(n)", "pad": "max(pad)"}
        self.write("p.json", config)
        self.run_to_end("--until-end")
        shutil.rmtree(self.folder / ".millrace")
        half = self.start("--until-end", env={"MILLRACE_KILL_AT": "restore.flushed:1"}).wait()
        self.assertLess(half.code, 0, half)
        done = self.run_to_end("--until-end", "--drain")
        self.assertEqual(done.report["sources"]["in"]["records"], 0)
        restored = [json.loads(row) for row in self.rows(target)]
        self.assertEqual(sorted((row["k"], row["n"], row["pad"]) for row in restored),
                         sorted((record["k"], record["n"], record["pad"]) for record in records))

    def test_R35_restored_from_a_compacted_changelog(self):
        source, target = self.topic_pair(1)
        self.pipeline(source, target)
        changelog = f"{self.name}.changelog"
        eager = {"cleanup.policy": "compact", "segment.ms": "100", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "0"}
        self.admin.create_topics([ck.admin.NewTopic(changelog, 1, 1, config=eager)])[changelog].result(30)
        self.wait_until("the topic", lambda: changelog in self.topics())
        for turn in range(4):
            self.put(source, events(1000, 20 + turn, first=1000 * turn))
            self.run_to_end("--until-end", env={"MILLRACE_BATCH_RECORDS": "50", "MILLRACE_COMMIT_RECORDS": "100"})

        def compacted():
            """Of 40 commits, most records of the commit itself are gone, and of closed windows the tombstones too."""
            return len([m for m in self.messages(changelog) if m.key() == b"m\0\0"]) < 20
        self.wait_until("compaction", compacted)
        shutil.rmtree(self.folder / ".millrace")
        self.put(source, events(1000, 30, first=4000))
        done = self.run_to_end("--until-end", "--drain")
        self.assertEqual(done.report["sources"]["in"]["records"], 1000)
        self.assert_exact(source, target, closed_only=False)

    def test_metrics_show_lag_commits_and_rebalances(self):
        source, target = self.topic_pair(2)
        self.put(source, events(500, 14))
        port = broker.free_port()
        self.pipeline(source, target, metrics={"listen": f"127.0.0.1:{port}"})
        run = self.start()
        self.wait_until("all read", lambda: self.position(source, f"connect-{self.name}") >= 500, run)
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30).read().decode()
        for partition in range(2):
            self.assertRegex(page, rf'millrace_kafka_lag{{[^}}]*partition="{partition}"[^}}]*}} 0\b')
        self.assertRegex(page, r"millrace_kafka_rebalances_total{[^}]*} [1-9]")
        self.assertRegex(page, r"millrace_kafka_commit_seconds{[^}]*} 0?\.?[0-9]")
        self.assertRegex(page, r'millrace_watermark_seconds{[^}]*task="1"')
        run.signal(signal.SIGTERM)
        self.assertEqual(run.wait().code, 0)

    def test_R51_R57_killed_at_every_step_of_a_commit(self):
        for point in ("kafka.begun", "kafka.rows", "kafka.changelog", "kafka.offsets", "kafka.committed", "commit.logged"):
            with self.subTest(point):
                source, target = self.topic_pair(2)
                self.put(source, events(1500, 6))
                self.pipeline(source, target, name=point, commit={"kafka": STATIC})
                killed = self.start("--until-end", env={"MILLRACE_KILL_AT": f"{point}:3",
                                                        "MILLRACE_BATCH_RECORDS": "100",
                                                        "MILLRACE_COMMIT_RECORDS": "200"}).wait()
                self.assertLess(killed.code, 0, killed)
                self.run_to_end("--until-end")
                self.assert_exact(source, target)

    def test_R14_what_fails_goes_to_the_dead_letters_with_the_reason(self):
        source, target = self.topic_pair(1)
        producer = ck.Producer({"bootstrap.servers": Shared.broker.address})
        good = {"k": "a", "n": 1, "t": START_MS}
        producer.produce(source, json.dumps(good).encode(), b"a")
        producer.produce(source, json.dumps(good).encode(), b"b")          # the message key is not the field
        producer.produce(source, b"{", b"a")
        producer.flush(30)
        self.pipeline(source, target)
        done = self.run_to_end("--until-end", "--drain")
        self.assertEqual(done.report["sources"]["in"]["errors"], 2)
        letters = self.messages(f"{self.name}.dead_letters")
        self.assertEqual(len(letters), 2)
        headers = dict(letters[0].headers())
        self.assertEqual(headers["millrace.operator"], b"in")
        self.assertIn(b"message key", headers["millrace.reason"])
        self.assertEqual(json.loads(letters[0].value())["position"], 1)
        self.assertEqual([json.loads(row)["c"] for row in self.rows(target)], [1])

    def test_topics_are_made_and_checked(self):
        source, target = self.topic_pair(3)
        self.pipeline(source, target)
        self.run_to_end("--until-end")
        made = self.topics()
        self.assertEqual(len(made[f"{self.name}.changelog"].partitions), 3)
        resource = ck.admin.ConfigResource(ck.admin.ConfigResource.Type.TOPIC, f"{self.name}.changelog")
        settings = self.admin.describe_configs([resource])[resource].result(10)
        self.assertEqual(settings["cleanup.policy"].value, "compact")
        self.pipeline(source, target, name="other")
        self.admin.create_topics([ck.admin.NewTopic(f"{self.name}.changelog", 3, 1)])[f"{self.name}.changelog"].result(10)
        self.wait_until("the topic", lambda: f"{self.name}.changelog" in self.topics())
        self.assert_says(self.run_to_end("--until-end", code=1), "cleanup.policy=delete, which would lose state")
        told = self.verb("check", "p.json").stdout.decode()
        self.assertIn(f"{self.name}.changelog: as many partitions as the sources' topics, cleanup.policy=compact", told)
        self.assertIn(f"{self.name}.dead_letters: 1 partition", told)

    def test_a_password_for_the_log_is_not_printed(self):
        source, target = self.topic_pair(1)
        self.pipeline(source, target, commit={"kafka": {"sasl.password": "${env:SECRET}", "sasl.mechanisms": "WRONG"}})
        for verb in (("check", "p.json"), ("check", "--explain", "p.json"), ("run", "p.json", "--for", "1s")):
            done = self.verb(*verb, env={"SECRET": "hush-hush"}, code=None)
            self.assertNotIn("hush-hush", done.stderr + done.stdout.decode())

    def test_a_sinks_topic_must_exist(self):
        source, _ = self.topic_pair(1)
        self.pipeline(source, "nowhere")
        self.assert_says(self.run_to_end("--until-end", code=1), 'there is no topic "nowhere"')

    def test_refused_with_the_remedy(self):
        source, target = self.topic_pair(1)
        path = self.pipeline(source, target)
        config = json.loads(path.read_text())

        def refused(change, *texts):
            altered = json.loads(path.read_text())
            change(altered)
            self.write("r.json", altered)
            self.assert_says(self.verb("check", "r.json", code=2), *texts)

        refused(lambda c: c["operators"].update(once={"from": "in", "dedupe": {"by": ["n"], "keep": "1h"}}),
                '"once" keeps state', 'declare "key"')
        refused(lambda c: c["operators"].update(all={"from": "in", "select": {"c": "count(*)"}}), '"all" keeps state')
        refused(lambda c: c["operators"]["counts"].update(limit=3, order_by=["c desc"]), "ranks", "limit_by")
        refused(lambda c: c["sources"]["in"].update(brokers="elsewhere:1"), "another cluster")
        refused(lambda c: c["sinks"]["out"].update(brokers="elsewhere:1"), "another cluster")
        refused(lambda c: c["sinks"].update(out={"from": "counts", "plugin": "file", "path": "x"}), "shared by several workers")
        refused(lambda c: c["sources"].update({"in": {"plugin": "file", "path": "x.jsonl", "key": "k",
                                                      "schema": {"k": "text", "n": "int8"}}}), "Kafka sources only")
        refused(lambda c: c["commit"].update(kafka={"enable.idempotence": "false"}), "Millrace's own to set")
        self.assertTrue(config)
        self.assert_says(self.run_to_end("--until-end", "--fresh", code=2), "--fresh is not for the kafka commit log")
        self.assert_says(self.verb("state", "p.json", code=2), "changelog")


class SeveralWorkers(WorkersTest):
    KAFKA = {"session.timeout.ms": "3000", "heartbeat.interval.ms": "500"}

    def all_read(self, source):
        return self.position(source, f"connect-{self.name}") >= len(self.messages(source))

    def test_two_workers_share_and_one_takes_over(self):
        source, target = self.topic_pair()
        self.put(source, events(2000, 7))
        self.pipeline(source, target, commit={"kafka": self.KAFKA})
        first, second = self.worker(1), self.worker(2)
        self.wait_until("both to have partitions", lambda: all(self.has_half(run) for run in (first, second)), first)
        self.wait_until("all to be read", lambda: self.all_read(source), first)
        second.process.kill()
        second.process.wait()
        self.put(source, events(2000, 8, first=2000))
        self.wait_until("the rest to be read", lambda: self.all_read(source), first)
        first.signal(signal.SIGTERM)
        self.assertEqual(first.wait().code, 0)
        self.assert_exact(source, target)

    @staticmethod
    def has_half(run):
        return any(f"gives this worker partitions {half} of 4" in run.errors() for half in ("0 1", "2 3"))

    def test_a_static_member_that_comes_back_in_time_makes_no_rebalance(self):
        """Killed and started again within its session of 5 min: it goes on with its partitions, and
        the other worker never hears of it."""
        source, target = self.topic_pair()
        self.put(source, events(2000, 15))
        self.pipeline(source, target, commit={"kafka": {"session.timeout.ms": "300000", "group.instance.id": "${env:INSTANCE}"}})
        stays = self.worker(1, env={"INSTANCE": "one"})
        goes = self.worker(2, env={"INSTANCE": "two"})
        self.wait_until("both to have partitions", lambda: self.has_half(stays) and self.has_half(goes), stays)
        given = stays.errors().count("gives this worker")
        goes.process.kill()
        goes.process.wait()
        self.put(source, events(2000, 16, first=2000))
        comes = self.worker(2, env={"INSTANCE": "two"})
        self.wait_until("all to be read", lambda: self.all_read(source), comes)
        self.assertTrue(self.has_half(comes))
        self.assertEqual(stays.errors().count("gives this worker"), given)
        for run in (stays, comes):
            run.signal(signal.SIGTERM)
            self.assertEqual(run.wait().code, 0)
        self.assert_exact(source, target)


if __name__ == "__main__":
    main()
