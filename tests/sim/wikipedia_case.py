"""The frame of the tests of the wikipedia source: a simulator, and what is to come out by its ledger.

The rules that the tests cite are in plugins/RULES.md. They need MILLRACE_PLUGIN_DRIVE and MILLRACE_PLUGIN_DIR (ctest sets them).
"""
import json
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import Simulator    # noqa: E402
from drive import Drive, Filter    # noqa: E402

START_MS = 1760000000000
STILL = ("--speed", "0", "--rate", "50", "--history", "20s")    # 1000 records exist, none come by themselves
FROM = "2025-10-09T08:52:59Z"    # before the first of them
QUICK = {"contact": "https://example.org/contact",
         "retry": {"initial": "20ms", "max": "100ms", "reset_after": "1s"},
         "auth_grace": {"attempts": 3, "over": "100ms"}, "busy_wait": "100ms", "start": FROM}


class SourceCase(unittest.TestCase):
    """One simulator per class; every test begins with it as new."""
    arguments = STILL
    scheme = "http"

    @classmethod
    def setUpClass(cls):
        cls.sim = cls.enterClassContext(Simulator("wikipedia", *cls.arguments))

    def setUp(self):
        self.sim.post("reset")

    def source(self, env=None, **config):
        merged = {**QUICK, "url": f"{self.scheme}://127.0.0.1:{self.sim.port}", **config}
        for key in ("retry", "auth_grace"):
            merged[key] = {**QUICK[key], **config.get(key, {})}
        return self.enterContext(Drive("source_wikipedia", "wikipedia", merged, env))

    def changes(self, data=False):
        """The ledger's rows that are to come out, once per meta.id."""
        rows, known = [], set()
        for row in self.sim.rows("ledger?data" if data else "ledger"):
            if row["kind"] != "canary" and row["id"] not in known:
                known.add(row["id"])
                rows.append(row)
        return rows

    def assert_exact(self, rows, expected=None):
        """Every record of the ledger once, none lost."""
        came = [json.loads(row["value"])["meta"]["id"] for row in rows]
        wanted = [row["id"] for row in (self.changes() if expected is None else expected)]
        self.assertEqual(len(came), len(set(came)), "repeats got through")
        self.assertEqual(set(wanted) - set(came), set(), "lost")
        self.assertEqual(set(came) - set(wanted), set(), "never produced")

    def run_through(self, source, seconds=20.0):
        """Polls until everything of the ledger came at least once; the rows that pass the filter."""
        wanted, kept, seen, taken = {row["id"] for row in self.changes()}, [], Filter(), 0
        until = time.monotonic() + seconds
        while len(kept) < len(wanted) and time.monotonic() < until and not source.errors:
            source.poll(1, 0.5)
            kept += seen.keep(source.rows[taken:])
            taken = len(source.rows)
        return kept

    def one_connection_at_a_time(self):
        spans = [(r["opened_wall"], r["closed_wall"] or 1e18) for r in self.sim.rows("requests")]
        for (_, closed), (opened, _) in zip(spans, spans[1:]):
            self.assertGreaterEqual(opened, closed - 0.05)
