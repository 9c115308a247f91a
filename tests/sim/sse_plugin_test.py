"""The sse source against the generic simulator: resume by id, streams without ids, cuts, types, kill and resume."""
import json
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from case import PluginCase    # noqa: E402
from drive import Filter    # noqa: E402


class SseCase(PluginCase):
    arguments = ("--records", "200", "--speed", "0")
    plugin = ("source_sse", "sse")

    def source(self, path="/sse?all", **config):
        return super().source(url=self.url(path), **config)

    def ids(self, rows):
        return [value["id"] for value in self.values(rows)]


class HeldUp(PluginCase):
    """P7, of a stream that cannot send again."""
    arguments = ("--records", "8000", "--speed", "0")
    plugin = ("source_sse", "sse")

    def held_up(self, **config):
        """All was sent while nobody read for longer than `stall_limit`; then all is read."""
        source = self.source(url=self.url("/sse?all&ids=0"), replay="none", buffer="64KiB", stall_limit="100ms", **config)
        source.open()
        source.poll(1, 5, 1)
        self.assertTrue(self.until(lambda: self.sim.rows("ledger")[-1]["times_served"] == 1, 60))
        time.sleep(0.3)
        while not source.rows or self.values(source.rows[-1:])[0]["id"] < 7999:
            self.assertGreaterEqual(source.poll(8000, 0.5)["rc"], 0)
        return source, [value["id"] for value in self.values(source.rows)]

    def test_P7_the_oldest_go(self):
        source, ids = self.held_up()
        dropped = source.metric("overflow")
        self.assertEqual(ids, sorted(set(ids)))
        self.assertGreater(dropped, 0)
        self.assertEqual(len(ids) + dropped, 8000)
        self.assertEqual(([gap["gap"] for gap in source.gaps], source.metric("reconnects")), (["overflow"], 0))

    def test_P7_block_loses_nothing(self):
        source, ids = self.held_up(overflow="block")
        self.assertEqual(ids, list(range(8000)))
        self.assertEqual((source.metric("overflow"), source.metric("reconnects"), source.gaps), (0, 0, []))


class Streams(SseCase):
    def test_all_events_once_with_headers(self):
        source = self.opened(key="id")
        source.poll(200, 5)
        self.assertEqual(self.ids(source.rows), list(range(200)))
        self.assertEqual(source.rows[7]["headers"]["mr.id"], "7")
        self.assertEqual(source.rows[7]["headers"]["mr.event"], "message")
        self.assertEqual((source.rows[7]["key"], source.rows[7]["position"]), ("7", 8))

    def test_types_and_envelope(self):
        source = self.opened(path="/sse?all&kinds=2")
        source.poll(100, 5)
        self.assertEqual(self.ids(source.rows), list(range(0, 200, 2)))
        self.assertGreaterEqual(source.metric("filtered"), 99)
        source = self.opened(path="/sse?all&kinds=2", events=["odd"], value="envelope")
        source.poll(3, 5)
        first = self.values(source.rows)[0]
        self.assertEqual((first["type"], first["id"], json.loads(first["data"])["id"]), ("odd", "1", 1))

    def test_S23_cuts_lose_and_repeat_nothing(self):
        for how, where in (("fin", "line"), ("rst", "boundary"), ("clean", "utf8"), ("half", "chunk")):
            with self.subTest(how=how, where=where):
                self.sim.post("reset")
                self.sim.fault("cut", after=60, count=3, how=how, where=where)
                source = self.opened(read_timeout="500ms")
                source.poll(200, 15)
                self.assertEqual([v["id"] for v in self.kept(source)], list(range(200)))
                self.assertEqual(source.gaps, [])

    def test_id_in_the_query(self):
        source = self.opened(id_in="query", start_id="149")
        source.poll(50, 5)
        self.assertEqual(self.ids(source.rows), list(range(150, 200)))
        self.assertIn("lastEventId=149", self.sim.rows("requests")[0]["query"])

    def test_a_stream_without_ids_tells_each_loss(self):
        self.sim.fault("cut", after=50, count=1, how="fin")
        source = self.opened(path="/sse?all&ids=0", replay="none")
        source.poll(60, 5)
        self.assertEqual([gap["gap"] for gap in source.gaps], ["not_replayable"])
        self.assertTrue(all(row["hash"] == 0 for row in source.rows))

    def test_a_refused_id_starts_live_with_a_gap(self):
        source = self.opened()
        source.poll(20, 5, 20)
        state = source.state()
        source.kill()
        self.sim.fault("status", count=1, status=400)
        again = self.opened(state)
        again.poll(1, 5)
        self.assertEqual([gap["gap"] for gap in again.gaps], ["retention"])

    def test_silence_is_a_stall(self):
        self.sim.fault("silence", after=50, count=1, comments=True, every_ms=50)
        source = self.opened(silence_timeout="400ms")
        source.poll(200, 10)
        self.assertEqual([v["id"] for v in self.kept(source)], list(range(200)))
        self.assertEqual(source.metric("stalls"), 1)

    def test_killed_and_resumed(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                self.chaos(random.Random(seed))

    def chaos(self, rng):
        committed, state, seen = [], "", Filter()
        for _ in range(100):
            source = self.opened(state)
            source.poll(rng.randrange(1, 40), 2, rng.randrange(1, 40))
            trial = Filter(other=seen)
            kept = trial.keep(source.rows)
            if rng.random() < 0.7:
                committed, seen, state = committed + kept, trial, source.state()
            source.kill()
            if len(committed) >= 200:
                break
        self.assertEqual(self.ids(committed), list(range(200)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
