"""The wikipedia source when the service refuses, is busy or silent (F2, F4, F5)."""
import pathlib
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import Simulator    # noqa: E402
from drive import Filter    # noqa: E402
from wikipedia_case import STILL, SourceCase    # noqa: E402


class Answers(SourceCase):
    """F4: what each status leads to."""

    def waits(self):
        """Seconds between the end of each request and the next."""
        requests = self.sim.rows("requests")
        return [b["opened_wall"] - a["closed_wall"] for a, b in zip(requests, requests[1:])]

    def first_row(self, seconds=5.0, **config):
        source = self.source(**config)
        source.open()
        source.poll(1, seconds)
        return source

    def test_request_is_as_the_rules_say(self):
        self.first_row(headers={"X-Team": "research"})
        headers = {name.lower(): value for name, value in self.sim.rows("requests")[0]["headers"]}
        self.assertEqual(headers["accept"], "text/event-stream")
        self.assertEqual(headers["cache-control"], "no-cache")
        self.assertEqual(headers["accept-encoding"], "identity")
        self.assertEqual(headers["x-team"], "research")
        self.assertRegex(headers["user-agent"], r"^millrace/[0-9.]+ \(\+https://example.org/contact\)$")
        self.assertNotIn("last-event-id", headers)

    def test_errors_that_pass_are_tried_again(self):
        for status in (408, 425, 429, 500, 502, 503, 504, 520, 527):
            with self.subTest(status=status):
                self.sim.post("reset")
                self.sim.fault("status", count=2, status=status)
                source = self.first_row()
                self.assertEqual((len(source.rows) > 0, source.metric("retries")), (True, 2))

    def test_retry_after_is_a_floor(self):
        for value, least, most in (("1", 1.0, 1.6), ({"in_s": 2}, 0.9, 2.8), ({"in_s": -100}, 0, 0.5), ("-5", 0, 0.5)):
            with self.subTest(value=value):
                self.sim.post("reset")
                self.sim.fault("status", count=1, status=503, retry_after=value)
                self.first_row()
                self.assertTrue(least <= self.waits()[0] <= most, self.waits())

    def test_absurd_retry_after_is_cut_and_told(self):
        self.sim.fault("status", count=1, status=503, retry_after="999999999999")
        source = self.first_row(retry={"max_after": "500ms"})
        self.assertTrue(0.5 <= self.waits()[0] <= 1.0, self.waits())
        self.assertIn("retry.max_after", source.log())

    def test_too_many_requests_waits_busy_wait(self):
        self.sim.fault("status", count=2, status=429)
        self.first_row(busy_wait="300ms")
        self.assertTrue(all(0.3 <= wait <= 0.9 for wait in self.waits()), self.waits())
        self.assertEqual(len(self.waits()), 2)

    def test_refusals_stop_after_a_few_tries_far_apart(self):
        for status in (401, 403, 404, 410, 451):
            with self.subTest(status=status):
                self.sim.post("reset")
                self.sim.fault("status", count=-1, status=status)
                source = self.first_row(auth_grace={"attempts": 3, "over": "400ms"})
                self.assertEqual([error["rc"] for error in source.errors], [-400])
                self.assertIn(str(status), source.errors[0]["error"])
                self.assertEqual(len(self.sim.rows("requests")), 3)
                self.assertTrue(all(wait >= 0.19 for wait in self.waits()), self.waits())

    def test_a_refusal_that_passes_is_forgiven(self):
        self.sim.fault("status", count=2, status=404)
        self.assertTrue(self.first_row().rows)

    def test_missing_contact_is_named(self):
        with Simulator("wikipedia", *STILL, "--strict-agent") as sim:
            source = self.source(url=f"http://127.0.0.1:{sim.port}", contact="me")
            source.open()
            source.poll(1, 5)
            self.assertIn("contact", source.errors[0]["error"])
            self.assertEqual(len(sim.rows("requests")), 3)
            good = self.source(url=f"http://127.0.0.1:{sim.port}", contact="me@example.org")
            good.open()
            good.poll(1, 5)
            self.assertTrue(good.rows)

    def test_unknown_stream_is_fatal_with_the_services_words(self):
        source = self.source(stream="nonsense")
        source.open()
        source.poll(1, 3)
        self.assertEqual(source.errors[0]["rc"], -400)
        self.assertIn("Stream Not Found", source.errors[0]["error"])
        self.assertEqual(len(self.sim.rows("requests")), 1)

    def test_no_content_ends_for_good(self):
        self.sim.fault("status", count=1, status=204)
        source = self.source()
        source.open()
        self.assertEqual(source.poll(1, 3)["rc"], 4)
        self.assertEqual(source.poll(1, 0.5)["rc"], 4)
        self.assertEqual(len(self.sim.rows("requests")), 1)

    def test_pages_that_are_no_stream_are_tried_again_slowly(self):
        for kind, args in (("html", {}), ("wrong_type", {"type": "application/json"}), ("redirect_loop", {})):
            with self.subTest(kind=kind):
                self.sim.post("reset")
                self.sim.fault(kind, count=1 if kind != "redirect_loop" else 6, **args)
                source = self.first_row(retry={"max": "400ms"})
                self.assertTrue(source.rows)
                self.assertGreaterEqual(self.waits()[-1], 0.399)  # two clocks

    def test_empty_answers_are_failures(self):
        self.sim.fault("empty", count=4)
        source = self.first_row(retry={"initial": "100ms", "max": "400ms"})
        self.assertTrue(source.rows)
        self.assertEqual(source.metric("retries"), 4)
        self.assertTrue(all(wait >= 0.09 for wait in self.waits()), self.waits())

    def test_redirects_are_followed_but_secrets_stay(self):
        with Simulator("wikipedia", *STILL) as other:
            there = f"http://127.0.0.1:{other.port}/v2/stream/recentchange?since=2025-10-09T08:53:00Z"
            for status in (301, 302, 303, 307, 308):
                with self.subTest(status=status):
                    self.sim.post("reset"), other.post("reset")
                    self.sim.fault("redirect", count=1, status=status, to=there)
                    source = self.first_row(headers={"X-Key": "secret-1", "Authorization": "Bearer secret-2"})
                    self.assertTrue(source.rows)
                    names = {name.lower() for name, _ in other.rows("requests")[0]["headers"]}
                    self.assertFalse(names & {"x-key", "authorization"})
                    self.assertIn("user-agent", names)
                    self.assertNotIn("secret", source.log())

    def test_a_redirect_in_the_same_place_keeps_headers(self):
        self.sim.fault("redirect", count=1, to="/v2/stream/recentchange")
        self.first_row(1.0, headers={"X-Key": "k"})
        names = {name.lower() for name, _ in self.sim.rows("requests")[1]["headers"]}
        self.assertIn("x-key", names)

    def test_limits(self):
        source = self.first_row(1.0, max={"line": "100B"})
        self.assertEqual(source.rows, [])
        self.assertIn("max.line", source.log())
        self.sim.post("reset")
        self.sim.fault("status", count=-1, status=503, headers={"X-Long": "x" * 8000})
        source = self.first_row(0.7, max={"header": "4KiB"})
        self.assertIn("max.header", source.log())

    def test_giving_up(self):
        self.sim.fault("status", count=-1, status=500)
        source = self.first_row(retry={"give_up_after": "300ms"})
        self.assertEqual(source.errors[0]["rc"], -400)
        self.assertIn("give_up_after", source.errors[0]["error"])

    def test_waits_differ(self):
        self.sim.fault("status", count=8, status=503)
        self.first_row(retry={"initial": "100ms", "max": "100ms"})
        self.assertGreater(len({round(wait, 3) for wait in self.waits()}), 3)


class Silence(SourceCase):
    """F2: accepted, and nothing comes. And cancel(), which must not wait for any of it."""

    def recovered(self, what, **config):
        source = self.source(**config)
        source.open()
        source.poll(1, 5)
        self.assertTrue(source.rows)
        self.assertIn(what, source.log())
        return source

    def test_no_answer(self):
        self.sim.fault("never_answer", count=1)
        self.recovered("no answer within 300 ms", header_timeout="300ms")

    def test_headers_and_nothing_more(self):
        self.sim.fault("headers_only", count=1)
        source = self.recovered("nothing received for 300 ms", read_timeout="300ms")
        self.assertEqual(source.metric("stalls"), 1)
        self.assertIn("buffer", source.log())

    def test_silence(self):
        self.sim.fault("silence", after=0, count=1)
        self.recovered("nothing received for 300 ms", read_timeout="300ms")

    def test_comments_are_life_but_no_records(self):
        self.sim.fault("silence", after=0, count=1, comments=True, every_ms=50)
        source = self.recovered("no record for 500 ms", read_timeout="300ms", silence_timeout="500ms")
        self.assertEqual(source.metric("stalls"), 1)

    def test_nobody_listens(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        source = self.source(url=f"http://127.0.0.1:{port}")
        source.open()
        self.assertEqual(source.poll(1, 0.5)["rc"], 3)
        self.assertGreaterEqual(source.metric("retries"), 3)

    def test_unknown_host(self):
        source = self.source(url="http://nowhere.invalid")
        source.open()
        self.assertEqual(source.poll(1, 0.5)["rc"], 3)
        self.assertIn("nowhere.invalid", source.log())

    def test_tls_that_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            source = self.source(url=f"https://127.0.0.1:{server.getsockname()[1]}", tls_timeout="300ms")
            source.open()
            source.poll(1, 0.8)
            self.assertIn("no finished TLS handshake within 300 ms", source.log())

    def test_what_speaks_no_http(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            def answer():
                for _ in range(2):
                    peer, _ = server.accept()
                    peer.recv(1000)
                    peer.sendall(b"220 mail.example ESMTP\r\n")
                    peer.close()
            threading.Thread(target=answer, daemon=True).start()
            source = self.source(url=f"http://127.0.0.1:{server.getsockname()[1]}")
            source.open()
            self.assertEqual(source.poll(1, 0.4)["rc"], 3)

    def cancelled(self, **config):
        source = self.source(**config)
        source.open()
        answer = source.call("cancel 200")
        self.assertEqual(answer["rc"], -600)
        self.assertLess(answer["took_ms"], 300)
        begun = time.monotonic()
        source.call("close")
        self.assertLess(time.monotonic() - begun, 0.5)

    def test_cancel_ends_every_kind_of_wait(self):
        self.cancelled(start="live")
        self.sim.fault("never_answer", count=1)
        self.cancelled()
        self.sim.fault("status", count=1, status=503, retry_after="60")
        self.cancelled()
        with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
            self.cancelled(url=f"https://127.0.0.1:{server.getsockname()[1]}")

    def test_reading_held_up_replaces_the_connection_without_loss(self):
        source = self.source(stall_limit="300ms")
        source.open()
        source.poll(1, 5, 10)
        time.sleep(0.6)
        self.assert_exact_after(source)

    def assert_exact_after(self, source):
        source.poll(100000, 2)
        self.assert_exact(Filter().keep(source.rows))
        self.assertGreaterEqual(source.metric("reconnects"), 1)

    def test_slow_polling_is_not_taken_for_silence(self):
        source = self.source(read_timeout="300ms", silence_timeout="300ms")
        source.open()
        for _ in range(3):
            source.poll(1, 5, 10)
            time.sleep(0.5)
        self.assertEqual(source.metric("stalls"), 0)


class Busy(SourceCase):
    """F5: the connection limit, and connections that count for a while after they are gone."""
    arguments = (*STILL, "--limit", "1", "--ghost", "0.5")

    def test_ghosts_are_waited_out_with_one_connection(self):
        self.sim.fault("cut", after=100, count=3, how="rst")
        source = self.source(busy_wait="400ms")
        source.open()
        self.assert_exact(self.run_through(source))
        self.one_connection_at_a_time()
        statuses = [request["status"] for request in self.sim.rows("requests")]
        self.assertIn(429, statuses)


if __name__ == "__main__":
    unittest.main(verbosity=2)
