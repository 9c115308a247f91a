"""The wikipedia source when the service is not who it should be, and behind proxies (F11)."""
import http.client
import json
import pathlib
import ssl
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import FOLDER, Simulator    # noqa: E402
from core import tls    # noqa: E402
from drive import Drive    # noqa: E402
from wikipedia_case import QUICK, STILL    # noqa: E402


class Tls(unittest.TestCase):
    """F11. Each test has a server of its own."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.certificates = tls.make_all(cls.folder)
        cls.ca = str(cls.certificates["ca"][0])

    def server(self, name, variant="normal"):
        cert, key = self.certificates[name]
        return self.enterContext(TlsSimulator("wikipedia", *STILL, "--tls", cert, key, "--tls-variant", variant))

    def poll(self, sim, host="localhost", env=None, seconds=4, **config):
        config = {**QUICK, "url": f"https://{host}:{sim.port}", **config}
        source = self.enterContext(Drive("source_wikipedia", "wikipedia", config, env))
        source.open()
        source.poll(1, seconds)
        return source

    def refused(self, source, what):
        self.assertEqual([error["rc"] for error in source.errors], [-400])
        self.assertRegex(source.errors[0]["error"], what)
        self.assertEqual(source.rows, [])

    def test_private_authority(self):
        sim = self.server("good")
        self.assertTrue(self.poll(sim, tls={"ca_file": self.ca}).rows)
        self.assertTrue(self.poll(sim, env={"SSL_CERT_FILE": self.ca}).rows)
        self.refused(self.poll(sim), "certificate.*3 times in a row.*ca_file")

    def test_bad_certificates_are_refused(self):
        for name in ("expired", "wrong_host", "unknown_ca"):
            with self.subTest(name=name):
                self.refused(self.poll(self.server(name), tls={"ca_file": self.ca}), "(?i)certificate|subject name")

    def test_old_version_is_refused(self):
        # The server hangs up without an alert, which looks like a network that does: tried again, never spoken to.
        source = self.poll(self.server("good", "tls1.0"), seconds=1, tls={"ca_file": self.ca})
        self.assertEqual(source.rows, [])
        self.assertIn("SSL", source.log())

    def test_server_name(self):
        sim = self.server("wrong_host")
        self.assertTrue(self.poll(sim, tls={"ca_file": self.ca, "server_name": "other.example"}).rows)

    def test_sni_is_sent(self):
        self.assertTrue(self.poll(self.server("good", "sni"), tls={"ca_file": self.ca}).rows)

    def test_insecure_must_be_meant_and_is_warned_of(self):
        sim = self.server("expired")
        source = self.poll(sim, tls={"verify": False, "insecure": True})
        self.assertTrue(source.rows)
        self.assertIn("tls.verify is off", source.log())
        with self.assertRaisesRegex(RuntimeError, "insecure"):
            self.poll(sim, tls={"verify": False})

    def test_truncated_stream_is_a_cut(self):
        sim = self.server("good")
        sim.fault("cut", after=50, count=1, how="truncate")
        source = self.poll(sim, tls={"ca_file": self.ca})
        source.poll(200, 5)
        self.assertGreaterEqual(len(source.rows), 200)
        self.assertEqual(source.errors, [])

    def test_through_a_proxy(self):
        sim = self.server("good")
        proxy = self.enterContext(Proxy())
        source = self.poll(sim, tls={"ca_file": self.ca}, proxy=f"http://127.0.0.1:{proxy.port}")
        self.assertTrue(source.rows)
        source = self.poll(sim, env={"https_proxy": f"http://127.0.0.1:{proxy.port}", "no_proxy": ""}, tls={"ca_file": self.ca})
        self.assertTrue(source.rows)

    def test_proxy_with_password(self):
        sim = self.server("good")
        proxy = self.enterContext(Proxy("--auth", "me:secret-word"))
        source = self.poll(sim, tls={"ca_file": self.ca}, proxy=f"http://me:secret-word@127.0.0.1:{proxy.port}")
        self.assertTrue(source.rows)
        self.assertNotIn("secret-word", source.log())
        self.refused(self.poll(sim, tls={"ca_file": self.ca}, proxy=f"http://127.0.0.1:{proxy.port}"), "407.*proxy")

    def test_proxy_is_refused_by_empty_text(self):
        sim = self.server("good")
        source = self.poll(sim, env={"https_proxy": "http://127.0.0.1:1"}, tls={"ca_file": self.ca}, proxy="")
        self.assertTrue(source.rows)


class TlsSimulator(Simulator):
    """Control calls over TLS, without looking at the certificate."""

    def call(self, method, path, body=None):
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        result = answer.status, answer.headers, answer.read().decode("utf-8", "replace")
        connection.close()
        return result


class Proxy:
    def __init__(self, *arguments):
        self.command = [sys.executable, str(FOLDER / "proxy.py"), *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
