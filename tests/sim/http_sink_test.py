"""The http sink under the whole program: batches, formats, errors that pass and errors that do not, kill -9, keys."""
import json
import os
import pathlib
import signal
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

    def start(self, **env):
        return subprocess.Popen([os.environ["MILLRACE_PROGRAM"], "run", "c.json", "--plugins", os.environ["MILLRACE_PLUGIN_DIR"]],
                                cwd=self.folder, stderr=subprocess.PIPE, text=True, env={**os.environ, **env})

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

    def test_refusals_stop_the_run_with_the_services_words_and_the_next_one_goes_on(self):
        self.sim.fault("status", after=3, count=1, status=401, body='{"error":"bad token"}')
        self.config(batch={"records": 100})
        code, error = self.run_through()
        self.assertEqual(code, 1)
        self.assertIn("401 Unauthorized: bad token", error)
        self.assertEqual(self.run_through()[0], 0)
        self.assertEqual(sorted(set(self.came())), list(range(ROWS)))

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

    def rows_by_key(self):
        """What a service has that takes each key once."""
        bodies = {}
        for request in self.requests():
            key = self.headers(request)["idempotency-key"]
            self.assertEqual(bodies.setdefault(key, request["body"]), request["body"], "one key for two bodies")
        return [json.loads(line)["n"] for body in bodies.values() for line in body.splitlines()]

    def test_R36_every_row_once_through_every_crash(self):
        for point in ("commit.begin", "commit.barrier", "commit.prepared", "commit.logged", "commit.sink", "outbox.deliver",
                      "outbox.batch", "outbox.delivered", "commit.done"):
            with self.subTest(point):
                self.sim.post("reset")
                with tempfile.TemporaryDirectory() as folder:
                    before, self.folder = self.folder, pathlib.Path(folder)
                    (self.folder / "in.jsonl").write_bytes((before / "in.jsonl").read_bytes())
                    self.config(batch={"records": 50})
                    kills = 0
                    for place in (f"{point}:2", f"{point}:1", "-"):
                        process = self.start(MILLRACE_COMMIT_RECORDS="200", MILLRACE_BATCH_RECORDS="40", MILLRACE_KILL_AT=place)
                        error = process.communicate(timeout=60)[1]
                        kills += process.returncode == -signal.SIGKILL
                    self.folder = before
                if kills == 0:
                    self.skipTest("this build has no fault points")
                self.assertEqual(process.returncode, 0, error)
                self.assertEqual(sorted(self.rows_by_key()), list(range(ROWS)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
