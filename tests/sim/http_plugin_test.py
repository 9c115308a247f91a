"""The http source against the generic simulator: pages, validators, credentials, faults F4 and F7, kill and resume."""
import json
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from case import PluginCase    # noqa: E402


class HttpCase(PluginCase):
    arguments = ("--records", "10", "--speed", "0")

    def source(self, path="/json", **config):
        return super().source(url=self.url(path), **{"every": "1h", **config})

    def ids(self, source):
        return [value["id"] for value in self.values(source.rows)]


class Connections(HttpCase):
    def test_an_answer_that_never_ends_is_asked_for_again(self):
        self.sim.fault("trickle", count=1)
        source = self.opened(silence_timeout="300ms", read_timeout="1h")
        source.poll(10, 30)
        self.assertEqual((self.ids(source), len(self.sim.rows("requests"))), (list(range(10)), 2))

    def test_an_old_connection_is_not_used_again(self):
        source = self.opened(every="50ms")
        ports = lambda: [request["port"] for request in self.sim.rows("requests")]    # noqa: E731
        self.assertTrue(self.until(lambda: source.poll(1000, 0.1) and len(ports()) > 5, 30))
        self.assertEqual(len(set(ports())), 1)
        source.kill()
        self.sim.post("reset")
        source = self.opened(every="50ms", max_age="1s")
        self.assertTrue(self.until(lambda: source.poll(1000, 0.1) and len(set(ports())) > 1, 30))


class Pages(HttpCase):
    def test_every_kind_of_paging_brings_each_record_once(self):
        kinds = {"cursor": {"kind": "cursor", "cursor": "/next", "param": "after"},
                 "link": {"kind": "link"}, "page": {"kind": "page"}, "offset": {"kind": "offset", "param": "offset"}}
        for kind, paginate in kinds.items():
            with self.subTest(kind=kind):
                source = self.opened(path=f"/json/{kind}?size=3", records="/data/items", paginate=paginate)
                source.poll(10, 5)
                self.assertEqual(self.ids(source), list(range(10)))

    def test_lines_whole_bodies_and_raw(self):
        source = self.opened(path="/json/lines", records="lines")
        source.poll(10, 5)
        self.assertEqual(self.ids(source), list(range(10)))
        source = self.opened(path="/json/cursor?size=2")
        source.poll(1, 5)
        self.assertEqual(self.values(source.rows)[0]["next"], "c2")
        source = self.opened(path="/json?since=1760000008", format="raw")
        source.poll(1, 5)
        self.assertEqual(json.loads(source.rows[0]["value"])[0]["id"], 9)

    def test_P5_values_are_slices_of_the_body(self):
        wire = self.sim.call("GET", "/json")[2]
        source = self.opened()
        source.poll(10, 5)
        self.assertEqual("[" + ",".join(row["value"] for row in source.rows) + "]", wire)

    def test_a_slot_is_a_transaction_a_failing_page_puts_out_nothing(self):
        self.sim.fault("status", after=2, count=3, status=500)
        source = self.opened(path="/json/cursor?size=3", records="/data/items",
                             paginate={"kind": "cursor", "cursor": "/next", "param": "after"})
        source.poll(10, 10)
        self.assertEqual(self.ids(source), list(range(10)))
        self.assertEqual(source.metric("retries"), 3)

    def test_endless_pages_are_stopped(self):
        source = self.opened(path="/json/cursor?size=1", records="/data/items", every="500ms",
                             paginate={"kind": "cursor", "cursor": "/next", "param": "after", "max_pages": 4})
        source.poll(1, 1.5)
        self.assertEqual(source.rows, [])
        self.assertIn("max_pages", source.rejects[0]["why"])

    def test_key_headers_positions(self):
        source = self.opened(key="id")
        source.poll(10, 5)
        self.assertEqual([row["key"] for row in source.rows], [str(n) for n in range(10)])
        positions = [row["position"] for row in source.rows]
        self.assertEqual(positions, list(range(positions[0], positions[0] + 10)))
        self.assertEqual(positions[0] >> 20, int(source.rows[0]["headers"]["mr.slot"]))
        self.assertEqual(source.rows[0]["headers"]["mr.http_status"], "200")


class OverTime(HttpCase):
    def test_H2_validators_save_the_body(self):
        source = self.opened(every="100ms")
        source.poll(20, 0.6)
        self.assertEqual(len(source.rows), 10)
        self.assertGreaterEqual(source.metric("not_modified"), 2)
        self.assertEqual(self.header("if-none-match"), 'W/"10"')
        self.sim.post("emit", data={"id": 99})
        source.poll(11, 2)
        self.assertEqual(len(source.rows), 21)

    def test_since_asks_only_for_what_is_new(self):
        since = {"param": "since", "field": "updated_at", "start": "1760000003"}
        source = self.opened(every="100ms", since=since)
        source.poll(6, 3)
        self.assertEqual(self.ids(source), [4, 5, 6, 7, 8, 9])
        state = source.state()
        source.poll(1, 0.3)
        self.assertEqual(self.sim.rows("requests")[-1]["query"], "since=1760000009")
        source.kill()
        again = self.opened(state, every="100ms", since=since)
        again.poll(1, 0.4)
        self.assertEqual((again.rows, self.sim.rows("requests")[-1]["query"]), ([], "since=1760000009"))

    def test_dedupe_key_marks_what_came_before(self):
        source = self.opened(every="100ms", dedupe_key="/id", paginate={"kind": "link"})
        source.poll(30, 3)
        self.assertGreaterEqual(len(source.rows), 30)
        self.assertEqual([value["id"] for value in self.kept(source)], list(range(10)))

    def test_H13_a_slot_that_was_waited_for_is_no_gap(self):
        """Slots begin while polls wait for them. On a busy machine one may be missed; none of 1970 may."""
        source = self.opened(every="130ms")
        self.assertTrue(self.until(lambda: source.poll(1000, 0.3) and source.metric("slots") >= 5))
        self.assertEqual([gap for gap in source.gaps if gap["from_us"] < 10**15], [])

    def test_H13_missed_slots_are_one_gap(self):
        source = self.opened(every="500ms")
        source.poll(10, 3)
        state = source.state()
        source.kill()
        time.sleep(1.8)
        again = self.opened(state, every="500ms")
        again.poll(1, 0.3)
        self.assertEqual([gap["gap"] for gap in again.gaps[:1]], ["not_replayable"])
        self.assertGreaterEqual(again.gaps[0]["to_us"] - again.gaps[0]["from_us"], 1_000_000)

    def test_killed_inside_a_slot_goes_on_inside_it(self):
        for seed in range(4):
            with self.subTest(seed=seed):
                source = self.opened()
                source.poll(random.Random(seed).randrange(1, 9), 3, 1)
                rows, state = list(source.rows), source.state()
                source.kill()
                again = self.opened(state)
                again.poll(20, 1)
                self.assertEqual([v["id"] for v in self.values(rows + again.rows)], list(range(10)))
                positions = [row["position"] for row in rows + again.rows]
                self.assertEqual(positions, sorted(set(positions)))

    def test_a_restart_in_the_same_slot_does_not_ask_again(self):
        source = self.opened()
        source.poll(10, 3)
        state = source.state()
        source.kill()
        before = len(self.sim.rows("requests"))
        again = self.opened(state)
        again.poll(1, 0.5)
        self.assertEqual((again.rows, len(self.sim.rows("requests"))), ([], before))


class Answers(HttpCase):
    """F4, F7."""

    def test_errors_that_pass_are_tried_again(self):
        for kind, args in [("status", {"status": s}) for s in (408, 429, 500, 502, 503, 504, 520)] + [
                ("html", {}), ("cut_body", {}), ("truncated_json", {}), ("bad_gzip", {}), ("empty", {}), ("redirect_loop", {})]:
            with self.subTest(kind=kind, **args):
                self.sim.post("reset")
                self.sim.fault(kind, count=6 if kind == "redirect_loop" else 2, **args)
                source = self.opened()
                source.poll(10, 6)
                self.assertEqual(self.ids(source), list(range(10)), source.log())
                self.assertGreaterEqual(source.metric("retries"), 1)

    def test_H9_packed_bodies_and_bombs(self):
        self.sim.fault("gzip")
        source = self.opened()
        source.poll(10, 3)
        self.assertEqual(len(source.rows), 10)
        self.assertIn("gzip", self.header("accept-encoding"))
        for max_body in ("4MiB", "64MiB"):
            self.sim.fault("bomb", mib=16)
            source = self.opened(max={"body": max_body})
            source.poll(10, 4)
            self.assertEqual(len(source.rows), 10)
            self.assertRegex(source.log(), "max.body|thousandfold")

    def test_a_body_that_is_too_large_is_refused_and_memory_stays(self):
        self.sim.fault("big", mib=8)
        source = self.opened(max={"body": "1MiB"})
        source.poll(10, 4)
        self.assertEqual(len(source.rows), 10)
        self.assertIn("max.body", source.log())

    def test_H4_retry_after_is_a_floor_and_redirects_are_followed(self):
        self.sim.fault("status", count=1, status=503, retry_after="1")
        source = self.opened()
        source.poll(10, 4)
        self.assertGreaterEqual(self.waits()[0], 1.0)
        self.sim.fault("redirect", to="/json?since=1760000008")
        source = self.opened()
        source.poll(1, 3)
        self.assertEqual(self.ids(source), [9])

    def test_S22_the_credential_does_not_leave_its_host(self):
        self.sim.fault("redirect", to=f"http://localhost:{self.sim.port}/json")
        source = self.opened(auth={"kind": "bearer", "token": "sesame"}, headers={"X-Key": "k"})
        source.poll(10, 3)
        self.assertEqual(len(source.rows), 10)
        self.assertEqual((self.header("authorization", 0), self.header("authorization", 1)), ("Bearer sesame", None))
        self.assertEqual((self.header("x-key", 0), self.header("x-key", 1)), ("k", None))

    def test_refusals_stop_after_a_few_tries_without_the_secret(self):
        for status in (401, 403, 404, 410):
            with self.subTest(status=status):
                self.sim.post("reset")
                self.sim.fault("status", count=-1, status=status)
                source = self.opened(auth={"kind": "basic", "user": "u", "password": "sesame"})
                source.poll(1, 5)
                self.assertEqual([error["rc"] for error in source.errors], [-400])
                self.assertEqual(len(self.sim.rows("requests")), 3)
                self.assertNotIn("sesame", source.log() + str(source.errors))
                self.assertEqual(self.header("authorization"), "Basic dTpzZXNhbWU=")

    def test_H8_our_fault_is_an_error_row_and_not_repeated(self):
        self.sim.fault("status", count=1, status=422, body="no such filter")
        source = self.opened()
        source.poll(1, 0.5)
        self.assertEqual([r["reject"] for r in source.rejects], ["no such filter"])
        self.assertEqual(len(self.sim.rows("requests")), 1)

    def test_H8_a_slot_that_fails_to_its_end_is_a_gap(self):
        self.sim.fault("status", count=-1, status=500)
        source = self.opened(every="300ms")
        source.poll(1, 1)
        self.assertEqual({gap["gap"] for gap in source.gaps}, {"bad_response"})

    def test_H6_rate_is_kept(self):
        source = self.opened(path="/json/cursor?size=1", records="/data/items", rate=20, burst=2,
                             paginate={"kind": "cursor", "cursor": "/next", "param": "after"})
        begun = time.monotonic()
        source.poll(10, 5)
        self.assertEqual(len(source.rows), 10)
        self.assertGreaterEqual(time.monotonic() - begun, 8 / 20)

    def test_a_server_that_accepts_and_says_nothing(self):
        self.sim.fault("never_answer", count=1)
        source = self.opened(header_timeout="200ms")
        source.poll(10, 4)
        self.assertEqual(len(source.rows), 10)

    def test_cancel_ends_the_wait(self):
        self.sim.fault("never_answer", count=-1)
        source = self.opened()
        self.assertLess(source.call("cancel 200")["took_ms"], 1000)


class Tokens(HttpCase):
    AUTH = {"kind": "oauth2_client", "client_id": "me", "client_secret": "good secret"}

    def auth(self, **more):
        return {**self.AUTH, "token_url": self.url("/token"), **more}

    def test_client_credentials(self):
        source = self.opened(path="/secure", auth=self.auth(scope="read all"))
        source.poll(10, 3)
        self.assertEqual(len(source.rows), 10)
        self.assertEqual(self.sim.rows("requests")[0]["form"],
                         {"grant_type": "client_credentials", "client_id": "me", "client_secret": "good secret", "scope": "read all"})

    def test_a_revoked_token_is_renewed_once_at_once(self):
        source = self.opened(path="/secure", every="100ms", auth=self.auth())
        source.poll(10, 3)
        self.sim.fault("tokens")
        self.sim.post("emit", data={"id": 99, "updated_at": 2_000_000_000})
        source.poll(11, 3)
        self.assertEqual(len(source.rows), 21)
        self.assertEqual(sum(r["path"] == "/token" for r in self.sim.rows("requests")), 2)

    def test_a_wrong_secret_stops_without_printing_it(self):
        source = self.opened(path="/secure", auth=self.auth(client_secret="bad sesame"))
        source.poll(1, 5)
        self.assertEqual([error["rc"] for error in source.errors], [-400])
        self.assertNotIn("sesame", source.log() + str(source.errors))


if __name__ == "__main__":
    unittest.main(verbosity=2)
