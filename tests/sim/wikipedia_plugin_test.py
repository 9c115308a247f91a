"""The wikipedia source against the simulator: values, and the same events however the wire spells or cuts them (F1, F3)."""
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from drive import Filter    # noqa: E402
from wikipedia_case import FROM, STILL, SourceCase    # noqa: E402


class Values(SourceCase):
    """What a record is made of."""
    arguments = (*STILL, "--clusters", "1")

    def test_values_are_the_payload_byte_for_byte(self):
        stream = self.sim.stream(f"/v2/stream/recentchange?since={FROM}")
        wire = [line[6:] for line in stream.read(3, lambda b: b.count(b"\ndata: ") >= 1000).split(b"\n")
                if line.startswith(b"data: ")]
        stream.close()
        source = self.source()
        source.open()
        source.poll(len(self.changes()), 10)
        wire = [line for line in wire if b'"domain":"canary"' not in line]
        self.assertEqual([row["value"].encode() for row in source.rows], wire[:len(source.rows)])
        self.assertGreater(len(source.rows), 900)

    def test_columns_and_headers(self):
        source = self.source()
        source.open()
        source.poll(100, 5)
        for number, row in enumerate(source.rows, 1):
            body = json.loads(row["value"])
            self.assertEqual((row["partition"], row["position"]), (0, number))
            self.assertEqual((row["key"], row["time_us"]), (body["wiki"], body["timestamp"] * 1_000_000))
            self.assertEqual(row["headers"]["mr.source"], "wikipedia")
            self.assertEqual(row["headers"]["mr.stream"], "mediawiki.recentchange")
            self.assertAlmostEqual(int(row["headers"]["mr.received_us"]) / 1e6, time.time(), delta=30)
            self.assertNotEqual(row["hash"], 0)
        by_id = {row["id"]: row["kafka_ms"] for row in self.changes()}
        first = {}
        for row in source.rows:
            first.setdefault(json.loads(row["value"])["meta"]["id"], row["dedupe_us"])
        self.assertTrue(all(at == by_id[uid] * 1000 for uid, at in first.items()))

    def test_budget_is_honoured_and_nothing_is_lost_by_it(self):
        source = self.source()
        source.open()
        answer = source.poll(50, 5, 7)
        self.assertLessEqual(answer["most"], 7)
        before = len(source.rows)
        answer = source.poll(40, 5, 1000, 5000)
        self.assertLessEqual(answer["most"], 8)
        for at in range(before, len(source.rows)):
            self.assertEqual(source.rows[at]["position"], at + 1)
        answer = source.poll(5, 5, 1000, 1)    # One record larger than the budget is allowed, alone.
        self.assertEqual(answer["most"], 1)
        kept = Filter().keep(source.rows)
        self.assert_exact(kept, self.changes()[:len(kept)])

    def test_canaries_are_dropped_counted_or_passed(self):
        source = self.source()
        source.open()
        source.poll(2000, 1.5)
        self.assertEqual(source.metric("canaries"), 4)
        other = self.source(canaries="pass")
        other.open()
        other.poll(2000, 1.5)
        canaries = [row for row in other.rows if json.loads(row["value"])["meta"]["domain"] == "canary"]
        self.assertEqual(len(canaries), 4)
        self.assertTrue(all(row["key"] is None and row["time_us"] > 0 for row in canaries))

    def test_prefilter_by_wiki(self):
        source = self.source(wikis=["enwiki", "dewiki"])
        source.open()
        source.poll(2000, 2)
        wanted = [row for row in self.changes(data=True) if row["data"]["wiki"] in ("enwiki", "dewiki")]
        self.assert_exact(Filter().keep(source.rows), wanted)
        self.assertGreater(source.metric("filtered"), 100)

    def test_strict_key_drops_what_was_produced_twice(self):
        source = self.source(dedupe_key=["wiki", "id", "type"])
        source.open()
        source.poll(2000, 2)
        keys = [tuple(json.loads(row["value"]).get(k) for k in ("wiki", "id", "type")) for row in Filter().keep(source.rows)]
        with_id = [key for key in keys if key[1] is not None]
        self.assertEqual(len(with_id), len(set(with_id)))
        self.assertLess(len(with_id), sum(1 for row in self.changes(data=True) if row["data"].get("id") is not None))

    def test_broken_data_goes_to_errors_and_the_stream_goes_on(self):
        source = self.source(start="live")
        source.open()
        source.poll(1, 0.5)
        for raw in ("not json", '{"a":1}', '{"meta":{"id":"x"}', "[]"):
            self.sim.post("emit", raw=raw)
        self.sim.post("emit", data={"wiki": "enwiki", "type": "edit", "timestamp": 1760000000})
        source.poll(1, 5)
        self.assertEqual([r["reject"] for r in source.rejects], ["not json", '{"a":1}', '{"meta":{"id":"x"}', "[]"])
        self.assertEqual(len(source.rows), 1)


class Wire(SourceCase):
    """F3: the same events, however they are spelt. F1: cut anywhere."""

    def check(self, source=None, seconds=20.0):
        source = source or self.source()
        source.open()
        self.assert_exact(self.run_through(source, seconds))
        self.assertEqual(source.gaps, [])
        self.one_connection_at_a_time()
        return source

    def test_spellings(self):
        for kind, args in (("line_ends", {"eol": "crlf"}), ("line_ends", {"eol": "cr"}), ("line_ends", {"eol": "mixed"}),
                           ("bom", {}), ("comments", {}), ("retry", {"ms": 120}), ("id_only", {}), ("no_space", {}),
                           ("unknown_fields", {}), ("one_write", {"records": 50}), ("invalid_utf8", {})):
            with self.subTest(kind=kind, **args):
                self.sim.post("reset")
                self.sim.fault(kind, count=-1, **args)
                self.check()

    def test_one_byte_per_write(self):
        self.sim.fault("drip", count=1, delay_ms=0)
        source = self.source()
        source.open()
        source.poll(20, 20)
        self.assert_exact(Filter().keep(source.rows)[:20], self.changes()[:20])

    def test_an_id_with_nul_is_no_position_but_no_loss(self):
        self.sim.fault("nul_id", count=-1)
        self.sim.fault("cut", after=400, count=2, how="rst", where="line")
        self.check()

    def test_cuts(self):
        for how in ("clean", "fin", "rst", "half"):
            for where in ("boundary", "line", "utf8", "chunk"):
                with self.subTest(how=how, where=where):
                    self.sim.post("reset")
                    self.sim.fault("cut", after=150, count=4, how=how, where=where)
                    # A chunk that is announced and never comes looks like silence.
                    source = self.check(self.source(read_timeout="500ms"))
                    self.assertGreaterEqual(source.metric("reconnects"), 1)

    def test_cuts_by_bytes(self):
        for after in (1, 5, 100, 333, 4096):
            with self.subTest(after=after):
                self.sim.post("reset")
                self.sim.fault("cut", after=after, count=3, unit="bytes", how="fin")
                self.check()

    def test_error_event_is_no_record(self):
        self.sim.fault("error_event", after=200, count=2)
        source = self.check()
        self.assertIn("broker gone", source.log())

    def test_planned_reconnection(self):
        self.sim.fault("delay", count=-1, ms=1)
        source = self.check(self.source(max_age="300ms", overlap="200ms"))
        self.assertGreaterEqual(source.metric("reconnects"), 2)
        self.assertNotIn("trying again", source.log())
        self.assertEqual(source.metric("retries"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
