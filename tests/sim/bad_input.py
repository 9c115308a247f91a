"""What every network source must bear: a mixin of tests, each one fault. faults_test.py names the services; what a fault leads to stands here.

A service says how it is opened, where its addresses stand in the configuration, and how "everything came, once" is seen.
"""
import pathlib
import socket
import ssl
import tempfile
import threading

from core import tls

SECRET = "sesame-open"
YEAR_S = 365 * 86400


class BadInput:
    """Mixed into a case of case.py's kind: `sim`, `until`, `opened` are there."""

    urls_of = staticmethod(lambda http, ws: {"url": http})    # an origin, in place of the service's own
    redirect_status = 301
    secret = {"headers": {"X-Key": SECRET}}

    def begin(self, **config):
        """An open source with a secret in its configuration."""
        return self.opened(**{**self.secret, **config})

    def assert_whole(self, source):
        """Everything that the service has came once, whatever was repeated on the way; and nothing that should not be told was."""
        self.assert_came(source)
        self.assert_discreet(source)

    def assert_discreet(self, source):
        self.assertNotIn(SECRET, source.log() + str(source.errors) + str(source.rejects))

    def at(self, address):
        return self.urls_of(f"http://{address}", f"ws://{address}")

    def stops(self, source, what):
        """After auth_grace.attempts, for good, with a sentence."""
        source.poll(1, 6)
        self.assertEqual([error["rc"] for error in source.errors], [-400], source.log())
        self.assertRegex(source.errors[0]["error"], what)
        self.assertEqual(source.rows, [])
        self.assert_discreet(source)

    # Refusals: a few tries far apart, then the remedy (sources.md 1.3).

    def test_wrong_key(self):
        for status in (401, 403):
            with self.subTest(status=status):
                self.sim.post("reset")
                self.sim.fault("status", count=-1, status=status)
                self.stops(self.begin(), rf"{status}.*; .*check")
                self.assertEqual(len(self.sim.rows("requests")), 3)

    def test_not_found(self):
        self.sim.fault("status", count=-1, status=404)
        self.stops(self.begin(), "404.*; (check the address|is there a stream of that name)")
        self.assertEqual(len(self.sim.rows("requests")), 3)

    # What passes: tried again, nothing lost.

    def passes(self, kind, count=2, at_least=1, config=(), **args):
        self.sim.fault(kind, count=count, **args)
        source = self.begin(**dict(config))
        self.assert_whole(source)
        self.assertGreaterEqual(source.metric("retries"), at_least, source.log())
        return source

    def test_html(self):
        self.passes("html", config={"retry": {"initial": "20ms", "max": "60ms"}})

    def test_reset(self):
        self.passes("reset")

    def test_endless_redirect(self):
        # Two requests at once may share them, and one goes beyond its 5 all the same.
        self.passes("redirect_loop", count=11, status=self.redirect_status)

    def test_accepts_and_says_nothing(self):
        source = self.passes("never_answer", count=1, config={"header_timeout": "200ms"})
        self.assertRegex(source.log(), "(?i)200 ms|no answer|time-?out")

    def grown_mib(self, source, since):
        return (peak_kib(source) - since) // 1024

    def too_much(self, kind, **args):
        """The limits hold: the connection goes, memory stays, and the next answer is taken."""
        self.sim.fault(kind, count=1, **args)
        source = self.source(**self.secret, max={"body": "2MiB", "line": "1MiB", "message": "1MiB"})
        before = peak_kib(source)
        source.open()
        self.assert_whole(source)
        self.assertLess(self.grown_mib(source, before), 150)
        return source

    def test_10_gb_body(self):
        for declared in (False, True):
            with self.subTest(declared=declared):
                self.sim.post("reset")
                self.too_much("endless", declared=declared)
                self.assertLess(self.sim.rows("requests")[0]["bytes"], 256 << 20)

    def test_endless_line(self):
        self.too_much("endless", first="data: {\"a\":\"", piece="x")
        self.assertLess(self.sim.rows("requests")[0]["bytes"], 256 << 20)

    def test_gzip_bomb(self):
        self.too_much("packed", mib=64)

    # Nobody there, or not who it should be.

    def test_dns_failure(self):
        source = self.begin(**self.at("nowhere.invalid"))
        self.assertEqual(source.poll(1, 0.4)["rc"], 3)
        self.assertIn("nowhere.invalid", source.log())
        self.assert_discreet(source)

    def test_refused(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            source = self.begin(**self.at(f"127.0.0.1:{closed.getsockname()[1]}"))
            self.assertEqual(source.poll(1, 0.4)["rc"], 3)
        self.assertRegex(source.log(), "(?i)refused|connect")
        self.assert_discreet(source)

    def test_expired_certificate(self):
        self.bad_certificate("expired", "(?i)expired")

    def test_wrong_host_name(self):
        self.bad_certificate("wrong_host", "(?i)subject name|host ?name")

    def bad_certificate(self, name, what):
        with Listener(*certificates()[name]) as listener:
            address = f"localhost:{listener.port}"
            urls = self.urls_of(f"https://{address}", f"wss://{address}")
            self.stops(self.begin(**urls, tls={"ca_file": str(certificates()["ca"][0])}), what)
            self.assertEqual((listener.spoken, listener.greeted >= 3), (0, True))    # Not a byte of a request, the secret least of all.

    def test_clock_skew(self):
        """H4: a date in Retry-After is measured by the server's own clock: its next second, which is two years away here."""
        self.sim.fault("clock_skew", s=2 * YEAR_S)
        self.passes("status", count=1, status=503, retry_after={"in_s": 1})

    def clock_skew_backwards(self):
        """What was two years ago here is to be waited for all the same."""
        self.sim.fault("clock_skew", s=-2 * YEAR_S)
        self.passes("status", count=1, status=503, retry_after={"in_s": 2})
        first, second = self.sim.rows("requests")[:2]
        self.assertGreaterEqual(second["opened_wall"] - first["closed_wall"], 0.9)    # dates are whole seconds


def peak_kib(source):
    """Of the process that the source runs in."""
    status = pathlib.Path(f"/proc/{source.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


_made = []


def certificates():
    """Made once for the process."""
    if not _made:
        folder = tempfile.TemporaryDirectory()
        _made.extend((folder, tls.make_all(folder.name)))
    return _made[1]


class Listener:
    """A TLS server that nobody should speak to: counts who greets it and what it is told."""

    def __init__(self, cert, key):
        self.context = tls.server_context(cert, key)
        self.spoken = self.greeted = 0

    def __enter__(self):
        self.server = socket.create_server(("localhost", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join(10)

    def serve(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            self.greeted += 1
            peer.settimeout(5)
            try:
                with self.context.wrap_socket(peer, server_side=True) as talk:
                    self.spoken += len(talk.recv(1000))
            except (OSError, ssl.SSLError):
                peer.close()
