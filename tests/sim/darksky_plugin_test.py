"""The darksky source against the simulator: schedule, budget, dialects, time machine, -999 (DS1-DS12, F8)."""
import json
import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from case import PluginCase    # noqa: E402
from client import Simulator    # noqa: E402

PLACES = [{"name": f"p{i}", "lat": 40 + i / 8, "lon": -10.1234 * i} for i in range(6)]


class WeatherCase(PluginCase):
    simulator, plugin = "darksky", ("source_darksky", "darksky")
    config = {"api_key": "sesame", "targets": PLACES, "every": "1h", "quota": "unlimited", "rate": 500, "burst": 10}

    def source(self, **config):
        return super().source(**{"url": self.url(), **config})


class Schedule(WeatherCase):
    def test_every_place_once_per_slot(self):
        source = self.opened()
        source.poll(6, 5)
        source.poll(1, 0.4)
        self.assertEqual(sorted(row["key"] for row in source.rows), [p["name"] for p in PLACES])
        self.assertEqual(sorted({row["partition"] for row in source.rows}), list(range(6)))
        row = source.rows[0]
        body = json.loads(row["value"])
        self.assertEqual(row["time_us"], body["currently"]["time"] * 1_000_000)
        self.assertEqual(row["headers"]["mr.target"], row["key"])
        self.assertEqual(row["position"] >> 20, int(row["headers"]["mr.slot"]))

    def test_DS1_the_key_goes_in_a_header_and_is_never_printed(self):
        self.sim.fault("status", count=1, status=500)
        source = self.opened()
        source.poll(6, 5)
        self.assertEqual(self.header("apikey"), "sesame")
        self.assertTrue(all("sesame" not in r["path"] for r in self.sim.rows("requests")))
        source = self.opened(key_in="path")
        self.sim.fault("status", count=-1, status=404)
        source.poll(6, 5)
        self.assertIn("/forecast/sesame/", self.sim.rows("requests")[-1]["path"])
        self.assertNotIn("sesame", source.log() + str(source.errors))

    def test_DS2_request(self):
        source = self.opened(units="si", exclude=["minutely", "alerts"], extend="hourly", lang="de", version=2)
        source.poll(6, 5)
        self.assertEqual({r["query"] for r in self.sim.rows("requests")},
                         {"units=si&exclude=minutely,alerts&extend=hourly&lang=de&version=2"})
        self.assertIn("/forecast/key/40.375,-30.37", {r["path"] for r in self.sim.rows("requests")})

    def test_a_restart_does_not_ask_again_and_missed_slots_are_gaps(self):
        source = self.opened()
        source.poll(6, 5)
        state = source.state()
        source.kill()
        again = self.opened(state)
        again.poll(1, 0.5)
        self.assertEqual((again.rows, len(self.sim.rows("ledger"))), ([], 6))
        quick = self.opened(every="300ms")
        quick.poll(6, 5)
        state = quick.state()
        quick.kill()
        time.sleep(1)
        late = self.opened(state, every="300ms")
        late.poll(6, 5)
        self.assertEqual([gap["gap"] for gap in late.gaps[:6]], ["not_replayable"] * 6)

    def test_places_from_a_file(self):
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write('id,name,iata_code,latitude_deg,longitude_deg\n1,"A ""b"", c",AAA,1.5,2\n2,x,,3,4\n3,y,BBB,-1.25,0\n4,z,CCC,5,6\n')
            file.flush()
            source = self.opened(targets={"file": file.name, "name": "iata_code", "lat": "latitude_deg", "lon": "longitude_deg", "limit": 2})
            source.poll(2, 5)
        self.assertEqual({(row["key"], json.loads(row["value"])["latitude"]) for row in source.rows}, {("AAA", 1.5), ("BBB", -1.25)})


class Values(WeatherCase):
    def test_DS6_missing_is_null_outside_of_texts(self):
        self.sim.fault("missing")
        source = self.opened()
        source.poll(1, 5)
        body = json.loads(source.rows[0]["value"])
        self.assertEqual((body["currently"]["windGust"], body["flags"]["nearest-station"]), (None, None))
        self.assertEqual(body["currently"]["summary"], 'It\'s -999, "they" say')
        kept = self.opened(missing="keep")
        kept.poll(1, 5)
        self.assertEqual(json.loads(kept.rows[0]["value"])["currently"]["windGust"], -999)

    def test_points_of_the_forecast(self):
        source = self.opened(emit="hourly", targets=PLACES[:1])
        source.poll(48, 5, 7)
        times = [json.loads(row["value"])["time"] for row in source.rows]
        self.assertEqual((len(times), {b - a for a, b in zip(times, times[1:])}), (48, {3600}))
        self.assertEqual([row["time_us"] for row in source.rows], [t * 1_000_000 for t in times])
        self.assertIn("mr.issued", source.rows[0]["headers"])
        source = self.opened(emit="daily", targets=PLACES[:1])
        source.poll(8, 5)
        self.assertEqual(len(source.rows), 8)

    def test_DS3_blocks_may_be_missing(self):
        self.sim.fault("no_block", blocks=["currently", "hourly"])
        source = self.opened(targets=PLACES[:1])
        source.poll(1, 0.5)
        self.assertEqual([r["why"] for r in source.rejects], ["no currently.time in the forecast"])
        source = self.opened(targets=PLACES[:1], emit="hourly")
        source.poll(1, 0.5)
        self.assertEqual((source.rows, source.rejects), ([], []))

    def test_DS10_the_same_observation_is_told_by_its_hash(self):
        source = self.opened(every="200ms", targets=PLACES[:1])
        source.poll(8, 3)
        times = {json.loads(row["value"])["currently"]["time"] for row in source.rows}
        self.assertEqual(len({row["hash"] for row in source.rows}), len(times))
        self.assertGreater(len(source.rows), len(times))


class Trouble(WeatherCase):
    def test_errors_that_pass(self):
        for kind, args in (("status", {"status": 503}), ("html", {}), ("truncated_json", {}), ("cut_body", {}), ("bad_gzip", {}), ("gzip", {})):
            with self.subTest(kind=kind):
                self.sim.post("reset")
                self.sim.fault(kind, count=2, **args)
                source = self.opened()
                source.poll(6, 6)
                self.assertEqual(sorted(row["key"] for row in source.rows), [p["name"] for p in PLACES])

    def test_H7_one_failing_place_does_not_hold_the_others(self):
        source = self.opened(targets=[{"name": "bad", "lat": 40, "lon": 1}, *PLACES[1:]], retry={"initial": "5s", "max": "5s"})
        self.sim.fault("status", count=1, status=502)
        begun = time.monotonic()
        source.poll(5, 4)
        self.assertLess(time.monotonic() - begun, 3)
        self.assertEqual(len(source.rows), 5)

    def test_DS8_a_refused_place_is_an_error_row(self):
        self.sim.fault("status", count=1, status=400, body='{"detail":"bad place"}')
        source = self.opened()
        source.poll(5, 5)
        self.assertEqual([r["reject"] for r in source.rejects], ['{"detail":"bad place"}'])
        self.assertEqual(len(self.sim.rows("requests")), 6)

    def test_a_body_that_stays_damaged_is_an_error_and_5xx_a_gap(self):
        self.sim.fault("truncated_json", count=-1)
        source = self.opened(every="400ms", targets=PLACES[:1])
        source.poll(1, 1)
        self.assertTrue(source.rejects and not source.gaps)
        self.sim.post("reset")
        self.sim.fault("status", count=-1, status=500)
        source = self.opened(every="400ms", targets=PLACES[:1])
        source.poll(1, 1)
        self.assertEqual({gap["gap"] for gap in source.gaps}, {"bad_response"})

    def test_a_wrong_key_stops_with_the_remedy(self):
        source = self.opened(api_key="mistyped", targets=PLACES[:1])
        source.poll(1, 5)
        self.assertIn("api_key", source.errors[0]["error"])
        self.assertNotIn("mistyped", source.errors[0]["error"] + source.log())
        self.assertEqual(len(self.sim.rows("requests")), 3)

    def test_DS9_a_schedule_beyond_the_quota_is_refused_with_the_one_that_fits(self):
        with self.assertRaisesRegex(RuntimeError, "smallest every that fits is 26m"):
            self.opened(every="1m", quota=10_000)

    def test_DS9_a_nearly_empty_quota_stretches_the_schedule(self):
        self.sim.fault("quota", limit=40, reset_s=3600)
        source = self.opened(every="100ms", targets=PLACES[:1], rate=500, burst=100)
        source.poll(100, 6)
        # On a busy machine a slot of 100 ms may pass unanswered.
        self.assertEqual([gap["gap"] for gap in source.gaps if gap["gap"] != "bad_response"], ["quota"])
        self.assertLessEqual(len(self.sim.rows("ledger")), 40)
        self.assertEqual(source.metric("budget_left"), 1)

    def test_rate_is_kept_over_all_places(self):
        source = self.opened(rate=20, burst=1)
        begun = time.monotonic()
        source.poll(6, 5)
        self.assertGreaterEqual(time.monotonic() - begun, 5 / 20)


class Past(WeatherCase):
    HISTORY = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T06:00:00Z"}

    def test_backfill_asks_the_time_machine_slot_by_slot_and_ends(self):
        source = self.opened(history=self.HISTORY, targets=PLACES[:2], catch_up=True)
        answer = source.poll(100, 8)
        self.assertEqual(answer["rc"], 4)
        for place in PLACES[:2]:
            times = [json.loads(r["value"])["currently"]["time"] for r in source.rows if r["key"] == place["name"]]
            self.assertEqual((len(times) in (6, 7), {b - a for a, b in zip(times, times[1:])}), (True, {3600}))
        self.assertTrue(all(row["headers"]["mr.catch_up"] == "true" for row in source.rows))

    def test_backfill_killed_and_resumed_is_exact(self):
        rows, state = [], ""
        for _ in range(40):
            source = self.opened(state, history=self.HISTORY, targets=PLACES[:3])
            rc = source.poll(2, 3, 2)["rc"]
            rows, state = rows + source.rows, source.state()
            source.kill()
            if rc == 4:
                break
        positions = [(row["partition"], row["position"]) for row in rows]
        self.assertEqual(len(positions), len(set(positions)))
        with Simulator("darksky") as sim:
            whole = self.opened(url=f"http://127.0.0.1:{sim.port}", history=self.HISTORY, targets=PLACES[:3])
            whole.poll(100, 8)
        self.assertEqual(sorted((r["key"], r["value"]) for r in rows), sorted((r["key"], r["value"]) for r in whole.rows))


if __name__ == "__main__":
    unittest.main(verbosity=2)
