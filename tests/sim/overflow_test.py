"""P7 through the whole program: a sink that stands still holds up a feed that cannot send again."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

import frames    # noqa: E402


class Overflow(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.server = subprocess.Popen([sys.executable, str(FOLDER / "frames.py")], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.server.stdout.close)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.terminate)
        self.port = int(self.server.stdout.readline().split()[1])

    def start(self, **source):
        """Its standard output is a pipe, which the test reads when it likes."""
        config = {"pipeline": "p", "commit": {"every": "50ms"},
                  "sources": {"feed": {"plugin": "websocket", "url": f"ws://127.0.0.1:{self.port}/flood", "schema": {"n": "int8"},
                                       "buffer": "64KiB", "stall_limit": "100ms", **source}},
                  "sinks": {"out": {"from": "feed", "plugin": "stdout"},
                            "gaps": {"from": "feed.gaps", "plugin": "file", "path": "gaps.jsonl"}}}
        (self.folder / "p.json").write_text(json.dumps(config))
        run = subprocess.Popen([os.environ["MILLRACE_PROGRAM"], "run", "p.json", "--fresh", "--quiet"], cwd=self.folder, stdout=subprocess.PIPE,
                               env={**os.environ, "MILLRACE_PLUGIN_PATH": os.environ["MILLRACE_PLUGIN_DIR"]})
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run

    def log(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_log") as answer:
            return [entry for entry in json.loads(answer.read()) if entry["case"] == "flood"]

    def wait_for(self, what):
        deadline = time.monotonic() + 120
        while not what() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(what())

    def read_to_the_end(self, run):
        """The numbers that came out, and the reasons on `.gaps`."""
        numbers = []
        while not numbers or numbers[-1] < frames.FLOOD:
            numbers.append(json.loads(run.stdout.readline())["n"])
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(60), 0)
        return numbers, [json.loads(line)["reason"] for line in (self.folder / "gaps.jsonl").read_text().splitlines()]

    def test_P7_the_oldest_go_and_gaps_tell(self):
        run = self.start()
        self.wait_for(lambda: self.log() and self.log()[-1].get("flooded"))
        numbers, reasons = self.read_to_the_end(run)
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertLess(len(numbers), frames.FLOOD)
        self.assertEqual(set(reasons), {"overflow"})
        self.assertEqual(len(self.log()), 1, "one connection")

    def test_P7_block_loses_nothing(self):
        run = self.start(overflow="block")
        self.wait_for(self.log)
        time.sleep(1)    # longer than stall_limit
        numbers, reasons = self.read_to_the_end(run)
        self.assertEqual((numbers, reasons), (list(range(1, frames.FLOOD + 1)), []))
        self.assertEqual(len(self.log()), 1, "one connection")


if __name__ == "__main__":
    unittest.main(verbosity=2)
