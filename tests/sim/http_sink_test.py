"""The http sink under the whole program: batches, formats, errors that pass and errors that do not, kill -9, keys.

Death at each point of a commit: tests/system/test_fault_points.py.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import Simulator    # noqa: E402

ROWS = 1000


class Sink(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sim = cls.enterClassContext(Simulator("generic"))

    def setUp(self):
        self.sim.post("reset")
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "in.jsonl").write_text("".join(json.dumps({"n": n}) + "\n" for n in range(ROWS)))

    def config(self, speed=0, **sink):
        source = {"plugin": "file", "path": "in.jsonl", "replay": {"speed": speed}}
        if speed:
            source["event_time"] = {"field": "n", "unit": "ms"}
        body = {"pipeline": "p", "sources": {"in": source}, "commit": {"every": "50ms"},
                "sinks": {"out": {"from": "in", "plugin": "http", "url": f"http://127.0.0.1:{self.sim.port}/sink", **sink}}}
        (self.folder / "c.json").write_text(json.dumps(body))

    def start(self):
        return subprocess.Popen([os.environ["MILLRACE_PROGRAM"], "run", "c.json", "--plugins", os.environ["MILLRACE_PLUGIN_DIR"]],
                                cwd=self.folder, stderr=subprocess.PIPE, text=True)

    def run_through(self):
        process = self.start()
        error = process.communicate(timeout=60)[1]
        return process.returncode, error

    def requests(self):
        return [r for r in self.sim.rows("requests") if r["path"] == "/sink"]

    def came(self, array=False):
        """Rows of the requests that were answered well, in order."""
        rows = []
        for request in self.requests():
            if request["status"] == 200 and "body" in request:
                rows += json.loads(request["body"]) if array else [json.loads(line) for line in request["body"].splitlines()]
        return [row["n"] for row in rows]

    def headers(self, request):
        return {name.lower(): value for name, value in request["headers"]}

    def test_rows_in_order_in_batches(self):
        for form, array in (("ndjson", False), ("json", True)):
            with self.subTest(form=form):
                self.sim.post("reset")
                self.config(format=form, batch={"records": 64}, headers={"X-Key": "sesame"})
                done = subprocess.run([os.environ["MILLRACE_PROGRAM"], "run", "c.json", "--fresh", "--plugins", os.environ["MILLRACE_PLUGIN_DIR"]],
                                      cwd=self.folder, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.came(array), list(range(ROWS)))
                requests = self.requests()
                self.assertGreaterEqual(len(requests), ROWS // 64)
                self.assertTrue(all(r["method"] == "POST" and len(r["body"]) < 64 * 20 for r in requests))
                head = self.headers(requests[0])
                self.assertEqual((head["content-type"], head["x-key"]), ("application/json" if array else "application/x-ndjson", "sesame"))
                self.assertNotIn("sesame", done.stderr)

    def test_errors_that_pass_lose_nothing(self):
        self.sim.fault("status", after=3, count=2, status=503, retry_after="0")
        self.config(batch={"records": 100})
        code, error = self.run_through()
        self.assertEqual(code, 0, error)
        self.assertEqual(sorted(set(self.came())), list(range(ROWS)))

    def test_a_redirect_carries_the_rows_or_delivers_nothing(self):
        """301 and 302 make a GET of a POST in a browser, 303 does by definition: what answers that has not got the rows."""
        for status in (301, 302, 303, 307, 308):
            with self.subTest(status=status):
                self.sim.post("reset")
                self.sim.fault("redirect", after=1, count=1, status=status, to="/sink?elsewhere")
                self.config(batch={"records": 100})
                done = subprocess.run([os.environ["MILLRACE_PROGRAM"], "run", "c.json", "--fresh", "--plugins", os.environ["MILLRACE_PLUGIN_DIR"]],
                                      cwd=self.folder, capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual({r["method"] for r in self.requests()}, {"POST"})
                self.assertEqual(sorted(set(self.came())), list(range(ROWS)))
                self.assertEqual("303" in done.stderr, status == 303, done.stderr)

    def test_refusals_stop_the_run_with_the_services_words_and_the_next_one_goes_on(self):
        self.sim.fault("status", after=3, count=1, status=401, body='{"error":"bad token"}')
        self.config(batch={"records": 100})
        code, error = self.run_through()
        self.assertEqual(code, 1)
        self.assertRegex(error, '401 Unauthorized: bad token; check "headers"; the rows are kept')
        self.assertEqual(self.run_through()[0], 0)
        self.assertEqual(sorted(set(self.came())), list(range(ROWS)))

    def test_a_body_that_is_too_large_for_the_service_names_the_key(self):
        self.sim.fault("status", count=1, status=413, body="too much")
        self.config()
        code, error = self.run_through()
        self.assertEqual(code, 1)
        self.assertIn('413: too much; make "batch" smaller', error)

    def test_killed_and_run_again_every_row_arrives_and_keys_tell_repeats(self):
        self.config(speed=1, batch={"records": 20})
        for _ in range(3):
            process = self.start()
            time.sleep(0.45)
            process.kill()
            process.communicate()
        self.config(batch={"records": 20})
        code, error = self.run_through()
        self.assertEqual(code, 0, error)
        self.assertEqual(sorted(set(self.came())), list(range(ROWS)))
        bodies = {}
        for request in self.requests():
            key = self.headers(request).get("idempotency-key")
            if key:
                self.assertEqual(bodies.setdefault(key, request["body"]), request["body"], "one key for two bodies")


if __name__ == "__main__":
    unittest.main(verbosity=2)
