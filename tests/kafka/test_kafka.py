#!/usr/bin/env python3
"""The kafka source and sink against a real broker, checked by an independent client (confluent-kafka).

  test_kafka.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import json
import random
import signal
import subprocess
import time

import broker
from case import START_MS, KafkaTest, Shared, admin, ck, murmur2, row, start_broker, stop_broker
from program import main


def setUpModule():
    start_broker()


def tearDownModule():
    stop_broker()


class Source(KafkaTest):
    def test_values_keys_headers_and_times_of_all_partitions(self):
        topic = self.topic(2)
        self.send(topic, [(0, b"x", row(1), 1, [("h", b"v")]), (1, None, row(2), 2, None), (0, b"y", row(3), 3, None)])
        self.config({"topics": topic}, select={"n": "n", "key": "record_key()", "at": "event_time()",
                                               "offset": "source_position()"})
        self.run_to_end("--until-end")
        self.assertEqual(sorted(self.lines("out.jsonl"), key=lambda r: r["n"]), [
            {"n": 1, "key": "x", "at": "2025-10-09T09:00:01Z", "offset": 0},
            {"n": 2, "key": None, "at": "2025-10-09T09:00:02Z", "offset": 0},
            {"n": 3, "key": "y", "at": "2025-10-09T09:00:03Z", "offset": 1}])

    def test_a_later_run_goes_on_where_the_last_commit_ended(self):
        topic = self.topic()
        self.send(topic, [(0, None, row(n), n, None) for n in range(5)])
        self.config({"topics": topic})
        self.run_to_end("--until-end")
        self.send(topic, [(0, None, row(n), n, None) for n in range(5, 9)])
        self.run_to_end("--until-end")
        self.assertEqual([r["n"] for r in self.lines("out.jsonl")], list(range(9)))

    def test_starts(self):
        topic = self.topic()
        self.send(topic, [(0, None, row(n), 10 * n, None) for n in range(5)])
        for start, expected in (("earliest", [0, 1, 2, 3, 4]), ("latest", []), ("2025-10-09T09:00:15Z", [2, 3, 4]),
                                ("2030-01-01T00:00:00Z", [])):
            with self.subTest(start):
                self.config({"topics": [topic], "start": start})
                self.run_to_end("--until-end", "--fresh")
                self.assertEqual([r["n"] for r in self.lines("out.jsonl")], expected)

    def test_only_committed_transactions_are_read(self):
        topic = self.topic()
        producer = ck.Producer({"bootstrap.servers": Shared.broker.address, "transactional.id": "t"})
        producer.init_transactions(30)
        for n, commit in ((1, True), (2, False), (3, True)):
            producer.begin_transaction()
            producer.produce(topic, row(n))
            producer.flush(30)
            (producer.commit_transaction if commit else producer.abort_transaction)(30)
        self.config({"topics": topic})
        self.run_to_end("--until-end")          # also shows that control records at the end do not hold it up
        self.assertEqual([r["n"] for r in self.lines("out.jsonl")], [1, 3])

    def test_what_retention_took_is_a_gap(self):
        topic = self.topic()
        self.send(topic, [(0, None, row(n), n, None) for n in range(10)])
        config = json.loads(self.config({"topics": topic}).read_text())
        config["sinks"]["gaps"] = {"from": "in.gaps", "plugin": "file", "path": "gaps.jsonl"}
        self.write("p.json", config)
        run = self.start()
        self.wait_until("five rows", lambda: self.size("out.jsonl") > 0 and len(self.lines("out.jsonl")) == 10, run)
        run.signal()
        run.wait()
        self.send(topic, [(0, None, row(n), n, None) for n in range(10, 20)])
        self.delete_before(topic, 15)
        self.run_to_end("--until-end")
        self.assertEqual([r["n"] for r in self.lines("out.jsonl")], [*range(10), *range(15, 20)])
        gap, = self.lines("gaps.jsonl")
        self.assertEqual((gap["from_position"], gap["to_position"]), (10, 15))

    def delete_before(self, topic, offset):
        """Kafka's own tool: the client library at hand cannot."""
        self.write("delete.json", {"version": 1, "partitions": [{"topic": topic, "partition": 0, "offset": offset}]})
        command = ["java", "-Xmx64m", "-cp", f"{broker.JARS}/*", "org.apache.kafka.tools.DeleteRecordsCommand",
                   "--bootstrap-server", Shared.broker.address, "--offset-json-file", str(self.folder / "delete.json")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_a_tombstone_is_a_record_and_a_broken_value_an_error(self):
        topic = self.topic()
        self.send(topic, [(0, b"k", None, 0, None), (0, None, b"{", 1, None), (0, None, row(1), 2, None)])
        self.config({"topics": topic}, select={"key": "record_key()", "n": "n"})
        done = self.run_to_end("--until-end")
        self.assertEqual(done.report["sources"]["in"]["errors"], 1)
        self.assertEqual(self.lines("out.jsonl"), [{"key": "k", "n": None}, {"key": None, "n": 1}])

    def test_faults_name_what_to_do(self):
        self.config({"topics": "nowhere"})
        self.assert_says(self.run_to_end("--until-end", code=1), 'there is no topic "nowhere"')
        self.config({"topics": "x", "kafka": {"enable.auto.commit": "true"}})
        self.assert_says(self.verb("check", "p.json", code=2), "enable.auto.commit", "Millrace's own to set")
        self.config({"topics": "x", "kafka": {"no.such.property": "1"}})
        self.assert_says(self.verb("check", "p.json", code=2), "no.such.property")

    def test_a_password_is_not_printed(self):
        self.config({"topics": "x", "kafka": {"sasl.password": "${env:SECRET}", "sasl.mechanisms": "WRONG"}})
        for verb in (("check", "p.json"), ("check", "--explain", "p.json"), ("run", "p.json", "--for", "1s")):
            done = self.verb(*verb, env={"SECRET": "hush-hush"}, code=None)
            self.assertNotIn("hush-hush", done.stderr + done.stdout.decode())


class Sink(KafkaTest):
    def sink(self, topic, **more):
        return {"plugin": "kafka", "brokers": Shared.broker.address, "topic": topic, "from": "in", **more}

    def test_rows_with_keys_reach_the_topic_once_in_order(self):
        source, target = self.topic(), self.topic()
        self.send(source, [(0, b"key%d" % (n % 3), row(n), n, None) for n in range(1000)])
        self.config({"topics": source}, self.sink(target))
        self.run_to_end("--until-end")
        self.run_to_end("--until-end")
        got = self.messages(target)
        self.assertEqual([json.loads(m.value())["n"] for m in got], list(range(1000)))
        self.assertEqual([m.key() for m in got[:3]], [b"key0", b"key1", b"key2"])
        self.assertEqual(got[7].timestamp()[1], START_MS + 7000)

    def test_R57_exactly_once_whenever_it_is_killed(self):
        """Rows of an epoch and its number in one transaction. SIGKILL at random moments, from Kafka to Kafka: a committed reader sees
        every row once, in order."""
        source, target = self.topic(), self.topic()
        self.config({"topics": source}, self.sink(target, delivery="exactly_once"))
        chance, sent = random.Random(7), 0
        for _ in range(12):         # none of them comes to an end by itself
            run = self.start(env={"MILLRACE_BATCH_RECORDS": "500", "MILLRACE_COMMIT_RECORDS": "1500"})
            self.send(source, [(0, None, row(n), n, None) for n in range(sent, sent + 2500)])
            sent += 2500
            time.sleep(chance.random() * 1.2)
            run.process.kill()
            self.assertEqual(run.wait().code, -signal.SIGKILL)
        done = self.run_to_end("--until-end")
        self.assertEqual(done.report["sinks"]["out"]["delivery"], "exactly_once")
        self.assertEqual([json.loads(m.value())["n"] for m in self.messages(target)], list(range(sent)))

    def test_R57_E37_the_number_of_a_commit_is_kept_by_sink_and_by_state(self):
        """Two sinks write to one topic, and a fresh start begins to number anew: none takes another's number for its own."""
        source, target = self.topic(), self.topic()
        self.send(source, [(0, None, row(n), n, None) for n in range(100)])
        config = json.loads(self.config({"topics": source}, self.sink(target, delivery="exactly_once")).read_text())
        config["sinks"]["more"] = config["sinks"]["out"]
        self.write("p.json", config)
        for turn, arguments in enumerate(((), ("--fresh",)), 1):
            self.run_to_end("--until-end", *arguments)
            self.assertEqual(sorted(json.loads(m.value())["n"] for m in self.messages(target)),
                             sorted(list(range(100)) * 2 * turn))
            state = json.loads(self.verb("state", "p.json", "--json").stdout)
            for sink in ("out", "more"):
                reader = ck.Consumer({"bootstrap.servers": Shared.broker.address, "group.id": f"p/{sink}@{state['state_id']}.out"})
                [mark] = reader.committed([ck.TopicPartition(target, 0)], timeout=30)
                reader.close()
                self.assertGreater(mark.offset, 0)
                self.assertLessEqual(mark.offset, state["commit"])

    def test_keys_go_where_java_clients_send_them(self):
        """Partitions of murmur2 as Java computes it (toPositive(murmur2(key)) % 8), worked out by the code below."""
        source, target = self.topic(), self.topic(8)
        keys = [b"", b"a", b"ab", b"abc", b"abcd", b"21", b"foobar", b"a-little-bit-long-string"]
        self.send(source, [(0, key, row(n), n, None) for n, key in enumerate(keys)])
        self.config({"topics": source}, self.sink(target))
        self.run_to_end("--until-end")
        found = {m.key(): m.partition() for m in self.messages(target)}
        self.assertEqual(found, {key: (murmur2(key) & 0x7fffffff) % 8 for key in keys})

    def test_R29_deleted_rows_as_rows_and_as_tombstones(self):
        """A filter over a table (R30): what stops matching leaves. Local log and kafka log."""
        source = self.topic()
        values = [("a", 1), ("b", 2), ("a", -1), ("b", 3)]
        self.send(source, [(0, key.encode(), row(n, key), at, None) for at, (key, n) in enumerate(values)])
        expected = {"row": [{"k": "a", "n": 1}, {"k": "b", "n": 2}, {"op": "delete", "k": "a", "n": None}, {"k": "b", "n": 3}]}
        expected["tombstone"] = [None if "op" in one else one for one in expected["row"]]
        for log in ("local", "kafka"):
            for deletes, rows in expected.items():
                with self.subTest(log=log, deletes=deletes):
                    target = self.topic()
                    config = json.loads(self.config({"topics": source, "key": "k"}, self.sink(target, deletes=deletes)).read_text())
                    config.update(pipeline=f"deletes_{log}_{deletes}", operators={
                        "all": {"from": "in", "table": {"key": ["k"]}}, "good": {"from": "all", "filter": "n > 0"}})
                    config["sinks"]["out"]["from"] = "good"
                    if log == "kafka":
                        config["commit"].update(log="kafka", brokers=Shared.broker.address)
                    self.write("p.json", config)
                    self.run_to_end("--until-end")
                    got = self.messages(target)
                    self.assertEqual([m.key() for m in got], [b"a", b"b", b"a", b"b"])
                    self.assertEqual([m.value() and json.loads(m.value()) for m in got], rows)

    def test_a_topic_that_is_not_there_is_told(self):
        source = self.topic()
        self.send(source, [(0, None, row(1), 1, None)])
        self.config({"topics": source}, self.sink("not.yet"))
        run = self.start("--until-end")         # has no end before its row has a place
        self.wait_until("a word of it", lambda: 'there is no topic "not.yet"' in run.errors(), run)
        self.admin.create_topics([admin.NewTopic("not.yet", 1, 1)])["not.yet"].result(30)
        self.assertEqual(run.wait().code, 0)
        self.assertEqual([m.value() for m in self.messages("not.yet")], [row(1)])


if __name__ == "__main__":
    main()
