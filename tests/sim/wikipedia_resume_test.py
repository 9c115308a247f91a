"""The wikipedia source cut, killed and resumed: loss and repeats are judged from the ledger (WK5-WK10)."""
import json
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import Simulator    # noqa: E402
from drive import Filter    # noqa: E402
from wikipedia_case import FROM, START_MS, SourceCase    # noqa: E402


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
