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

    def test_R13_late_records_go_to_a_topic_and_to_the_dead_letters_with_the_reason(self):
        source = self.topic()
        records = [{"k": "a", "n": START_MS + 1000 * at} for at in (1, 60, 2)]
        self.send(source, [(0, b"a", json.dumps(record).encode(), 0, None) for record in records])
        target, late = self.topic(), self.topic()
        counts = {"counts": {"from": "in", "window": {"tumbling": "10s"}, "group_by": ["k"], "select": {"c": "count(*)"}}}
        keys = {"key": "k", "event_time": {"field": "n", "unit": "ms"}}
        self.pipeline("kafka", source, {"out": {"from": "counts", "topic": target}}, counts, **keys)
        self.run_to_end("--until-end")
        letter, = self.messages(f"{self.name}.dead_letters")
        self.assertEqual(dict(letter.headers()), {"millrace.operator": b"counts", "millrace.reason": b"window closed"})
        self.assertEqual(json.loads(letter.value())["event_time"], "2025-10-09T09:00:02Z")
        self.pipeline("kafka", source, {"out": {"from": "counts", "topic": target}, "late": {"from": "counts.late", "topic": late}}, counts, **keys)
        config = json.loads((self.folder / "p.json").read_text())
        self.write("p.json", {**config, "pipeline": "connected"})
        self.run_to_end("--until-end")
        self.assertEqual([json.loads(m.value()) for m in self.messages(late)], [records[2]])
        self.assertEqual(self.messages("connected.dead_letters"), [])


if __name__ == "__main__":
    main()
