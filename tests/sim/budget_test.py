"""The weather demo on the service: the budget of requests is shown while it runs, and kept (issue: "Request budget respected and shown")."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

from client import Simulator    # noqa: E402

DEMO = FOLDER.parents[1] / "configs/weather"


class Budget(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.sim = self.enterContext(Simulator("darksky", "--quota", "500"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    def start(self):
        """As the demo's README says it, with 20 airports instead of 1000."""
        shutil.copy(DEMO / "airports.csv", self.folder)
        (self.folder / "normals.csv").write_text("iata,month,hour,temperature\n", encoding="utf-8")
        source = {"plugin": "darksky", "url": f"http://127.0.0.1:{self.sim.port}", "api_key": "sesame", "every": "2s", "quota": "unlimited", "rate": 100, "emit": "document",
                  "targets": {"file": "airports.csv", "name": "iata", "limit": 20}, "schema": {"hourly.data[].time": "int8", "hourly.data[].temperature": "float8"}}
        overrides = [f"sources.answers={json.dumps(source)}", f'metrics={{"listen": "127.0.0.1:{self.port}"}}']
        overrides += [f"sinks.{name}.listen=none" for name in ("current_page", "error_page", "country_page")]
        command = [os.environ["MILLRACE_PROGRAM"], "run", DEMO / "pipeline.json", "--fresh", "--quiet", *(f"--set={text}" for text in overrides)]
        process = subprocess.Popen(command, cwd=self.folder, env={**os.environ, "MILLRACE_PLUGIN_PATH": os.environ["MILLRACE_PLUGIN_DIR"]})
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def metric(self, name):
        """Of the source; None while it is not shown."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return None
        found = re.search(rf'^millrace_plugin_{name}\{{pipeline="weather",source="answers"\}} (\S+)$', text, re.MULTILINE)
        return float(found[1]) if found else None

    def wait_for(self, process, condition):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertIsNone(process.poll(), "the run ended")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_what_is_left_is_shown_and_falls(self):
        process = self.start()
        self.wait_for(process, lambda: (self.metric("budget_left") or 500) <= 480)
        first, asked = self.metric("budget_left"), self.metric("requests_total")
        self.assertGreaterEqual(asked, 20)
        self.wait_for(process, lambda: self.metric("budget_left") < first)
        state = json.loads(self.sim.call("GET", "/_sim/state")[2])
        self.assertGreaterEqual(state["used"], 500 - self.metric("budget_left"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
