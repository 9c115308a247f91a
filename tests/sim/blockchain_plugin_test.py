"""The blockchain source against the simulator: blocks without a gap, reorganisations, the feed's faults (BC1-BC9, W8-W13, F9)."""
import json
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from case import PluginCase    # noqa: E402


class BitcoinCase(PluginCase):
    simulator, plugin = "blockchain", ("source_blockchain", "blockchain")
    arguments = ("--rate", "40")
    config = {"rate": 1000, "burst": 1000, "tip_every": "200ms"}

    def source(self, **config):
        return super().source(**{"url": self.url("/inv", "ws"), "rest_url": self.url(), **config})

    def hashes(self, rows):
        return [value["x"]["hash"] for value in self.values(rows)]

    def chain(self):
        return [(row["height"], row["block"]) for row in self.sim.rows("ledger") if "block" in row]

    def txs(self):
        return [row["id"] for row in self.sim.rows("ledger") if "id" in row]


def replayed(rows):
    """What a reader holds who takes orphans back: [(height, hash)]."""
    held = []
    for value in (json.loads(row["value"]) for row in rows):
        if value["op"] == "orphan":
            assert held.pop() == (value["height"], value["hash"]), "an orphan that was not the last block"
        else:
            held.append((value["x"]["height"], value["x"]["hash"]))
    return held


class Transactions(BitcoinCase):
    def feed(self, state="", **config):
        return self.opened(state, streams=["tx"], **config)

    def test_every_transaction_once_as_it_came(self):
        source = self.feed()
        source.poll(60, 5)
        wanted = self.txs()
        came = self.hashes(source.rows)
        first = wanted.index(came[0])
        self.assertEqual(came, wanted[first:first + len(came)])
        row = source.rows[0]
        self.assertEqual((row["key"], row["partition"], row["position"]), (came[0], 0, 1))
        self.assertEqual(row["time_us"], json.loads(row["value"])["x"]["time"] * 1_000_000)
        self.assertEqual(json.loads(row["value"])["x"]["out"][0]["value"], 2_100_000_000_000_000)

    def test_BC8_each_way_to_lose_the_connection_is_one_gap(self):
        for kind, args in (("ws_reset", {}), ("ws_close", {"code": 1001}), ("ws_close", {"code": 1011}), ("ws_close", {"code": 4000})):
            with self.subTest(kind=kind, **args):
                self.sim.post("reset")
                source = self.feed()
                source.poll(20, 5)
                self.sim.fault(kind, now=True, **args)
                source.poll(40, 5)
                self.assertEqual([gap["gap"] for gap in source.gaps], ["not_replayable"])
                self.assertLess(source.gaps[0]["from_us"], source.gaps[0]["to_us"])
                self.assertEqual(source.metric("reconnects"), 1)

    def test_silence_while_the_connection_lives_is_a_stall(self):
        source = self.feed(silence_timeout="400ms")
        source.poll(20, 5)
        self.sim.fault("ws_silence", now=True)
        source.poll(40, 5)
        self.assertEqual((source.metric("stalls"), [gap["gap"] for gap in source.gaps]), (1, ["not_replayable"]))

    def test_BC3_a_ping_without_a_pong_is_a_dead_feed(self):
        self.sim.fault("ping_unanswered")
        source = self.feed(ping_every="100ms", pong_timeout="300ms")
        source.poll(1000, 1.5)
        self.assertGreaterEqual(source.metric("stalls"), 1)
        self.sim.post("reset")
        source = self.feed(ping_every="50ms", pong_timeout="300ms")
        source.poll(40, 3)
        self.assertEqual(source.metric("stalls"), 0)
        self.assertGreaterEqual(sum(m["op"] == "ping" for m in self.sim.rows("requests")[-1]["heard"]), 5)

    def test_W12_a_planned_reconnection_loses_nothing(self):
        source = self.feed(max_age="700ms", overlap="300ms")
        source.poll(100000, 3.5)
        came = [value["x"]["hash"] for value in self.kept(source)]
        wanted = self.txs()
        first = wanted.index(came[0])
        self.assertEqual(came, wanted[first:first + len(came)])
        self.assertGreaterEqual(source.metric("reconnects"), 2)
        self.assertEqual(source.gaps, [])

    def test_repeats_after_a_reconnection_are_told_by_their_hash(self):
        self.sim.fault("again")
        source = self.feed()
        source.poll(20, 5)
        self.sim.fault("ws_reset", now=True)
        source.poll(40, 5)
        came = [value["x"]["hash"] for value in self.kept(source)]
        self.assertEqual(len(came), len(set(came)))

    def test_an_ignored_subscription_and_unknown_ops(self):
        self.sim.fault("subscription_ignored")
        source = self.feed(silence_timeout="300ms")
        source.poll(1, 0.8)
        self.assertGreaterEqual(source.metric("stalls"), 1)
        self.sim.fault("subscription_ignored", off=True)
        self.sim.fault("unknown_op")
        source.poll(10, 5)
        self.assertGreaterEqual(len(source.rows), 10)
        self.assertGreaterEqual(source.metric("others"), 5)

    def test_W6_a_message_too_large_ends_the_connection(self):
        source = self.feed(max={"message": "64KiB"})
        source.poll(5, 5)
        self.sim.fault("big_message", now=True, bytes=100_000)
        source.poll(30, 5)
        self.assertGreaterEqual(len(source.rows), 30)
        self.assertEqual(source.metric("reconnects"), 1)

    def test_refusals_of_the_handshake(self):
        self.sim.fault("status", count=2, status=503, retry_after="0")
        source = self.feed()
        source.poll(5, 5)
        self.assertGreaterEqual(len(source.rows), 5)
        self.assertEqual(source.metric("retries"), 2)
        self.sim.post("reset")
        self.sim.fault("status", count=-1, status=403)
        source = self.feed()
        source.poll(5, 5)
        self.assertEqual([error["rc"] for error in source.errors], [-400])
        self.sim.post("reset")
        self.sim.fault("redirect", status=302, to=self.url("/inv"))
        source = self.feed()
        source.poll(5, 5)
        self.assertGreaterEqual(len(source.rows), 5)

    def test_a_restart_tells_what_was_missed(self):
        source = self.feed()
        source.poll(10, 5)
        state = source.state()
        source.kill()
        again = self.feed(state)
        again.poll(5, 5)
        self.assertEqual([gap["gap"] for gap in again.gaps], ["not_replayable"])
        self.assertEqual(again.rows[0]["position"], source.rows[-1]["position"] + 1)

    def test_cancel_ends_the_wait(self):
        source = self.feed()
        self.assertLess(source.call("cancel 300")["took_ms"], 1000)


class Blocks(BitcoinCase):
    arguments = ("--rate", "0")

    def blocks(self, state="", **config):
        return self.opened(state, streams=["block"], **config)

    def caught_up(self, source, seconds=20.0):
        """Polls until what came is the chain from its first block on."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            source.poll(1, 0.3)
            held = replayed(source.rows)
            if held and held == [b for b in self.chain() if b[0] >= held[0][0]]:
                return held
        self.fail(f"{replayed(source.rows)[-3:]} is not the end of {self.chain()[-3:]}")

    def know_the_tip(self, source):
        while not any(r["path"] == "/latestblock" and r["status"] == 200 for r in self.sim.rows("requests")):
            source.poll(1, 0.1)
        source.poll(1, 0.3)

    def test_BC7_from_the_tip_on(self):
        source = self.blocks()
        self.know_the_tip(source)
        self.sim.fault("mine", blocks=3)
        self.assertEqual(len(self.caught_up(source)), 3)
        value = json.loads(source.rows[0]["value"])
        self.assertNotIn("tx", value["x"])
        self.assertEqual((value["x"]["height"], value["x"]["nTx"], source.rows[0]["partition"]), (900_001, 2, 1))

    def test_from_a_height_and_from_a_distance(self):
        source = self.blocks(start_height=899_950)
        self.assertEqual(len(self.caught_up(source)), 51)
        source = self.blocks(start_height="-20")
        self.assertEqual(len(self.caught_up(source)), 20)

    def test_BC7_reorganisations_of_every_depth(self):
        for depth in (1, 2, 6):
            with self.subTest(depth=depth):
                self.sim.post("reset")
                source = self.blocks(start_height="-10")
                self.caught_up(source)
                self.sim.fault("reorganise", depth=depth)
                self.caught_up(source)
                self.assertEqual(source.metric("orphans"), depth)
                self.sim.fault("reorganise", depth=depth)
                self.caught_up(source)

    def test_deeper_than_what_was_put_out(self):
        source = self.blocks()
        self.know_the_tip(source)
        state = source.state()
        source.kill()
        source = self.blocks(state)    # The start is known though no block was put out.
        self.sim.fault("mine", blocks=1)
        self.caught_up(source)
        self.sim.fault("reorganise", depth=4)
        held = self.caught_up(source)
        self.assertEqual((held[0][0], source.metric("orphans")), (900_001, 1))

    def test_BC9_event_time_never_falls(self):
        source = self.blocks(start_height="-30")
        self.caught_up(source)
        self.sim.fault("mine", blocks=1, time=1)
        self.caught_up(source)
        times = [row["time_us"] for row in source.rows]
        self.assertEqual(times, sorted(times))
        claimed = [json.loads(row["value"])["x"]["time"] for row in source.rows]
        self.assertNotEqual(claimed, sorted(claimed))
        self.assertEqual(times[-1], max(claimed) * 1_000_000)

    def test_a_node_that_lags_takes_nothing_back(self):
        source = self.blocks(start_height="-5")
        self.caught_up(source)
        self.sim.fault("lagging_tip")
        source.poll(1, 0.7)
        self.assertEqual(source.metric("orphans"), 0)

    def test_confirmations_hold_blocks_back_until_nothing_can_happen(self):
        source = self.blocks(start_height="-10", confirmations=3)
        source.poll(100, 1)
        self.sim.fault("reorganise", depth=2)
        source.poll(100, 1)
        held = replayed(source.rows)
        self.assertEqual((held, source.metric("orphans")), ([b for b in self.chain() if held[0][0] <= b[0] <= 899_998], 0))

    def test_errors_that_pass(self):
        for kind, args in (("status", {"status": 500}), ("status", {"status": 429}), ("truncated_json", {}), ("cut_body", {}), ("html", {}), ("gzip", {})):
            with self.subTest(kind=kind, **args):
                self.sim.post("reset")
                source = self.blocks(start_height="-5", url="ws://127.0.0.1:1/inv")
                self.sim.fault(kind, count=3, **args)
                self.assertEqual(len(self.caught_up(source)), 5)

    def test_the_edge_page_is_no_block(self):
        self.sim.fault("edge_page")
        source = self.blocks(start_height="-5")
        source.poll(1, 0.6)
        self.assertEqual(source.rows, [])
        self.sim.fault("edge_page", off=True)
        self.caught_up(source)

    def test_BC6_the_rate_is_kept(self):
        source = self.blocks(start_height="-20", rate=20, burst=2, tip_every="10s", url="ws://127.0.0.1:1/inv")
        begun = time.monotonic()
        self.caught_up(source)
        self.assertGreaterEqual(time.monotonic() - begun, 18 / 20)

    def test_killed_while_the_chain_grows_and_forks(self):
        for seed in range(2):
            with self.subTest(seed=seed):
                self.sim.post("reset")
                self.chaos(random.Random(seed))

    def chaos(self, rng):
        rows, state = [], ""
        for step in range(25):
            source = self.blocks(state, start_height="-8")
            if step < 20:
                self.sim.fault(*rng.choice((("mine", 0, 1), ("reorganise", 0, 1))), **({"depth": rng.randrange(1, 4)}))
            source.poll(rng.randrange(1, 6), 0.3, rng.randrange(1, 6))
            if rng.random() < 0.7:
                rows, state = rows + source.rows, source.state()
            source.kill()
        source = self.blocks(state, start_height="-8")
        source.rows[:] = rows
        self.caught_up(source)
        positions = [row["position"] for row in source.rows]
        self.assertEqual(positions, list(range(1, len(positions) + 1)))


class Prices(BitcoinCase):
    def test_ticker(self):
        source = self.opened(streams=["ticker"], ticker_every="200ms")
        source.poll(3, 3)
        self.assertEqual(json.loads(source.rows[0]["value"])["x"]["USD"]["last"], 1.5)
        self.assertEqual({row["partition"] for row in source.rows}, {2})


if __name__ == "__main__":
    unittest.main(verbosity=2)
