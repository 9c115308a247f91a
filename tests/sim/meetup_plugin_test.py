"""The meetup source against the simulator: the change feed over GraphQL, tokens, and the stream of old (MU1-MU7, F10)."""
import datetime
import json
import pathlib
import random
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from case import PluginCase    # noqa: E402
from client import Simulator    # noqa: E402
from drive import Filter    # noqa: E402


class MeetupCase(PluginCase):
    simulator, plugin = "meetup", ("source_meetup", "meetup")


class GraphQl(MeetupCase):
    config = {"events": ["100"], "every": "300ms", "discover_every": "300ms", "page": 3, "points_per_minute": 100_000}

    def source(self, **config):
        return super().source(**{"url": self.url("/gql-ext"), **config})

    def answers(self, rows):
        return [(row["key"], v["rsvp"]["id"], v["rsvp"]["status"]) for row, v in zip(rows, self.values(rows))]

    def first_listing(self, **config):
        source = self.opened(**config)
        source.poll(7, 5)
        self.assertEqual([i for _, i, _ in self.answers(source.rows)], [f"r0_{n}" for n in range(7)])
        return source

    def test_MU6_changes_and_only_changes_are_records(self):
        source = self.first_listing()
        source.poll(1, 0.8)
        self.assertEqual(len(source.rows), 7)
        self.sim.fault("answer", event="100", id="r0_3", status="NO")
        self.sim.fault("answer", event="100", id="new", status="YES", guests=2)
        source.poll(2, 3)
        self.assertEqual(self.answers(source.rows[7:]), [("100", "r0_3", "NO"), ("100", "new", "YES")])
        row = source.rows[-1]
        self.assertEqual(json.loads(row["value"])["event"], {"id": "100", "title": "T", "dateTime": None})
        self.assertEqual(row["time_us"], int(datetime.datetime(2025, 10, 9, 8, 10, 2, tzinfo=datetime.timezone.utc).timestamp()) * 1_000_000)

    def test_people_are_hashed_unless_wanted(self):
        source = self.first_listing()
        member = self.values(source.rows)[0]["rsvp"]["member"]
        self.assertEqual(set(member), {"member_id"})
        self.assertNotIn("Ada", "".join(row["value"] for row in source.rows))
        again = self.first_listing()
        self.assertEqual(self.values(again.rows)[0]["rsvp"]["member"], member)
        self.assertEqual(self.values(self.first_listing(personal=True).rows)[0]["rsvp"]["member"]["name"], "Ada \U0001F600")

    def test_searches_find_events(self):
        source = self.opened(events=[], searches=[{"name": "s", "query": "c++", "lat": 52.5, "lon": 13.4}], page=1)
        source.poll(14, 8)
        self.assertEqual({event for event, _, _ in self.answers(source.rows)}, {"100", "101"})
        state = source.state()
        source.kill()
        again = self.opened(state, events=[], searches=[{"name": "s", "query": "c++", "lat": 52.5, "lon": 13.4}], page=1)
        self.sim.fault("answer", event="101", id="r1_0", status="NO")
        again.poll(1, 5)
        self.assertEqual(self.answers(again.rows), [("101", "r1_0", "NO")])

    def test_absence_is_told_when_asked_for(self):
        source = self.first_listing(absent="report")
        self.sim.fault("vanish", event="100", id="r0_5")
        source.poll(1, 3)
        source.poll(1, 0.7)
        self.assertEqual(self.answers(source.rows[7:]), [("100", "r0_5", "ABSENT")])

    def test_listings_that_shift_repeat_nothing(self):
        self.sim.fault("shift")
        self.first_listing()

    def test_a_refused_cursor_begins_the_listing_anew(self):
        self.sim.fault("cursor_refused")
        source = self.first_listing(every="5s")
        self.assertEqual(source.rejects, [])

    def test_MU4_errors_with_status_200(self):
        self.sim.fault("gql_error")
        source = self.opened()
        source.poll(7, 4)
        self.assertEqual(len(source.rows), 7)
        self.assertIn("Field 'x' doesn't exist", source.rejects[0]["why"])
        self.sim.fault("partial")
        source = self.opened(every="5s")
        source.poll(7, 4)
        self.assertEqual((len(source.rows), [r["why"] for r in source.rejects]), (7, ["the service says: venue is broken"]))

    def test_MU4_the_rate_limit_waits_until_it_says(self):
        reset = time.time() + 1.5
        stamp = datetime.datetime.fromtimestamp(reset, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(reset % 1 * 1000):03}Z"
        self.sim.fault("gql_limit", n=1, resetAt=stamp)
        source = self.opened(every="30s")
        source.poll(7, 6)
        self.assertEqual(len(source.rows), 7)
        self.assertGreaterEqual(self.sim.rows("requests")[1]["opened_wall"], reset - 0.05)

    def test_killed_and_resumed_tells_every_change_once(self):
        rows, state, seen = [], "", Filter(3_600_000_000)
        rng = random.Random(1)
        for step in range(8):
            source = self.opened(state)
            if step:
                self.sim.fault("answer", event="100", id=f"r0_{step % 7}", status=f"S{step}")
            source.poll(rng.randrange(1, 8), 1.2, rng.randrange(1, 4))
            if rng.random() < 0.7:
                rows, state = rows + seen.keep(source.rows), source.state()
            source.kill()
        last = self.opened(state)
        last.poll(20, 1.5)
        rows += seen.keep(last.rows)
        held = {}
        for event, name, status in self.answers(rows):
            self.assertNotEqual(held.get(name), status)
            held[name] = status
        self.assertEqual(held, {"r0_0": "S7", **{f"r0_{n}": f"S{n}" for n in range(1, 7)}})


class Tokens(MeetupCase):
    arguments = ("--closed",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True, text=True).stdout

    def source(self, **config):
        auth = {"client_key": "c", "member_id": "7", "key_id": "k1", "private_key": self.key, **config.pop("auth", {})}
        return super().source(url=self.url("/gql-ext"), token_url=self.url("/oauth2/access"), auth=auth, events=["100"], every="300ms", **config)

    def test_MU3_a_signed_token_is_taken_and_renewed_when_it_is_refused(self):
        source = self.opened()
        source.poll(7, 5)
        self.assertEqual(len(source.rows), 7)
        head, claims = self.sim.rows("requests")[0]["jwt"]
        self.assertEqual(head, {"alg": "RS256", "typ": "JWT", "kid": "k1"})
        self.assertEqual((claims["sub"], claims["iss"], claims["aud"]), ("7", "c", "api.meetup.com"))
        self.assertAlmostEqual(claims["exp"], time.time() + 120, delta=30)
        self.sim.fault("revoke")
        self.sim.fault("answer", event="100", id="r0_1", status="NO")
        source.poll(1, 3)
        self.assertEqual(len(source.rows), 8)

    def test_a_wrong_key_id_stops_the_run(self):
        source = self.opened(auth={"key_id": "other"})
        source.poll(1, 5)
        self.assertEqual([error["rc"] for error in source.errors], [-400])
        self.assertNotIn("PRIVATE", source.log() + str(source.errors))


class Streams(MeetupCase):
    arguments = ("--records", "200", "--speed", "0")

    def modes(self):
        for mode, scheme in (("stream", "http"), ("stream_ws", "ws")):
            with self.subTest(mode=mode):
                self.sim.post("reset")
                yield {"mode": mode, "stream_url": self.url("/2/rsvps?all", scheme)}

    def ids(self, rows):
        return [value["rsvp_id"] for value in self.values(rows)]

    def test_records_as_they_came(self):
        for config in self.modes():
            source = self.opened(**config)
            source.poll(200, 5)
            self.assertEqual(self.ids(source.rows), list(range(1000, 1200)))
            row = source.rows[8]
            self.assertEqual((row["key"], row["time_us"], row["position"]), ("e1", json.loads(row["value"])["mtime"] * 1000, 9))
            self.assertEqual(set(json.loads(row["value"])["member"]), {"member_id"})
            whole = self.opened(**config, personal=True)
            whole.poll(1, 5)
            self.assertEqual(json.loads(whole.rows[0]["value"])["member"]["member_name"], "Grace \u00fc")

    def test_MU1_cuts_lose_and_repeat_nothing(self):
        for where in ("boundary", "line", "utf8", "chunk"):
            with self.subTest(where=where):
                self.sim.post("reset")
                self.sim.fault("cut", after=70, count=2, how="rst", where=where)
                source = self.opened(mode="stream", stream_url=self.url("/2/rsvps?all"), read_timeout="500ms")
                source.poll(200, 10)
                while len(self.kept(source)) < 200 and source.poll(1, 1)["rows"]:
                    pass
                self.assertEqual([v["rsvp_id"] for v in self.kept(source)], list(range(1000, 1200)))
                self.assertIn("since_mtime", self.sim.rows("requests")[-1]["query"])
        self.sim.post("reset")
        source = self.opened(mode="stream_ws", stream_url=self.url("/2/rsvps?all", "ws"))
        source.poll(50, 5, 50)
        self.sim.fault("ws_reset")
        source.poll(150, 8)
        self.assertEqual({v["rsvp_id"] for v in self.kept(source)}, set(range(1000, 1200)))

    def test_chunks_are_not_records(self):
        for kind in ("blank_lines", "split"):
            self.sim.fault(kind)
        self.sim.fault("one_write", records=5)
        source = self.opened(mode="stream", stream_url=self.url("/2/rsvps?all"))
        source.poll(200, 5)
        self.assertEqual(self.ids(source.rows), list(range(1000, 1200)))

    def test_a_buffer_that_was_too_short_is_a_gap(self):
        with Simulator("meetup", "--records", "100000", "--speed", "0") as sim:
            config = {"mode": "stream", "stream_url": f"http://127.0.0.1:{sim.port}/2/rsvps?all"}
            source = self.opened(**config)
            source.poll(20, 5, 20)
            state = source.state()
            source.kill()
            sim.fault("buffer", n=10)
            again = self.opened(state, **config)
            again.poll(5, 8)
        self.assertEqual([gap["gap"] for gap in again.gaps], ["retention"])

    def test_killed_and_resumed(self):
        for config in self.modes():
            rng = random.Random(3)
            committed, state, seen = [], "", Filter(600_000_000)
            for _ in range(80):
                source = self.opened(state, **config, overlap="200ms")
                source.poll(rng.randrange(1, 50), 0.6, rng.randrange(20, 60))
                trial = Filter(600_000_000, seen)
                kept = trial.keep(source.rows)
                if rng.random() < 0.7:
                    committed, seen, state = committed + kept, trial, source.state()
                source.kill()
                if len(committed) >= 200:
                    break
            self.assertEqual(sorted(self.ids(committed)), list(range(1000, 1200)))

    def test_what_is_no_rsvp_is_an_error(self):
        self.sim.fault("html", count=1)
        source = self.opened(mode="stream", stream_url=self.url("/2/rsvps?all"))
        source.poll(200, 6)
        self.assertEqual(len(self.kept(source)), 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
