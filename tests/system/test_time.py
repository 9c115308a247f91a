"""Time that no input decides: windows that go by the wall clock, and zones whose rules change between two runs."""
import shutil
import signal
import subprocess
import time
import unittest

from program import SystemTest, counting, main

DAY_S = 86400
START_S = 1_767_225_600    # 2026-01-01T00:00:00Z


class WallClock(SystemTest):
    def start_on(self, operator, records):
        self.write("in.jsonl", records)
        self.write("p.json", counting({"follow": True}, operator))
        return self.start("--fresh")

    def stop(self, run):
        run.signal(signal.SIGTERM)
        done = run.wait()
        self.assertEqual(done.code, 0, done)
        self.assertTrue(done.report["balanced"])
        return done

    def counted(self):
        """A row is there when its line end is."""
        return sum(row["n"] for row in self.lines("out.jsonl")) if self.size("out.jsonl") else 0

    def test_R38_windows_close_by_the_clock_without_input(self):
        before_us = time.time() * 10**6
        # Event times a day back and forth: none is late, none counts.
        run = self.start_on({"window": {"tumbling": "1s", "time": "processing"}},
                            [{"t": START_S + second, "k": "a"} for second in (0, -DAY_S, DAY_S)])
        self.wait_until("the rows of windows that nothing but the clock closes", lambda: self.counted() == 3, run)
        self.append("in.jsonl", [{"t": 0, "k": "a"}])
        self.wait_until("the next window", lambda: self.counted() == 4, run)
        done = self.stop(run)
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 0)
        for row in self.lines("out.jsonl"):
            self.assertEqual(len(row["window_start"]), len("2026-01-01T00:00:00Z"), "whole seconds")
            self.assertGreater(row["window_end"], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before_us / 10**6)))

    def test_R38_sessions_close_by_the_clock_without_input(self):
        run = self.start_on({"window": {"session": "1s", "time": "processing"}},
                            [{"t": START_S + second, "k": "a"} for second in (0, -DAY_S, DAY_S)])
        self.wait_until("the session that nothing but the clock closes", lambda: self.counted() == 3, run)
        self.append("in.jsonl", [{"t": 0, "k": "a"}, {"t": 1, "k": "b"}])
        self.wait_until("two more", lambda: self.counted() == 5, run)
        done = self.stop(run)
        rows = self.lines("out.jsonl")
        self.assertEqual([(row["k"], row["n"]) for row in rows], [("a", 3), ("a", 1), ("b", 1)])
        self.assertLess(rows[0]["window_end"], rows[1]["window_start"], "a second of silence lies between")
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 0)

    def test_R38_a_restart_keeps_open_sessions(self):
        self.write("in.jsonl", [{"t": 1, "k": "a"}] * 3)
        self.write("p.json", counting({"follow": True}, {"window": {"session": "1d", "time": "processing"}}))
        self.run_to_end("--fresh", "--for", "1s")
        self.assertEqual(self.size("out.jsonl"), 0)
        self.append("in.jsonl", [{"t": 1, "k": "a"}])
        self.run_to_end("--for", "1s", "--drain")
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [4])

    def test_R38_a_restart_keeps_open_windows(self):
        self.write("in.jsonl", [{"t": 1, "k": "a"}] * 3)
        self.write("p.json", counting({"follow": True}, {"window": {"tumbling": "36500d", "time": "processing"}}))
        self.run_to_end("--fresh", "--for", "1s")
        self.assertEqual(self.size("out.jsonl"), 0)
        self.append("in.jsonl", [{"t": 1, "k": "a"}])
        self.run_to_end("--for", "1s", "--drain")
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [4])

    def test_R25_updates_by_the_clock_come_without_input(self):
        run = self.start_on({"window": {"tumbling": "1d"}, "emit": {"update": {"every": {"clock": "1s"}}}},
                            [{"t": START_S, "k": "a"}] * 2)
        self.wait_until("an update", lambda: self.counted() == 2, run)
        self.stop(run)

    def test_R44_check_tells_that_the_clock_decides(self):
        self.write("in.jsonl", [{"t": 1, "k": "a"}])
        self.write("p.json", counting(operator={"window": {"tumbling": "1s", "time": "processing"}}))
        self.assertIn(b"per_minute: windows go by the wall clock", self.verb("check", "p.json").stdout)


class Faults(SystemTest):
    """What `check` refuses about times, each at its place and with a remedy."""

    def assert_refused(self, config, *texts):
        self.write("in.jsonl", [{"t": 1, "k": "a"}])
        self.write("p.json", config)
        self.assert_says(self.verb("check", "p.json", code=2), *texts)

    def retimed(self, event_time, **operator):
        return counting({"schema": {"k": "text", "v": "int8"}},
                        {"window": None, "group_by": None, "select": ["k", "v"], "event_time": event_time, **operator})

    def refuse_new_time(self, event_time, *texts, **operator):
        config = self.retimed(event_time, **operator)
        config["operators"]["per_minute"] = {key: one for key, one in config["operators"]["per_minute"].items() if one is not None}
        self.assert_refused(config, *texts)

    def test_R41_the_new_time_must_be_a_field_that_can_hold_one(self):
        self.refuse_new_time({"unit": "s"}, "/operators/per_minute/event_time: the event time of an operator needs \"field\"")
        self.refuse_new_time({"field": "vv", "unit": "s"}, "/event_time/field: rows of this operator have no field \"vv\"",
                             "did you mean \"v\"?")
        self.refuse_new_time({"field": "v"}, "\"unit\" is missing: what is the time counted in?")
        self.refuse_new_time({"field": "v", "unit": "rfc3339"}, "\"v\" is int8, which holds no times in that unit")
        self.refuse_new_time({"field": "k", "unit": "local:Europe/Berln:%F"}, "did you mean \"Europe/Berlin\"?")

    def test_R41_only_without_state(self):
        remedy = "a new event time needs an operator without state"
        self.refuse_new_time({"field": "k", "unit": "s"}, remedy, select={"n": "count(*)"})
        self.refuse_new_time({"field": "k", "unit": "s"}, remedy, window={"tumbling": "1m"})

    def test_R41_not_behind_a_join(self):
        config = counting({"schema": {"k": "text", "v": "int8"}})
        config["operators"] = {
            "joined": {"from": "in", "join": {"with": "in", "as": "other", "on": ["k"], "within": {"after": "1m"}}, "select": {"k": "k", "v": "in.v"}},
            "per_minute": {"from": "joined", "event_time": {"field": "v", "unit": "s"}}}
        self.assert_refused(config, '/operators/per_minute/event_time: a new event time behind "joined", which keeps state: its watermark would go by '
                            'partitions of a source, and the rows of "joined" are of none; set it in front of "joined", on what that reads')

    def test_R1_one_time_for_all_records(self):
        constant = {"constant": "1970-01-01"}
        self.assert_refused(counting({"event_time": constant, "follow": True}),
                            '/sources/in/event_time: "constant" is for a source that ends, and this one has no end', '"as_of": "latest"')
        self.refuse_new_time(constant, '/operators/per_minute/event_time: "constant" is the event time of a source')

    def test_what_is_known_of_elements(self):
        config = counting({"schema": {"k": "text", "list": "jsonb"}})
        config["operators"]["per_minute"] = {"from": "in", "explode": {"array": "list", "as": "one"}, "select": {"k": "k", "name": "one.name"}}
        self.assert_refused(config, "/operators/per_minute/select/name:", '"schema": { "list[].name": "text" }; or read it out of the element: one ->> \'name\'')

    def test_zones_and_patterns_of_sources(self):
        self.assert_refused(counting({"event_time": {"field": "t", "unit": "local:Mars/Base:%F"}}),
                            '/sources/in/event_time/unit: there is no time zone "Mars/Base"')
        self.assert_refused(counting({"event_time": {"field": "t", "unit": "local:UTC:%H:%M"}}),
                            "/sources/in/event_time/unit: the pattern names no day")
        # One bound on the unit's clock, one with an offset: only instants can be compared.
        self.assert_refused(counting({"event_time": {"field": "t", "unit": "local:America/New_York:%F %T",
                                                     "bounds": ["2024-01-01T00:00:00", "2024-01-01T04:00:00Z"]}}),
                            "/sources/in/event_time/bounds/0: the first bound must be before the second")


@unittest.skipUnless(shutil.which("zic", path="/usr/sbin:/usr/bin"), "needs zic, which makes zone files")
class NewRules(SystemTest):
    """R8, R34: a new version of the zone database must not move a window that is open."""

    def install(self, version, offset):
        self.write("town.zi", f"Zone Test/Town {offset} - TT\n")
        zic = shutil.which("zic", path="/usr/sbin:/usr/bin")
        subprocess.run([zic, "-d", str(self.folder / "zones"), str(self.folder / "town.zi")], check=True)
        self.write("zones/tzdata.zi", f"# version {version}\n")

    def play(self, *arguments):
        return self.run_to_end("--for", "1s", *arguments, env={"TZDIR": str(self.folder / "zones")})

    def test_R8_open_windows_keep_their_bounds_under_new_rules(self):
        self.write("p.json", counting({"follow": True}, {"window": {"calendar": "day", "zone": "Test/Town"}}))
        self.install("2026a", "0:00")
        hours = (-1, 1)    # The first day closes, the second stays open.
        self.write("in.jsonl", [{"t": START_S + hour * 3600, "k": "a"} for hour in hours])
        self.assertNotIn("time zones", self.play("--fresh").stderr)
        self.install("2026b", "2:00")
        # By the new rules days begin at 22:00 UTC: 23:00 would fall into the next one.
        hours = (23, 25, 47)
        self.append("in.jsonl", [{"t": START_S + hour * 3600, "k": "a"} for hour in hours])
        done = self.play("--drain")
        self.assert_says(done, "the database changed from 2026a to 2026b")
        self.assertEqual([(row["window_start"], row["window_end"], row["n"]) for row in self.lines("out.jsonl")],
                         [("2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z", 1),
                          ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", 2),
                          ("2026-01-02T00:00:00Z", "2026-01-02T22:00:00Z", 1),
                          ("2026-01-02T22:00:00Z", "2026-01-03T22:00:00Z", 1)])

    def test_R34_check_tells_the_version(self):
        self.write("in.jsonl", [{"t": 1, "k": "a"}])
        self.install("2026a", "0:00")
        self.write("p.json", counting(operator={"window": {"calendar": "day", "zone": "Test/Town"}}))
        env = {"TZDIR": str(self.folder / "zones")}
        self.assertIn(b"rules of tzdata 2026a", self.verb("check", "p.json", env=env).stdout)
        self.write("p.json", counting(operator={"window": {"calendar": "day", "zone": "Test/Twon"}}))
        wrong = self.verb("check", "p.json", env=env, code=2)
        self.assert_says(wrong, '/operators/per_minute/window/zone: there is no time zone "Test/Twon"; did you mean "Test/Town"?')


if __name__ == "__main__":
    main()
