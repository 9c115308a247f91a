"""Each service × each kind of bad input. What every source must bear is in bad_input.py; here are the services, and the values that cannot be.

README.md has the table. What a kind of service cannot meet is None here, with the reason.
"""
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import blockchain_plugin_test as bitcoin    # noqa: E402
import darksky_plugin_test as weather    # noqa: E402
import http_plugin_test as pages    # noqa: E402
import meetup_plugin_test as meetup    # noqa: E402
import sse_plugin_test as events    # noqa: E402
import websocket_plugin_test as sockets    # noqa: E402
import wikipedia_case as wikipedia    # noqa: E402
from bad_input import BadInput    # noqa: E402
from drive import Filter    # noqa: E402

NO_TIME = -2**63
FAR_MS = 4_102_444_800_000    # 2100
JSON = {"status": 200, "content_type": "application/json"}


class Polled(BadInput):
    """Answers are whole documents."""

    def test_truncated_json(self):
        for kind in ("truncated_json", "cut_body"):
            with self.subTest(kind=kind):
                self.sim.post("reset")
                self.passes(kind)

    def answered(self, *bodies, **config):
        """A source that gets these documents first."""
        for body in bodies:
            self.sim.fault("status", body=body if isinstance(body, str) else json.dumps(body), **JSON)
        return self.begin(**config)


class Streamed(BadInput):
    """An answer that does not end."""

    def test_truncated_json(self):
        for where in ("line", "utf8"):
            with self.subTest(where=where):
                self.sim.post("reset")
                self.sim.fault("cut", after=70, how="fin", where=where)
                self.assert_whole(self.begin(read_timeout="1s"))

    def test_truncated_json_reset(self):
        self.sim.fault("cut", after=70, how="rst", where="line")
        self.assert_whole(self.begin(read_timeout="1s"))


class Wikipedia(Streamed, wikipedia.SourceCase):
    test_clock_skew_backwards = BadInput.clock_skew_backwards
    arguments = ("--speed", "0", "--rate", "50", "--history", "4s")
    at_start = "2025-10-09T08:53:15Z"

    def opened(self, **config):
        source = self.source(start=self.at_start, **config)
        source.open()
        return source

    def assert_came(self, source):
        self.assert_exact(self.run_through(source, 20))

    def emit(self, kafka_ms=wikipedia.START_MS, **data):
        return self.sim.post("emit", data={"wiki": "dewiki", "type": "edit", **data}, kafka_ms=kafka_ms)["emitted"][0]["id"]

    def test_absurd_values(self):
        """R14 is the host's: the record comes as it is, with a time that can be told, or none."""
        for timestamp in (-1, 0, 10**30, -10**30, "yesterday", None, 1.5, [1]):
            self.emit(timestamp=timestamp, length={"new": -5, "old": 10**40})
        source = self.begin()
        self.assert_whole(source)
        times = {json.dumps(v.get("timestamp")): row["time_us"] for row, v in zip(source.rows, map(lambda r: json.loads(r["value"]), source.rows))
                 if v.get("length", {}).get("new") == -5}
        self.assertEqual((len(times), times["-1"], times["0"]), (8, -1_000_000, 0))
        self.assertEqual({times[text] for text in times if text not in ("-1", "0", "1.5")}, {NO_TIME})

    def test_sequence_backwards(self):
        """Kafka's times step back an hour, and to 2100 and back again; then the line is cut."""
        for kafka_ms in (wikipedia.START_MS, wikipedia.START_MS - 3_600_000, FAR_MS, wikipedia.START_MS + 1):
            self.emit(kafka_ms=kafka_ms, timestamp=wikipedia.START_MS // 1000)
        self.sim.fault("cut", after=202, how="rst")
        source = self.begin()
        self.assert_whole(source)
        positions = [row["position"] for row in source.rows]
        self.assertEqual(positions, sorted(set(positions)))


class DarkSky(Polled, weather.WeatherCase):
    def assert_came(self, source):
        source.poll(6, 20)
        self.assertEqual(sorted(row["key"] for row in source.rows), [place["name"] for place in weather.PLACES], source.log())

    def test_absurd_values(self):
        place = {"latitude": 1e300, "longitude": -999.5, "hourly": {"data": []}}
        good = {**place, "currently": {"time": -5, "temperature": -1e308, "windGust": 10**40}}
        source = self.answered(good, *({**place, "currently": {"time": time}} for time in (10**30, "soon", None)), {**place, "currently": []})
        source.poll(2, 10)
        self.assertTrue(self.until(lambda: source.poll(1, 0.1) and len(source.rows) + len(source.rejects) >= 6, 10))
        row = next(row for row in source.rows if row["time_us"] < 0)
        self.assertEqual((row["time_us"], json.loads(row["value"])), (-5_000_000, good))
        self.assertEqual([reject["why"] for reject in source.rejects], ["no currently.time in the forecast"] * 4)

    def test_sequence_backwards(self):
        """The observation is older than the one before: another record, at a higher position."""
        source = self.begin(targets=weather.PLACES[:1], every="300ms")
        source.poll(1, 10)
        self.sim.fault("step_back", s=7200)
        self.assertTrue(self.until(lambda: source.poll(1, 0.5) and len({row["time_us"] for row in source.rows}) > 1, 10))
        positions = [row["position"] for row in source.rows]
        self.assertEqual(positions, sorted(set(positions)))
        self.assertLess(min(row["time_us"] for row in source.rows[1:]), source.rows[0]["time_us"])


class Blocks(Polled, bitcoin.BitcoinCase):
    """blockchain, by REST; the feed is another one."""
    arguments = ("--rate", "0")
    urls_of = staticmethod(lambda http, ws: {"rest_url": http})
    caught_up, know_the_tip = bitcoin.Blocks.caught_up, bitcoin.Blocks.know_the_tip

    def begin(self, **config):
        return super().begin(**{"streams": ["block"], "start_height": "-5", "url": "ws://127.0.0.1:1/inv", **config})

    def source(self, **config):
        return super().source(**{"streams": ["block"], "start_height": "-5", "url": "ws://127.0.0.1:1/inv", **config})

    def assert_came(self, source):
        self.assertEqual(len(self.caught_up(source)), 5)

    def test_absurd_values(self):
        tips = [{"hash": "f" * 64, "height": height} for height in (-1, 10**30, "900000", None, 1.5)] + [{"height": 900_000}, {"hash": 5, "height": 900_000}]
        self.assert_whole(self.answered(*tips, retry={"initial": "5ms", "max": "10ms"}))

    def test_absurd_times(self):
        """A header has 32 bits for its time: what is more, or less than none, moves no event time."""
        source = self.begin()
        self.assert_whole(source)
        usual = source.rows[-1]["time_us"]
        for time_s in (2**40, -5):
            self.sim.fault("mine", blocks=1, time=time_s)
        self.sim.fault("mine", blocks=1)
        self.caught_up(source)
        times = [row["time_us"] for row in source.rows]
        self.assertEqual(times, sorted(times))
        self.assertLess(times[-1] - usual, 86_400_000_000)

    def test_absurd_tip_at_the_start(self):
        """A height that was never reached is no place to begin at: the next tip shows it."""
        source = self.answered({"hash": "f" * 64, "height": 10**15}, start_height="tip")
        self.know_the_tip(source)
        self.assertTrue(self.until(lambda: source.poll(1, 0.1) and sum(r["path"] == "/latestblock" for r in self.sim.rows("requests")) >= 3, 10))
        self.sim.fault("mine", blocks=2)
        self.assertEqual(len(self.caught_up(source)), 2)

    def test_absurd_tip_later(self):
        """Blocks that nobody has are asked for at leisure."""
        source = self.begin()
        self.assert_whole(source)
        self.sim.fault("status", body=json.dumps({"hash": "f" * 64, "height": 10**15}), **JSON)
        before = len(self.sim.rows("requests"))
        source.poll(1, 1)
        self.assertLess(len(self.sim.rows("requests")) - before, 60)
        self.sim.fault("mine", blocks=2)
        self.assertEqual(len(self.caught_up(source)), 7)
        self.assertEqual(source.metric("orphans"), 0)

    def test_sequence_backwards(self):
        source = self.begin()
        self.assert_whole(source)
        self.sim.fault("lagging_tip")
        source.poll(1, 0.5)
        self.sim.fault("mine", blocks=1)
        source.poll(1, 0.5)
        self.sim.fault("lagging_tip", off=True)
        self.assertEqual((len(self.caught_up(source)), source.metric("orphans")), (6, 0))


class OverWebSocket(BadInput):
    """A handshake, then messages."""
    urls_of = staticmethod(lambda http, ws: {"url": ws})
    test_gzip_bomb = None    # A handshake's body is not unpacked, and no extension that packs is offered (W9).

    def texts(self, source, *texts):
        self.sim.fault("ws_text", now=True, texts=[text if isinstance(text, str) else json.dumps(text) for text in texts])

    def assert_came(self, source):
        came = len(source.rows)
        source.poll(10, 20)
        self.assertGreaterEqual(len(source.rows), came + 10, source.log())

    def test_truncated_json(self):
        source = self.begin()
        self.assert_whole(source)
        self.texts(source, '{"op":"utx","x":{"hash":"ab', '{"op":"utx",')
        self.assertTrue(self.until(lambda: source.poll(1, 0.2) and len(source.rejects) == 2, 10))
        self.assert_whole(source)

    def test_endless_line(self):
        source = self.begin(max={"message": "64KiB"})
        self.assert_whole(source)
        self.sim.fault("big_message", now=True, bytes=100_000)
        self.assertTrue(self.until(lambda: source.poll(1, 0.2) and source.metric("reconnects") == 1, 10))
        self.assert_whole(source)

    def odd_times(self, source, of):
        """Values by their time, of messages whose times cannot be, or step back."""
        times = (1_760_000_500, -1, 10**30, "soon", None, 1_760_000_000)
        self.assert_whole(source)
        self.texts(source, *({"op": "utx", "x": {"hash": f"odd{n}", "time": time, "out": [{"value": -10**40}]}} for n, time in enumerate(times)))
        odd = lambda: [row for row in source.rows if '"odd' in row["value"]]    # noqa: E731
        self.assertTrue(self.until(lambda: source.poll(1, 0.2) and len(odd()) == len(times), 10), source.log())
        positions = [row["position"] for row in source.rows]
        self.assertEqual(positions, sorted(set(positions)))
        self.assertEqual([json.loads(row["value"])["x"]["out"] for row in odd()], [[{"value": -10**40}]] * len(times))
        return [row["time_us"] for row in odd()]


class Transactions(OverWebSocket, bitcoin.BitcoinCase):
    """blockchain, the feed."""
    test_clock_skew_backwards = BadInput.clock_skew_backwards

    def source(self, **config):
        return super().source(**{"streams": ["tx"], **config})

    def test_absurd_values(self):
        self.assertEqual(self.odd_times(self.begin(), "x.time"), [1_760_000_500_000_000, NO_TIME, NO_TIME, NO_TIME, NO_TIME, 1_760_000_000_000_000])

    test_sequence_backwards = None    # Transactions have no order: odd_times() has times that step back.


class GenericSocket(OverWebSocket, sockets.Feeds):
    def test_absurd_values(self):
        self.assertEqual(set(self.odd_times(self.begin(), "x.time")), {NO_TIME})

    def test_sequence_backwards(self):
        """The position is what the last message said, whatever it was before: the service knows best."""
        source = self.begin(resume={"field": "x.time", "send": {"op": "ping", "from": "{position}"}})
        self.odd_times(source, "x.time")
        self.assertIn("position", source.state())


for name in [name for name in dir(sockets.Feeds) if name.startswith("test_")]:
    setattr(GenericSocket, name, None)    # They run in websocket_plugin_test.py.


class MeetupGraph(Polled, meetup.MeetupCase):
    config = {"events": ["100"], "every": "400ms", "discover_every": "400ms", "points_per_minute": 100_000}

    def source(self, **config):
        return super().source(**{"url": self.url("/gql-ext"), **config})

    def assert_came(self, source):
        self.assertTrue(self.until(lambda: source.poll(1, 0.5) and len(source.rows) >= 7, 20), source.log())
        self.assertEqual([value["rsvp"]["id"] for value in self.values(source.rows)], [f"r0_{n}" for n in range(7)])

    def listing(self, *nodes):
        edges = [{"node": node} for node in nodes]
        return {"data": {"event": {"id": "100", "rsvps": {"totalCount": len(edges), "pageInfo": {"hasNextPage": False}, "edges": edges}}}}

    def test_absurd_values(self):
        odd = [{"id": f"odd{n}", "status": "YES", "guestsCount": -10**40, "updated": updated} for n, updated in
               enumerate(("-0001-99-99", 10**30, None, "soon"))]
        source = self.answered(self.listing(*odd, {"status": "YES"}, {"id": None}))
        self.assertTrue(self.until(lambda: source.poll(1, 0.5) and len(source.rows) >= 4 + 7, 20), source.log())
        self.assertEqual([value["rsvp"] for value in self.values(source.rows[:4])], odd)
        self.assertEqual([reject["why"] for reject in source.rejects], ["an RSVP without an id"] * 2)
        self.assertTrue(all(abs(row["time_us"] / 1e6 - time.time()) < 3600 for row in source.rows[:4]))    # that of the slot

    def test_sequence_backwards(self):
        """`updated` is older than before: a change all the same, told once."""
        source = self.begin()
        self.assert_whole(source)
        for status, updated in (("NO", 900), ("YES", 30)):
            self.sim.fault("answer", event="100", id="r0_3", status=status, updated=updated)
            self.assertTrue(self.until(lambda: source.poll(1, 0.5) and self.values(source.rows)[-1]["rsvp"]["status"] == status, 10))
        source.poll(1, 0.9)
        self.assertEqual([v["rsvp"]["status"] for v in self.values(source.rows) if v["rsvp"]["id"] == "r0_3"], ["YES", "NO", "YES"])

    def test_clock_skew_of_the_rate_limit(self):
        """When the limit ends is told by the server's clock."""
        self.sim.fault("clock_skew", s=7200)
        reset_at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + 7200 + 2))
        self.sim.fault("gql_limit", n=1, resetAt=reset_at)
        self.assert_whole(self.begin())
        first, second = self.sim.rows("requests")[:2]
        self.assertGreaterEqual(second["opened_wall"] - first["closed_wall"], 0.9)


class MeetupStream(Streamed, meetup.MeetupCase):
    arguments = ("--records", "200", "--speed", "0")
    urls_of = staticmethod(lambda http, ws: {"stream_url": f"{http}/2/rsvps?all"})

    def source(self, **config):
        return super().source(**{"mode": "stream", "stream_url": self.url("/2/rsvps?all"), **config})

    def ids_come(self, source, wanted):
        self.assertTrue(self.until(lambda: source.poll(1, 0.3) and len(self.kept(source)) >= len(wanted), 20), source.log())
        self.assertEqual([value["rsvp_id"] for value in self.kept(source)], wanted)

    def assert_came(self, source):
        self.ids_come(source, list(range(1000, 1200)))

    def test_absurd_values(self):
        for mtime in (-1, 10**30, "soon", None, FAR_MS):
            self.sim.post("emit", data={"mtime": mtime, "rsvp_id": 1, "guests": -10**40})
        for name in (None, "7"):
            self.sim.post("emit", data={"rsvp_id": name, "mtime": 1_760_000_009_000})
        source = self.begin()
        self.ids_come(source, [*range(1000, 1200), 1, "7"])
        self.assertEqual([reject["why"] for reject in source.rejects], ["not an RSVP with rsvp_id and mtime"] * 5)
        self.sim.fault("cut", after=0, how="rst", now=True)    # One from 2100 does not make the resume skip what comes then.
        self.sim.post("emit", data={"rsvp_id": 2, "mtime": int(time.time() * 1000) + 60_000})
        self.ids_come(source, [*range(1000, 1200), 1, "7", 2])

    def test_sequence_backwards(self):
        for back_ms in (0, 3_600_000, 1000):
            self.sim.post("emit", data={"rsvp_id": 5000 + back_ms, "mtime": 1_760_000_100_000 - back_ms})
        source = self.begin()
        self.ids_come(source, [*range(1000, 1200), 5000, 3_605_000, 6000])
        self.assertEqual(json.loads(source.state())["mtime"], 1_760_000_100_000)


class Http(Polled, pages.HttpCase):
    test_clock_skew_backwards = BadInput.clock_skew_backwards
    def assert_came(self, source):
        source.poll(10, 20)
        self.assertEqual(self.ids(source), list(range(10)), source.log())

    def source(self, path="/json", **config):
        return super().source(path, **config) if "url" not in config else pages.PluginCase.source(self, **{"every": "1h", **config})

    def test_absurd_values(self):
        odd = [{"id": value, "v": -10**40} for value in (-1, 10**40, 1e308, None, "", [], {"a": None})] + [5, "x", None, [1]]
        source = self.answered(odd, key="id", dedupe_key="id")
        source.poll(len(odd), 10)
        self.assertEqual(self.values(source.rows), odd)

    def test_sequence_backwards(self):
        """What `since` asks for never falls."""
        since = {"param": "since", "field": "updated_at", "start": "0"}
        source = self.answered([{"updated_at": 1_760_000_004}, {"updated_at": 1_760_000_002}, {"updated_at": -5}], since=since, every="200ms")
        self.assertTrue(self.until(lambda: source.poll(1, 0.2) and len(self.sim.rows("requests")) >= 4, 10))
        asked = [int(r["query"].removeprefix("since=")) for r in self.sim.rows("requests")]
        self.assertEqual(asked[:3], [0, 1_760_000_004, 1_760_000_009])
        self.assertEqual(asked, sorted(asked))


class Sse(Streamed, events.SseCase):
    def source(self, path="/sse?all", **config):
        return super().source(path, **config) if "url" not in config else pages.PluginCase.source(self, **config)

    def assert_came(self, source):
        self.assertTrue(self.until(lambda: source.poll(1, 0.3) and len(self.kept(source)) >= 200, 20), source.log())
        self.assertEqual(self.ids(self.kept_rows(source)), list(range(200)))

    def kept_rows(self, source):
        return Filter(3600_000_000).keep(source.rows)

    def begin(self, **config):
        return super().begin(**{"dedupe_key": "id", **config})

    def test_absurd_values(self):
        odd = [{"id": value, "v": -10**40} for value in (-1, 10**40, None, "", [])]
        for value in odd:
            self.sim.post("emit", data=value)
        source = self.begin()
        source.poll(205, 10)
        self.assertEqual(self.values(source.rows)[:5], odd)

    test_sequence_backwards = None    # An id is a text without an order: the last one is where to go on (S13).


SERVICES = (Wikipedia, DarkSky, Blocks, Transactions, MeetupGraph, MeetupStream, Http, Sse, GenericSocket)


def side_by_side():
    """A process per service: they mostly wait."""
    def play(service):
        return subprocess.run([sys.executable, "-B", __file__, service.__name__], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        done = list(pool.map(play, SERVICES))
    print(*(one.stdout for one in done))
    return max(one.returncode for one in done)


if __name__ == "__main__":
    sys.exit(side_by_side() if len(sys.argv) == 1 else unittest.main(verbosity=1))
