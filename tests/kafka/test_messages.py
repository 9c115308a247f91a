#!/usr/bin/env python3
"""What stands on messages beside their values: headers, compression, the reasons of dead letters; under both commit logs.

  test_messages.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import json
import subprocess

import broker
from case import START_MS, KafkaTest, Shared, row, start_broker, stop_broker
from program import main

LOGS = ("local", "kafka")
CODECS = ("gzip", "snappy", "lz4", "zstd")


def setUpModule():
    start_broker()


def tearDownModule():
    stop_broker()


class Messages(KafkaTest):
    def pipeline(self, log, source, sinks, operators=None, **more):
        address = Shared.broker.address
        config = json.loads(self.config({"topics": source, **more}).read_text())
        config["pipeline"] = self.name = f"{self.id().rsplit('.', 1)[-1]}_{log}"
        if log == "kafka":
            config["commit"].update(log="kafka", brokers=address)
        config["operators"] = operators or {}
        config["sinks"] = {name: {"plugin": "kafka", "brokers": address, **sink} for name, sink in sinks.items()}
        self.write("p.json", config)

    def test_headers_come_in_and_go_out_with_the_record(self):
        source = self.topic()
        all_headers = [[("trace", b"abc"), ("trace", b"def"), ("\u00e4", b"\x00\xff")], [("empty", b"")], None]
        self.send(source, [(0, b"k", row(n), n, headers) for n, headers in enumerate(all_headers)])
        for log in LOGS:
            with self.subTest(log):
                straight, filtered = self.topic(), self.topic()
                self.pipeline(log, source, {"straight": {"from": "in", "topic": straight}, "filtered": {"from": "some", "topic": filtered}},
                              {"some": {"from": "in", "filter": "n <> 1"}})
                self.run_to_end("--until-end")
                self.assertEqual([m.headers() for m in self.messages(straight)], all_headers)
                self.assertEqual([m.headers() for m in self.messages(filtered)], [all_headers[0], all_headers[2]])

    def test_compressed_batches_are_read_by_others(self):
        source = self.topic()
        self.send(source, [(0, b"k", row(n, "long and alike " * 9), n, None) for n in range(300)])
        wanted = [m.value() for m in self.messages(source)]
        files = {}
        for log in LOGS:
            targets = {codec: self.topic() for codec in CODECS}
            self.pipeline(log, source, {codec: {"from": "in", "topic": topic, "compression": codec} for codec, topic in targets.items()})
            self.run_to_end("--until-end")
            for codec, topic in targets.items():
                self.assertEqual([m.value() for m in self.messages(topic)], wanted, (log, codec))
                files[Shared.broker.folder / "data" / f"{topic}-0" / "00000000000000000000.log"] = codec
        for path, codecs in self.codecs_in(files).items():
            self.assertEqual(codecs - {"none"}, {files[path]}, "only what ends a transaction is not compressed")

    def codecs_in(self, files):
        """By file, the codecs of its batches, by Kafka's own tool."""
        command = ["java", "-Xmx96m", "-XX:TieredStopAtLevel=1", "-cp", f"{broker.JARS}/*", "kafka.tools.DumpLogSegments",
                   "--files", ",".join(str(path) for path in files)]
        told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
        sections = [section.split("\n", 1) for section in told.split("Dumping ")[1:]]
        found = {path: set() for path in files}
        for name, text in sections:
            path = next(path for path in files if str(path) in name)
            found[path] |= {line.split("compresscodec: ")[1].split()[0].lower() for line in text.splitlines() if "compresscodec: " in line}
        return found

    def late_and_broken(self, log, sinks, **operators):
        """Of four records one is late, one has no number; what `sinks` says is read by kafka sinks. The topic of each."""
        if not hasattr(self, "source"):
            self.source = self.topic()
            records = [(1, None), (60, None), (2, [("trace", b"abc"), ("nothing", None)])]
            self.send(self.source, [(0, b"a", json.dumps({"k": "a", "n": START_MS + 1000 * at, "v": 1}).encode(), 0, headers)
                                    for at, headers in records] +
                      [(0, b"a", json.dumps({"k": "a", "n": START_MS + 61000, "v": "one"}).encode(), 0, None)])
        topics = {name: self.topic() for name in sinks}
        counts = {"counts": {"from": "in", "window": {"tumbling": "10s"}, "group_by": ["k"], "select": {"s": "sum(v)"}}, **operators}
        self.pipeline(log, self.source, {name: {"topic": topics[name], **sink} for name, sink in sinks.items()}, counts, key="k",
                      event_time={"field": "n", "unit": "ms"}, schema={"k": "text", "n": "int8", "v": "int8"})
        self.run_to_end("--until-end")
        return topics

    WHOSE = [("millrace.operator", b"counts")]
    WHY_LATE = WHOSE + [
        ("millrace.watermark", b"2025-10-09T09:01:00Z"), ("millrace.window_start", b"2025-10-09T09:00:00Z"),
        ("millrace.window_end", b"2025-10-09T09:00:10Z"), ("millrace.late_by_ms", b"50000"), ("millrace.reason", b"window closed")]
    OWN = [("trace", b"abc"), ("nothing", None)]

    def test_R13_dead_letters_have_the_reason_in_headers(self):
        self.late_and_broken("kafka", {"out": {"from": "counts"}})
        letters = {dict(m.headers())["millrace.reason"]: m for m in self.messages(f"{self.name}.dead_letters")}
        late = letters.pop(b"window closed")
        self.assertEqual(late.headers(), self.OWN + self.WHY_LATE)
        self.assertEqual(json.loads(late.value())["event_time"], "2025-10-09T09:00:02Z")
        (reason, broken), = letters.items()
        self.assertEqual(broken.headers(), self.WHOSE + [("millrace.reason", reason)])
        self.assertEqual(json.loads(broken.value())["reason"].encode(), reason)

    def test_R13_late_and_failed_rows_go_to_topics_of_their_own_with_the_reason_in_headers(self):
        sinks = {"out": {"from": "counts"}, "late": {"from": "counts.late"}, "errors": {"from": "counts.errors"},
                 "both": {"from": ["counts.late", "counts.errors"]}, "keyed": {"from": "counts.late", "key": "n"}}
        for log in LOGS:
            with self.subTest(log):
                topics = self.late_and_broken(log, sinks)
                late, = self.messages(topics["late"])
                self.assertEqual(late.headers(), self.OWN + self.WHY_LATE)
                self.assertEqual((late.key(), json.loads(late.value())), (b"a", {"k": "a", "n": START_MS + 2000, "v": 1}))
                failed, = self.messages(topics["errors"])
                row = json.loads(failed.value())
                self.assertEqual(failed.headers(), self.WHOSE + [("millrace.reason", row["reason"].encode())])
                self.assertEqual((row["operator"], row["position"]), ("counts", 3))
                both = self.messages(topics["both"])
                self.assertEqual([m.headers() for m in both], [late.headers(), failed.headers()])
                keyed, = self.messages(topics["keyed"])
                self.assertEqual((keyed.key(), keyed.headers()), (str(START_MS + 2000).encode(), late.headers()))
        self.assertEqual(self.messages(f"{self.name}.dead_letters"), [])

    def test_R45_the_reason_goes_along_through_operators_without_state(self):
        operators = {"some": {"from": "counts.late", "filter": "n > 0"}, "less": {"from": "some", "select": {"v": "v"}},
                     "short": {"from": "counts.errors", "select": {"at": "position"}}}
        for log in LOGS:
            with self.subTest(log):
                topics = self.late_and_broken(log, {"out": {"from": "counts"}, **{name: {"from": name} for name in operators}}, **operators)
                for name, headers, value in (("some", self.OWN + self.WHY_LATE, {"k": "a", "n": START_MS + 2000, "v": 1}),
                                             ("less", self.WHY_LATE, {"v": 1})):
                    late, = self.messages(topics[name])
                    self.assertEqual((late.headers(), json.loads(late.value())), (headers, value))
                failed, = self.messages(topics["short"])
                (whose, reason), = [failed.headers()]
                self.assertEqual((whose, reason[0], json.loads(failed.value())), (*self.WHOSE, "millrace.reason", {"at": 3}))
                self.assertTrue(reason[1])

    def test_headers_stay_with_records_that_get_another_key(self):
        source = self.topic()
        self.send(source, [(0, b"k", row(n), n, [("trace", str(n).encode())] if n % 2 else None) for n in range(5)])
        for log in LOGS:
            with self.subTest(log):
                target = self.topic()
                self.pipeline(log, source, {"out": {"from": "in", "topic": target, "key": "n"}})
                self.run_to_end("--until-end")
                self.assertEqual([(m.key(), m.headers()) for m in self.messages(target)],
                                 [(str(n).encode(), [("trace", str(n).encode())] if n % 2 else None) for n in range(5)])


if __name__ == "__main__":
    main()
