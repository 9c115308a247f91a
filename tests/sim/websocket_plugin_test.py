"""The websocket source: hand-made frames (W1-W8), and subscriptions, pings and resume on blockchain's simulator."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import frames    # noqa: E402
from case import QUICK, PluginCase    # noqa: E402
from client import FOLDER, Simulator    # noqa: E402
from core import tls    # noqa: E402
from drive import Drive    # noqa: E402


class Frames(unittest.TestCase):
    """Autobahn's groups as checklist: framing, pings, reserved bits, opcodes, fragmentation, UTF-8, limits, close."""

    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen([sys.executable, str(FOLDER / "frames.py")], stdout=subprocess.PIPE, text=True)
        cls.port = int(cls.server.stdout.readline().split()[1])

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        cls.server.wait(10)
        cls.server.stdout.close()

    def log(self, case):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_log") as answer:
            return [entry for entry in json.loads(answer.read()) if entry["case"] == case]

    def numbers(self, case, rows=3, seconds=1.0, **config):
        """What the first connection brought; a second one would begin with 1 again."""
        source = self.enterContext(Drive("source_websocket", "websocket", {
            **QUICK, "url": f"ws://127.0.0.1:{self.port}/{case}", "retry": {"initial": "20s", "max": "20s", "jitter": "none"}, **config}))
        source.open()
        source.poll(rows, seconds)
        self.source = source
        return [json.loads(row["value"])["n"] for row in source.rows]

    def test_what_is_right_is_taken(self):
        for case in ("fragments", "split_character", "empty_fragments", "long", "binary", "pong_unasked", "ping_125", "two_pings"):
            with self.subTest(case=case):
                self.assertEqual(self.numbers(case, seconds=5), [1, 1.5, 2])

    def test_W4_pings_are_answered_with_their_payload_and_masked(self):
        for case, payload in (("fragments", "in between"), ("ping_125", "x" * 125), ("two_pings", "two")):
            with self.subTest(case=case):
                self.numbers(case, seconds=5)
                self.source.poll(1, 0.2)
                frames = self.log(case)[-1]["frames"]
                self.assertIn([10, True, payload], frames)

    def test_what_is_wrong_ends_the_connection(self):
        for case in ("masked", "rsv1", "rsv2", "rsv3", "opcode_3", "opcode_11", "fragmented_ping", "ping_126", "lone_continuation", "text_inside_text",
                     "bad_utf8", "overlong_utf8", "surrogate_utf8", "cut_utf8", "long_form", "longer_form", "top_bit", "close_1_byte", "close_1005",
                     "close_2999", "close_bad_reason"):
            with self.subTest(case=case):
                self.assertEqual(self.numbers(case, seconds=0.4), [1])

    def test_W7_close_codes(self):
        for code in (1000, 1001, 1011, 3000, 4000):
            with self.subTest(code=code):
                self.assertEqual(self.numbers(f"close_{code}", seconds=0.4), [1])
                frames = self.log(f"close_{code}")[0]["frames"]
                self.assertEqual(frames[0][:2] + [struct.unpack(">H", frames[0][2][:2].encode("latin-1"))[0]], [8, True, code])
        self.assertEqual(self.numbers("close_empty", seconds=0.4), [1])

    def test_codes_that_mean_go_away_have_grace_then_stop(self):
        for code in (1003, 1008):
            with self.subTest(code=code):
                self.numbers(f"close_{code}", rows=50, seconds=4, retry={"initial": "10ms", "max": "20ms"}, auth_grace={"attempts": 3, "over": "50ms"})
                self.assertEqual([error["rc"] for error in self.source.errors], [-400])
                self.assertEqual(len(self.log(f"close_{code}")), 3)

    def flooded(self, **config):
        """A first record is read, then none, while the server sends and sends."""
        source = self.enterContext(Drive("source_websocket", "websocket", {**QUICK, "url": f"ws://127.0.0.1:{self.port}/flood", "buffer": "64KiB", **config}))
        source.open()
        source.poll(1, 20, 1)
        return source, self.log("flood")[-1]["head"]

    def wait_for(self, what):
        deadline = time.monotonic() + 120
        while not what(self.log("flood")[-1]) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(what(self.log("flood")[-1]))

    def test_P7_W4_pings_are_answered_while_nobody_reads(self):
        self.flooded(stall_limit="1h")
        self.wait_for(lambda entry: [10, True, "are you there"] in entry["frames"])

    def test_P7_the_oldest_go_when_reading_is_held_up(self):
        source, _ = self.flooded(stall_limit="100ms")
        self.wait_for(lambda entry: entry.get("flooded"))
        dropped = None
        while not source.rows or json.loads(source.rows[-1]["value"])["n"] < frames.FLOOD:
            self.assertEqual(source.poll(frames.FLOOD, 0.5)["rc"] < 0, False)
        numbers = [json.loads(row["value"])["n"] for row in source.rows]
        dropped = source.metric("overflow")
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertGreater(dropped, 0)
        self.assertEqual(len(numbers) + dropped, frames.FLOOD)
        self.assertEqual({gap["gap"] for gap in source.gaps}, {"overflow"})
        self.assertEqual((source.metric("reconnects"), len(source.gaps)), (0, source.metric("gaps")))

    def test_P7_block_loses_nothing(self):
        source, _ = self.flooded(stall_limit="50ms", overflow="block", read_timeout="300ms")
        time.sleep(1)    # longer than both: the sender waits, and is not taken for dead
        while len(source.rows) < frames.FLOOD:
            self.assertEqual(source.poll(frames.FLOOD - len(source.rows), 1)["rc"] < 0, False)
        self.assertEqual([json.loads(row["value"])["n"] for row in source.rows], list(range(1, frames.FLOOD + 1)))
        self.assertEqual((source.metric("overflow"), source.metric("reconnects"), source.gaps), (0, 0, []))

    def test_W1_a_wrong_accept_and_an_unasked_extension_are_no_handshake(self):
        for case in ("wrong_accept", "deflate"):
            with self.subTest(case=case):
                self.assertEqual(self.numbers(case, seconds=0.5), [])

    def test_W1_a_subprotocol_must_be_one_that_was_offered(self):
        for offered, taken in (("", []), ("p1", []), ("p1, p2", [1, 2])):
            with self.subTest(offered=offered):
                self.assertEqual(self.numbers("subprotocol", rows=2, seconds=5 if taken else 0.5, **({"subprotocol": offered} if offered else {})), taken)
        self.assertEqual(self.numbers("long", seconds=5, subprotocol="p1"), [1, 1.5, 2])    # Choosing none is allowed.

    def test_records_of_an_array_and_messages_without_one(self):
        for pointer in ("/data", "/data/*"):
            with self.subTest(pointer=pointer):
                self.assertEqual(self.numbers("list", rows=4, seconds=5, records=pointer), [1, 1.5, 1.6, 2])

    def test_W1_the_request(self):
        self.numbers("long", headers={"X-Team": "a"}, subprotocol="p1", user_agent="me")
        head = self.log("long")[-1]["head"].lower()
        for line in ("get /long http/1.1", "upgrade: websocket", "sec-websocket-version: 13", f"host: 127.0.0.1:{self.port}", "x-team: a",
                     "sec-websocket-protocol: p1", "user-agent: me"):
            self.assertIn(line, head)
        self.assertNotIn("origin:", head)
        self.assertNotIn("sec-websocket-extensions", head)


class Feeds(PluginCase):
    simulator, plugin = "blockchain", ("source_websocket", "websocket")
    arguments = ("--rate", "40")
    config = {"subscribe": [{"op": "unconfirmed_sub"}], "key": "x.hash", "dedupe_key": "x.hash"}

    def source(self, env=None, **config):
        return super().source(env, **{"url": self.url("/inv", "ws"), **config})

    def test_subscriptions_pings_and_what_is_ignored(self):
        self.sim.fault("unknown_op")
        source = self.opened(ping={"every": "60ms", "text": {"op": "ping"}, "expect": {"op": "pong"}, "timeout": "1s"}, ignore=[{"op": "status"}])
        source.poll(30, 5)
        heard = self.sim.rows("requests")[0]["heard"]
        self.assertEqual((heard[0], heard[-1]), ({"op": "unconfirmed_sub"}, {"op": "ping"}))
        self.assertTrue(all(value["op"] == "utx" for value in self.values(source.rows)))
        self.assertGreaterEqual(source.metric("ignored"), 30)
        self.assertEqual((source.metric("stalls"), source.rows[0]["key"]), (0, self.values(source.rows)[0]["x"]["hash"]))

    def test_losses_are_told(self):
        source = self.opened()
        source.poll(10, 5)
        self.sim.fault("ws_reset", now=True)
        source.poll(10, 5)
        self.assertEqual([gap["gap"] for gap in source.gaps], ["not_replayable"])
        state = source.state()
        source.kill()
        again = self.opened(state)
        again.poll(3, 5)
        self.assertEqual([gap["gap"] for gap in again.gaps], ["not_replayable"])

    def test_resume_sends_the_position(self):
        resume = {"field": "x.time", "send": {"op": "ping", "from": "{position}"}}
        source = self.opened(resume=resume)
        source.poll(10, 5, 10)
        last, state = self.values(source.rows)[-1]["x"]["time"], source.state()
        source.kill()
        again = self.opened(state, resume=resume, ignore=[{"op": "pong"}])
        again.poll(1, 5)
        self.assertEqual(self.sim.rows("requests")[-1]["heard"][1], {"op": "ping", "from": last})
        self.assertEqual(again.gaps, [])

    def test_raw_messages(self):
        source = self.opened(format="raw", key="", dedupe_key=[])
        source.poll(3, 5)
        self.assertEqual(json.loads(source.rows[0]["value"])["op"], "utx")
        self.assertEqual((source.rows[0]["key"], source.rows[0]["hash"]), (None, 0))

    def test_W11_through_a_proxy(self):
        proxy = subprocess.Popen([sys.executable, str(FOLDER / "proxy.py"), "--auth", "u:sesame"], stdout=subprocess.PIPE, text=True)
        try:
            port = int(proxy.stdout.readline().split()[1])
            source = self.opened(proxy=f"http://u:sesame@127.0.0.1:{port}")
            source.poll(5, 5)
            self.assertGreaterEqual(len(source.rows), 5)
            source = self.opened(proxy=f"http://127.0.0.1:{port}")
            source.poll(5, 3)
            self.assertEqual([error["rc"] for error in source.errors], [-400])
        finally:
            proxy.terminate()
            proxy.wait(10)
            proxy.stdout.close()


class Secure(unittest.TestCase):
    """F11, W10."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.certs = tls.make_all(cls.folder)

    def rows(self, cert, variant="normal", **config):
        with Simulator("blockchain", "--rate", "40", "--tls", *self.certs[cert], "--tls-variant", variant) as sim:
            with Drive("source_websocket", "websocket", {**QUICK, "url": f"wss://localhost:{sim.port}/inv", "subscribe": [{"op": "unconfirmed_sub"}],
                                                         "tls": {"ca_file": str(self.certs["ca"][0])}, **config}) as source:
                source.open()
                source.poll(5, 4)
                return source.rows, source.errors

    def test_a_good_certificate_and_sni(self):
        for variant in ("normal", "sni"):
            rows, errors = self.rows("good", variant)
            self.assertEqual((len(rows) >= 5, errors), (True, []))

    def test_bad_ones_stop_the_run(self):
        for cert in ("expired", "wrong_host", "unknown_ca"):
            with self.subTest(cert=cert):
                rows, errors = self.rows(cert)
                self.assertEqual((rows, [error["rc"] for error in errors]), ([], [-400]))
                self.assertIn("tls", errors[0]["error"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
