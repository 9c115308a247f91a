"""The simulator's own tests: a simulator that lies about itself would make the plugin's tests worthless."""
import http.client
import json
import pathlib
import socket
import ssl
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import Simulator, Stream, events    # noqa: E402
from core import tls    # noqa: E402

STILL = ("--speed", "0", "--rate", "50", "--history", "20s")    # 1000 records exist, none come by themselves
SINCE = "/v2/stream/recentchange?since=2020-01-01"
START_MS = 1760000000000


def eventually(holds, seconds=10):
    """Waits until `holds()`: the simulator notices a client's leaving a moment later, on a busy machine much later."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


class Service(unittest.TestCase):
    """Start places, ids, clusters, limits."""

    @classmethod
    def setUpClass(cls):
        cls.sim = cls.enterClassContext(Simulator("wikipedia", *STILL))

    def setUp(self):
        self.sim.post("reset")

    def test_opens_with_ok_and_declares_its_type(self):
        stream = self.sim.stream(SINCE)
        self.assertEqual((stream.status, stream.headers["content-type"]), (200, "text/event-stream; charset=utf-8"))
        self.assertTrue(stream.read(2, lambda b: len(b) > 10).startswith(b":ok\n\nevent: message\nid: [{"))
        stream.close()

    def test_id_holds_next_millisecond_and_minus_one_for_the_unseen_topic(self):
        stream = self.sim.stream(SINCE)
        ident, data = stream.records(1)[0]
        by_topic = {one["topic"]: one for one in ident}
        row = self.sim.rows("ledger")[0]
        self.assertEqual(by_topic[data["meta"]["topic"]]["timestamp"], row["kafka_ms"] + 1)
        self.assertEqual(by_topic["codfw.mediawiki.recentchange"]["offset"], -1)
        self.assertEqual(data["meta"]["offset"], row["position"][0])
        stream.close()

    def test_same_event_has_other_offset_on_the_other_cluster(self):
        first, second = self.sim.stream(SINCE), self.sim.stream(SINCE)
        (_, a), (_, b) = first.records(1)[0], second.records(1)[0]
        self.assertEqual(a["meta"]["id"], b["meta"]["id"])
        self.assertNotEqual(a["meta"]["offset"], b["meta"]["offset"])
        first.close(), second.close()

    def test_third_connection_is_refused_until_one_closes(self):
        first, second, third = (self.sim.stream(SINCE) for _ in range(3))
        self.assertEqual((third.status, third.headers["content-type"].split(";")[0]), (429, "application/json"))
        self.assertIn(b"too_many_requests", third.whole())
        first.close()
        self.assertTrue(eventually(lambda: self.sim.rows("state")[0]["open"] == 1))
        self.assertEqual(self.sim.stream(SINCE).status, 200)
        second.close()

    def test_a_ghost_counts_after_the_cut(self):
        self.sim.fault("connections", limit=1, ghost_s=1.0)
        self.sim.stream(SINCE).close()
        self.assertTrue(eventually(lambda: self.sim.rows("state")[0]["open"] == 0))
        self.assertEqual(self.sim.stream(SINCE).status, 429)
        self.assertTrue(eventually(lambda: self.sim.stream(SINCE).status == 200))

    def resumed(self, entries):
        stream = self.sim.stream(last_event_id=json.dumps(entries))
        self.assertEqual(stream.status, 200)
        found = [data["meta"]["id"] for _, data in stream.records(5, 1)]
        stream.close()
        return found

    def entry(self, **more):
        return {"topic": "eqiad.mediawiki.recentchange", "partition": 0, **more}

    def test_resume_by_timestamp_skips_what_shares_the_millisecond(self):
        ledger = [row for row in self.sim.rows("ledger") if row["topic"].startswith("eqiad")]
        twins = next(i for i in range(50, 900) if ledger[i]["kafka_ms"] == ledger[i + 1]["kafka_ms"]
                     and max(r["kafka_ms"] for r in ledger[:i]) < ledger[i]["kafka_ms"])
        at = ledger[twins]["kafka_ms"]
        expected = next(i for i in range(len(ledger)) if ledger[i]["kafka_ms"] >= at + 1)
        self.assertGreater(expected, twins + 1, "the twin is lost: that is WK7 (a)")
        self.assertEqual(self.resumed([self.entry(timestamp=at + 1)])[0], ledger[expected]["id"])

    def test_resume_by_offset_on_its_own_cluster(self):
        row = [r for r in self.sim.rows("ledger") if r["topic"].startswith("eqiad")][100]
        self.assertEqual(self.resumed([self.entry(offset=row["position"][0])])[0], row["id"])

    def test_resume_with_offset_of_another_cluster_lands_in_the_present(self):
        row = self.sim.rows("ledger")[100]
        self.assertEqual(self.resumed([self.entry(offset=row["position"][1])]), [])

    def test_minus_one_and_unnamed_topics_serve_nothing_of_the_past(self):
        self.assertEqual(self.resumed([self.entry(offset=-1)]), [])
        passive = {"topic": "codfw.mediawiki.recentchange", "partition": 0, "timestamp": 0}
        for _, data in self.sim.stream(last_event_id=json.dumps([passive])).records(1, 1):
            self.assertEqual(data["meta"]["domain"], "canary")

    def test_older_than_retention_starts_at_the_oldest(self):
        self.sim.fault("retention", ms=5000)
        oldest = self.resumed([self.entry(timestamp=1)])[0]
        row = next(r for r in self.sim.rows("ledger") if r["id"] == oldest)
        self.assertGreaterEqual(row["kafka_ms"], START_MS - 5006)

    def test_entry_with_both_is_dropped_beside_a_pure_timestamp(self):
        other = {"topic": "codfw.mediawiki.recentchange", "partition": 0, "timestamp": 0}
        found = self.resumed([self.entry(offset=1, timestamp=1), other])
        kinds = {row["id"]: row["topic"] for row in self.sim.rows("ledger")}
        self.assertTrue(all(kinds[uid].startswith("codfw") for uid in found))

    def test_refusals(self):
        for path, header, status, kind in (
                ("/v2/stream/nonsense", "", 400, "not_found"),
                (SINCE[:-10] + "2025-10-09T00:00:00+01:00", "", 400, "invalid_timestamp"),
                ("/v2/stream/recentchange", "not json", 400, "invalid_last_event_id"),
                ("/v2/stream/recentchange", '[{"topic":"eqiad.other","partition":0,"offset":1}]', 404, "topic_not_available")):
            with self.subTest(kind=kind):
                stream = self.sim.stream(path, last_event_id=header)
                self.assertEqual(stream.status, status)
                self.assertIn(kind.encode(), stream.whole())
                stream.close()

    def test_ndjson_has_an_empty_first_line_and_no_ids(self):
        stream = self.sim.stream(SINCE, accept="application/json")
        lines = stream.read(2, lambda b: b.count(b"\n") > 3).split(b"\n")
        self.assertEqual(lines[0], b"")
        self.assertIn("meta", json.loads(lines[1]))
        stream.close()

    def test_spec_lists_the_streams(self):
        self.assertIn("/v2/stream/recentchange", json.loads(self.sim.call("GET", "/?spec")[2])["paths"])

    def test_content_is_a_function_of_seed_and_index_and_holds_every_shape(self):
        before = self.sim.rows("ledger?data")
        self.sim.post("reset")
        self.assertEqual(before, self.sim.rows("ledger?data"))
        data = [row["data"] for row in before]
        self.assertEqual({d.get("type") for d in data}, {None, "edit", "new", "log", "categorize", "external", "142"})
        self.assertEqual({type(d["log_params"]) for d in data if "log_params" in d}, {dict, list, str})
        uids = [row["id"] for row in before]
        self.assertLess(len(set(uids)), len(uids), "a producer's retry repeats meta.id")
        times = [row["kafka_ms"] for row in before]
        self.assertTrue(any(a > b for a, b in zip(times, times[1:])) and any(a == b for a, b in zip(times, times[1:])))
        self.assertEqual({row["topic"][:5] for row in before if row["kind"] == "canary"}, {"eqiad", "codfw"})

    def test_emit_and_switch_over(self):
        stream = self.sim.stream()
        self.sim.fault("switch_over")
        self.sim.post("emit", data={"$schema": "/x", "type": "edit", "timestamp": 5, "title": "é"})
        ident, data = stream.records(1)[0]
        self.assertEqual((data["meta"]["topic"], data["title"]), ("codfw.mediawiki.recentchange", "é"))
        self.assertEqual({one["topic"]: one.get("offset") for one in ident}["eqiad.mediawiki.recentchange"], -1)
        stream.close()

    def test_cut_at_fifteen_logical_minutes(self):
        stream = self.sim.stream()
        self.sim.post("clock", advance="14m")
        stream.read(0.7)
        self.assertIsNone(stream.ended)
        self.sim.post("clock", advance="1m")
        body = stream.read(20)
        self.assertEqual(stream.ended, "closed")
        self.assertFalse(body.endswith(b"\n"), "in the middle of an event")
        self.assertEqual(self.sim.rows("requests")[0]["ended"], "age")

    def test_ledger_counts_who_was_served(self):
        self.sim.stream(SINCE).records(3)
        served = [row["times_served"] for row in self.sim.rows("ledger")]
        self.assertGreaterEqual(served[0], 1)

    def test_unknown_fault_is_refused(self):
        self.assertEqual(self.sim.call("POST", "/_sim/fault", {"kind": "cutt"})[0], 400)


class Faults(unittest.TestCase):
    """F1-F4: each fault does what its name says."""

    @classmethod
    def setUpClass(cls):
        cls.sim = cls.enterClassContext(Simulator("wikipedia", *STILL, "--limit", 100))

    def setUp(self):
        self.sim.post("reset")

    def faulty(self, kind, seconds=5.0, after=0, **args):
        self.sim.fault(kind, after=after, **args)
        stream = self.sim.stream(SINCE)
        return stream, stream.read(seconds, lambda body: len(body) > 30000)

    def test_cut_after_records(self):
        for how, ended in (("clean", "complete"), ("fin", "closed"), ("rst", "reset"), ("half", "closed")):
            with self.subTest(how=how):
                stream, body = self.faulty("cut", after=3, how=how)
                self.assertEqual(stream.ended, ended)
                if how != "rst":    # a reset may take what was under way with it
                    self.assertEqual(len(events(body)), 3)
                stream.close()

    def test_cut_inside_a_line_and_a_character(self):
        _, body = self.faulty("cut", after=2, where="line")
        self.assertEqual(len(events(body)), 2)
        self.assertFalse(body.endswith(b"\n"))
        _, body = self.faulty("cut", after=2, where="utf8")
        with self.assertRaises(UnicodeDecodeError):
            body.decode()

    def test_cut_after_bytes(self):
        self.assertEqual(len(self.faulty("cut", after=1234, unit="bytes")[1]), 1234)

    def test_cut_inside_a_chunk_header(self):
        stream, _ = self.faulty("cut", after=1, where="chunk")
        self.assertTrue(stream.raw.endswith(b"1f"))

    def test_silence_with_and_without_comments(self):
        _, body = self.faulty("silence", after=2, seconds=1.0)
        self.assertEqual((len(events(body)), body.count(b": still")), (2, 0))
        _, body = self.faulty("silence", after=2, seconds=1.0, comments=True)
        self.assertGreater(body.count(b": still"), 2)

    def test_silence_now_hits_the_open_connection(self):
        stream = self.sim.stream()
        self.sim.fault("cut", now=True, how="fin")
        stream.read(3)
        self.assertEqual(stream.ended, "closed")

    def test_drip_writes_single_bytes(self):
        stream, _ = self.faulty("drip", seconds=1.0)
        self.assertIn(b"\r\n1\r\nv\r\n1\r\ne\r\n", stream.raw)

    def test_line_ends(self):
        for eol, mark in (("crlf", b"\r\nevent: message\r\n"), ("cr", b"\revent: message\rid: "), ("mixed", b"\r\n")):
            with self.subTest(eol=eol):
                self.assertTrue(mark in self.faulty("line_ends", seconds=1.0, eol=eol)[1])

    def test_spelling(self):
        for kind, mark in (("bom", b"\xef\xbb\xbf:ok"), ("comments", b"\n:inside\n"), ("retry", b"\nretry: 1000\n"),
                           ("nul_id", b"id: [\0{"), ("no_space", b"\ndata:{"), ("unknown_fields", b"\nData: not"),
                           ("invalid_utf8", b"\xc3(\xff")):
            with self.subTest(kind=kind):
                self.assertTrue(mark in self.faulty(kind, seconds=1.0)[1])
        body = self.faulty("id_only", seconds=1.0)[1]
        self.assertIn(b"\n\nid: [", body)

    def test_one_write_gathers_records(self):
        stream, _ = self.faulty("one_write", seconds=1.0, records=5)
        first = stream.raw.split(b"\r\n")[0]
        self.assertGreater(int(first, 16), 2000)

    def test_error_event_ends_the_body(self):
        stream, body = self.faulty("error_event", after=1)
        self.assertIn(b"event: error\ndata: {", body)
        self.assertEqual(stream.ended, "complete")

    def test_statuses(self):
        for status in (204, 400, 401, 403, 404, 410, 429, 500, 502, 503, 504):
            self.sim.fault("status", status=status)
            self.assertEqual(self.sim.stream(SINCE).status, status)
        self.assertEqual(self.sim.stream(SINCE).status, 200)

    def test_retry_after_forms(self):
        for value in ("120", "-5", "99999999999", "Wed, 21 Oct 2015 07:28:00 GMT"):
            self.sim.fault("status", status=503, retry_after=value)
            self.assertEqual(self.sim.stream(SINCE).headers["retry-after"], value)
        self.sim.fault("status", status=429, retry_after={"in_s": 3})
        self.assertRegex(self.sim.stream(SINCE).headers["retry-after"], r"^\w{3}, \d\d \w{3} \d{4} .* GMT$")

    def test_redirects(self):
        self.sim.fault("redirect_loop")
        self.assertEqual(self.sim.stream(SINCE).headers["location"], SINCE)
        self.sim.fault("redirect", to="http://127.0.0.1:9/x")
        stream = self.sim.stream(SINCE)
        self.assertEqual((stream.status, stream.headers["location"]), (307, "http://127.0.0.1:9/x"))

    def test_wrong_answers_with_200(self):
        self.sim.fault("html")
        self.assertIn("text/html", self.sim.stream(SINCE).headers["content-type"])
        self.sim.fault("empty")
        stream = self.sim.stream(SINCE)
        self.assertEqual((stream.status, stream.headers["content-length"]), (200, "0"))
        self.sim.fault("wrong_type", type="text/plain")
        self.assertEqual(self.sim.stream(SINCE).headers["content-type"], "text/plain")

    def test_after_and_count_of_request_faults(self):
        self.sim.fault("status", after=1, count=2, status=500)
        self.assertEqual([self.sim.stream(SINCE).status for _ in range(4)], [200, 500, 500, 200])

    def test_requests_tell_headers_and_end(self):
        stream = self.sim.stream(SINCE, user_agent="test (mail@example.org)")
        stream.records(2)
        stream.close()
        self.assertTrue(eventually(lambda: self.sim.rows("requests")[-1]["ended"]))
        row = self.sim.rows("requests")[-1]
        self.assertIn(["User-Agent", "test (mail@example.org)"], row["headers"])
        self.assertEqual((row["status"], row["ended"]), (200, "client closed"))


class Tls(unittest.TestCase):
    """F11 with a private CA."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.certs = tls.make_all(cls.folder)

    def connect(self, name, variant="normal"):
        with Simulator("wikipedia", *STILL, "--tls", *self.certs[name], "--tls-variant", variant) as sim:
            context = ssl.create_default_context(cafile=self.certs["ca"][0])
            stream = Stream(sim.port, SINCE, {}, lambda s: context.wrap_socket(s, server_hostname="localhost"))
            found = len(stream.records(3))
            stream.close()
            return found

    def test_good(self):
        self.assertEqual(self.connect("good"), 3)
        self.assertEqual(self.connect("good", "sni"), 3)

    def test_bad_certificates(self):
        for name, reason in (("expired", "expired"), ("wrong_host", "[Hh]ostname mismatch"), ("unknown_ca", "unable to get local issuer")):
            with self.subTest(name=name), self.assertRaisesRegex(ssl.SSLError, reason):
                self.connect(name)

    def test_truncated_shutdown(self):
        with Simulator("wikipedia", *STILL, "--tls", *self.certs["good"]) as sim:
            context = ssl.create_default_context(cafile=self.certs["ca"][0])
            context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF    # Python hides what this test is about
            link = http.client.HTTPSConnection("localhost", sim.port, context=context)
            link.request("POST", "/_sim/fault", json.dumps({"kind": "cut", "after": 2, "args": {"how": "truncate"}}))
            self.assertEqual(link.getresponse().status, 200)
            stream = Stream(sim.port, SINCE, {}, lambda s: context.wrap_socket(
                s, server_hostname="localhost", suppress_ragged_eofs=False))
            with self.assertRaisesRegex(ssl.SSLError, "(?i)eof"):
                stream.read(3)

    def test_old_protocol(self):
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.connect("good", "tls1.0")


class Script(unittest.TestCase):
    def test_records_come_at_their_logical_times(self):
        given = [{"at_ms": 5000, "data": {"type": "new", "timestamp": 7}}, {"at_ms": 0, "raw": "not json"},
                 {"at_ms": 9000, "centre": "codfw", "kafka_ms": 3, "data": {"meta": {"id": "mine"}}}]
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as script:
            script.write("".join(json.dumps(one) + "\n" for one in given))
            script.flush()
            with Simulator("wikipedia", "--speed", "0", "--script", script.name) as sim:
                self.assertEqual([row["kind"] for row in sim.rows("ledger")], ["raw"])
                sim.post("clock", advance="5s")
                self.assertEqual(len(sim.rows("ledger")), 2)
                sim.post("clock", advance="1h")
                last = sim.rows("ledger")[2]
                self.assertEqual((last["id"], last["kafka_ms"], last["topic"][:5]), ("mine", 3, "codfw"))


class Proxy(unittest.TestCase):
    def test_connect_with_and_without_password(self):
        with Simulator("wikipedia", *STILL) as sim, Simulator("proxy", "--auth", "me:secret") as proxy:
            for password, status in (("bWU6d3Jvbmc=", 407), ("bWU6c2VjcmV0", 200)):
                with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as link:
                    link.sendall(f"CONNECT 127.0.0.1:{sim.port} HTTP/1.1\r\nProxy-Authorization: Basic {password}\r\n\r\n".encode())
                    self.assertIn(f" {status} ".encode(), link.recv(4096))
                    if status == 200:
                        link.sendall(f"GET {SINCE} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                        self.assertIn(b"200 OK", link.recv(4096))


if __name__ == "__main__":
    unittest.main()
