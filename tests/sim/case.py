"""A test case with one simulator for the class, as new for every test, and a plugin driven against it."""
import json
import time
import unittest

from client import Simulator
from drive import Drive, Filter

QUICK = {"retry": {"initial": "20ms", "max": "100ms", "reset_after": "1s"}, "auth_grace": {"attempts": 3, "over": "100ms"}}


class PluginCase(unittest.TestCase):
    simulator, arguments, scheme = "generic", (), "http"
    plugin = ("source_http", "http")
    config = {}

    @classmethod
    def setUpClass(cls):
        cls.sim = cls.enterClassContext(Simulator(cls.simulator, *cls.arguments))

    def setUp(self):
        self.sim.post("reset")

    def url(self, path="", scheme=None):
        return f"{scheme or self.scheme}://127.0.0.1:{self.sim.port}{path}"

    def source(self, env=None, **config):
        merged = {**QUICK, **self.config, **config}
        return self.enterContext(Drive(*self.plugin, merged, env))

    def opened(self, state="", **config):
        source = self.source(**config)
        source.open(state)
        return source

    def values(self, rows):
        return [json.loads(row["value"]) for row in rows]

    def kept(self, source, horizon_s=3600):
        return self.values(Filter(horizon_s * 1_000_000).keep(source.rows))

    def waits(self):
        """Seconds between the end of each request and the next."""
        requests = self.sim.rows("requests")
        return [b["opened_wall"] - a["closed_wall"] for a, b in zip(requests, requests[1:])]

    def header(self, name, number=-1):
        return dict((n.lower(), v) for n, v in self.sim.rows("requests")[number]["headers"]).get(name)

    def until(self, condition, seconds=5.0):
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.02)
        return condition()
