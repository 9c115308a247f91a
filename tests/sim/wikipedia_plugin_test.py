"""The wikipedia source against the simulator, fault by fault. Loss and repeats are judged from the ledger.

Rules WK, S and faults F are those of plugins/RULES.md. Needs MILLRACE_PLUGIN_DRIVE and
MILLRACE_PLUGIN_DIR (ctest sets them).
"""
import json
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import Simulator    # noqa: E402
from drive import Drive, Filter    # noqa: E402

START_MS = 1760000000000
STILL = ("--speed", "0", "--rate", "50", "--history", "20s")    # 1000 records exist, none come by themselves
FROM = "2025-10-09T08:52:59Z"    # before the first of them
QUICK = {"contact": "https://example.org/contact",
         "retry": {"initial": "20ms", "max": "100ms", "reset_after": "1s"},
         "auth_grace": {"attempts": 3, "over": "100ms"}, "busy_wait": "100ms", "start": FROM}


class SourceCase(unittest.TestCase):
    """One simulator per class; every test begins with it as new."""
    arguments = STILL
    scheme = "http"

    @classmethod
    def setUpClass(cls):
        cls.sim = cls.enterClassContext(Simulator("wikipedia", *cls.arguments))

    def setUp(self):
        self.sim.post("reset")

    def source(self, env=None, **config):
        merged = {**QUICK, "url": f"{self.scheme}://127.0.0.1:{self.sim.port}", **config}
        for key in ("retry", "auth_grace"):
            merged[key] = {**QUICK[key], **config.get(key, {})}
        return self.enterContext(Drive("source_wikipedia", "wikipedia", merged, env))

    def changes(self, data=False):
        """The ledger's rows that are to come out, once per meta.id."""
        rows, known = [], set()
        for row in self.sim.rows("ledger?data" if data else "ledger"):
            if row["kind"] != "canary" and row["id"] not in known:
                known.add(row["id"])
                rows.append(row)
        return rows

    def assert_exact(self, rows, expected=None):
        """Every record of the ledger once, none lost."""
        came = [json.loads(row["value"])["meta"]["id"] for row in rows]
        wanted = [row["id"] for row in (self.changes() if expected is None else expected)]
        self.assertEqual(len(came), len(set(came)), "repeats got through")
        self.assertEqual(set(wanted) - set(came), set(), "lost")
        self.assertEqual(set(came) - set(wanted), set(), "never produced")

    def run_through(self, source, seconds=20.0):
        """Polls until everything of the ledger came at least once; the rows that pass the filter."""
        wanted, kept, seen, taken = {row["id"] for row in self.changes()}, [], Filter(), 0
        until = time.monotonic() + seconds
        while len(kept) < len(wanted) and time.monotonic() < until and not source.errors:
            source.poll(1, 0.5)
            kept += seen.keep(source.rows[taken:])
            taken = len(source.rows)
        return kept

    def one_connection_at_a_time(self):
        spans = [(r["opened_wall"], r["closed_wall"] or 1e18) for r in self.sim.rows("requests")]
        for (_, closed), (opened, _) in zip(spans, spans[1:]):
            self.assertGreaterEqual(opened, closed - 0.05)


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


class Resuming(SourceCase):
    """WK5-WK10: what is asked for, what is lost, what is told."""

    def asked(self, number=-1):
        request = self.sim.rows("requests")[number]
        header = dict((name.lower(), value) for name, value in request["headers"]).get("last-event-id")
        return json.loads(header) if header else None, request["query"]

    def some_rows(self, count, **config):
        source = self.source(**config)
        source.open()
        source.poll(count, 5)
        return source

    def test_own_header_names_all_topics_with_overlap(self):
        source = self.some_rows(500, overlap="5s")
        state = source.state()
        newest = max(row["dedupe_us"] for row in source.rows) // 1000
        source.kill()
        again = self.source(overlap="5s")
        again.open(state)
        again.poll(1, 5)
        header, query = self.asked()
        self.assertEqual(query, "")
        by_topic = {entry["topic"]: entry["timestamp"] for entry in header}
        self.assertEqual(set(by_topic), {"eqiad.mediawiki.recentchange", "codfw.mediawiki.recentchange"})
        self.assertEqual(by_topic["eqiad.mediawiki.recentchange"], newest - 5000)
        self.assertTrue(all(set(entry) == {"topic", "partition", "timestamp"} for entry in header))

    def test_positions_go_on(self):
        source = self.some_rows(100)
        again = self.source()
        again.open(source.state())
        again.poll(1, 5)
        self.assertEqual(again.rows[0]["position"], source.rows[-1]["position"] + 1)

    def test_live_start_gets_only_what_is_new(self):
        source = self.source(start="live")
        source.open()
        source.poll(1, 0.5)
        self.sim.post("clock", advance="1s")
        source.poll(1000, 1)
        self.assert_exact(Filter().keep(source.rows), [row for row in self.changes() if row["sent_ms"] > START_MS])

    def test_live_start_cut_before_the_first_record_loses_nothing(self):
        with Simulator("wikipedia", "--rate", "20", "--start-time", int(time.time() * 1000)) as sim:
            sim.fault("cut", after=0, count=1, how="fin")
            source = self.source(url=f"http://127.0.0.1:{sim.port}", start="live", retry={"initial": "700ms"})
            source.open()
            source.poll(1000, 4)
            ledger = [row for row in sim.rows("ledger") if row["kind"] == "change"]
            first, second = sim.rows("requests")[:2]
        self.assertIn("since=", second["query"])
        came = [json.loads(row["value"])["meta"]["id"] for row in Filter().keep(source.rows)]
        while_away = [row["id"] for row in ledger if first["opened_ms"] < row["sent_ms"] < second["opened_ms"]]
        self.assertGreater(len(while_away), 5)
        self.assertEqual(set(while_away) - set(came), set())

    def test_switch_over_while_away_loses_nothing(self):
        source = self.some_rows(2000)
        state, kept = source.state(), Filter()
        rows = kept.keep(source.rows)
        source.kill()
        self.sim.fault("switch_over")
        self.sim.post("clock", advance="40s")
        again = self.source()
        again.open(state)
        again.poll(100000, 3)
        self.assert_exact(rows + kept.keep(again.rows))
        self.assertTrue(any("codfw" in json.loads(row["value"])["meta"]["topic"] for row in again.rows))
        self.assertEqual(again.gaps, [])

    def test_switch_over_while_connected_then_cut(self):
        source = self.some_rows(2000, start=FROM)
        self.sim.fault("switch_over")
        self.sim.post("clock", advance="10s")
        source.poll(100000, 1)
        self.sim.fault("cut", now=True, how="rst")
        self.sim.post("clock", advance="10s")
        source.poll(100000, 2)
        self.assert_exact(Filter().keep(source.rows))

    def test_older_than_retention_is_a_gap(self):
        source = self.some_rows(2000)
        state = source.state()
        source.kill()
        self.sim.post("clock", advance="10m")
        self.sim.fault("retention", ms=30_000)
        again = self.source()
        again.open(state)
        again.poll(1, 5)
        self.assertEqual([gap["gap"] for gap in again.gaps], ["retention"])
        gap, first = again.gaps[0], json.loads(again.rows[0]["value"])["meta"]["id"]
        kafka_ms = next(row["kafka_ms"] for row in self.sim.rows("ledger") if row["id"] == first)
        self.assertEqual((gap["to_us"], gap["estimated"]), (kafka_ms * 1000, 1))
        last_ms = max(row["dedupe_us"] for row in source.rows) // 1000
        self.assertLessEqual(gap["from_us"], last_ms * 1000)
        self.assertEqual(again.metric("gaps"), 1)

    def test_start_beyond_retention_is_a_gap(self):
        source = self.some_rows(1, start="2025-10-01T00:00:00Z")
        self.assertEqual([gap["gap"] for gap in source.gaps], ["retention"])
        self.assertEqual(source.gaps[0]["from_us"], 1759276800000000)

    def test_refused_header_resumes_by_since(self):
        source = self.some_rows(300)
        state = source.state()
        source.kill()
        for status in (400, 404):
            with self.subTest(status=status):
                self.sim.fault("status", count=1, status=status)
                again = self.source()
                again.open(state)
                again.poll(1, 5)
                header, query = self.asked()
                self.assertIsNone(header)
                self.assertIn("since=2025-10-09T08:5", query)
                self.assertEqual((len(again.rows) > 0, again.gaps), (True, []))
                again.kill()

    def test_refused_twice_starts_live_with_a_gap(self):
        source = self.some_rows(300)
        state = source.state()
        source.kill()
        self.sim.fault("status", count=2, status=400)
        again = self.source()
        again.open(state)
        again.poll(1, 1)
        self.sim.post("clock", advance="1s")
        again.poll(1, 5)
        self.assertEqual([gap["gap"] for gap in again.gaps], ["retention"])
        self.assertEqual(self.asked(), (None, ""))

    def test_fifteen_minutes_are_normal_life(self):
        with Simulator("wikipedia", "--speed", "0", "--rate", "1", "--history", "20s") as sim:
            source = self.source(url=f"http://127.0.0.1:{sim.port}", retry={"reset_after": "10ms"})
            source.open()
            for _ in range(3):
                source.poll(100000, 1)
                sim.post("clock", advance="15m")
            source.poll(100000, 2)
            wanted = {row["id"] for row in sim.rows("ledger") if row["kind"] == "change"}
            self.assertEqual({r["ended"] for r in sim.rows("requests")[:3]}, {"age"})
        came = [json.loads(row["value"])["meta"]["id"] for row in Filter().keep(source.rows)]
        self.assertEqual((len(came), set(came)), (len(wanted), wanted))
        self.assertEqual((source.gaps, source.metric("retries"), source.metric("stalls")), ([], 0, 0))
        self.assertNotIn("trying again", source.log())

    def test_until_end_stops_at_the_start_of_the_run(self):
        with Simulator("wikipedia", "--rate", "50", "--history", "20s", "--start-time", int(time.time() * 1000)) as sim:
            source = self.source(url=f"http://127.0.0.1:{sim.port}", start="1h")
            source.open(flags="until_end")
            begun = time.time() * 1000
            answer = source.poll(100000, 20)
            self.assertEqual(answer["rc"], 4)
            came = {json.loads(row["value"])["meta"]["id"] for row in source.rows}
            due = {row["id"] for row in sim.rows("ledger") if row["kind"] == "change" and row["sent_ms"] < begun - 100}
            self.assertEqual(due - came, set())
            self.assertEqual(source.call("poll 1 100")["rc"], 4)

    def test_changed_streams_resume_by_since(self):
        source = self.some_rows(300)
        again = self.source(stream=["recentchange", "page-create"])
        again.open(source.state())
        again.poll(1, 5)
        self.assertIsNone(self.asked()[0])
        self.assertIn("since=", self.asked()[1])

    def test_a_state_of_somebody_else_is_refused(self):
        source = self.source()
        with self.assertRaisesRegex(RuntimeError, "--fresh"):
            source.open('{"v":9}')


class Chaos(SourceCase):
    """kill -9 at random moments with random cuts: exactly once after the filter, as the host commits."""

    def test_killed_and_resumed(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                self.sim.post("reset", seed=seed + 1)
                self.chaos(random.Random(seed))

    def chaos(self, rng):
        committed, state, seen = [], "", Filter()
        wanted = {row["id"] for row in self.changes()}
        rounds = 0
        while len(committed) < len(wanted) and rounds < 150:
            rounds += 1
            source = self.source(overlap="500ms")
            source.open(state)
            if rng.random() < 0.5:
                self.sim.fault("cut", after=rng.randrange(200), how=rng.choice(("fin", "rst", "clean")),
                               where=rng.choice(("boundary", "line", "utf8")))
            for _ in range(rng.randrange(1, 4)):
                source.poll(rng.randrange(1, 150), 0.5, rng.randrange(1, 150))
                trial = Filter(other=seen)
                kept = trial.keep(source.rows)
                if rng.random() < 0.6:    # the commit: rows, filter and position together
                    committed, seen, state, source.rows = committed + kept, trial, source.state(), []
            source.kill()
        self.assert_exact(committed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
