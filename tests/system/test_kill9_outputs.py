"""Every kind of file output, packed and rolled, under SIGKILL: what can be read afterwards is what one run writes."""
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import time

from program import SystemTest, at, counting, main

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
KILLS = 12
COMMITS = {"MILLRACE_COMMIT_RECORDS": "80", "MILLRACE_BATCH_RECORDS": "40"}
RECORDS = 4000


class KilledOutputs(SystemTest):
    def setUp(self):
        super().setUp()
        print(f"MILLRACE_TEST_SEED={SEED}", file=sys.stderr)
        self.rng = random.Random(SEED)

    def lay_out(self):
        self.clear()
        rng = random.Random(5)
        self.write("in.jsonl", [b"broken %d" % i if i % 97 == 0 else
                                at(i / 10 - rng.random() * 3, key=f"k{rng.randrange(5)}", n=i, note='a,"b"\n')
                                for i in range(RECORDS)])
        every = {"from": "some", "plugin": "file"}
        config = counting({"event_time": {"field": "t", "unit": "s", "out_of_orderness": "3s"}},
                          {"window": {"tumbling": "5s"}, "select": {"n": "count(*)", "sum": "sum(n)"}})
        config["sources"]["in"]["schema"] = {"k": "text", "n": "int8", "note": "text"}
        config["operators"]["some"] = {"from": "in", "filter": "n % 3 <> 0", "select": ["n", "note"]}
        config["sinks"] |= {
            "plain": {**every, "path": "plain.jsonl"}, "cells": {**every, "path": "cells.csv", "format": "csv"},
            "gzip": {**every, "path": "packed.gz", "compression": "gzip"},
            "zstd": {**every, "path": "packed.zst", "compression": "zstd"},
            "parts": {**every, "dir": "parts", "roll": {"size": "8KiB"}},
            "packed_parts": {**every, "dir": "packed_parts", "roll": {"size": "2KiB"}, "compression": "gzip"}}
        self.write("p.json", config)

    def result(self):
        """What a reader of each output gets."""
        got = {name: self.read(name) for name in ("out.jsonl", "plain.jsonl", "cells.csv")}
        got["gzip"] = gzip.decompress(self.read("packed.gz"))
        if shutil.which("zstd"):
            got["zstd"] = subprocess.run(["zstd", "-dc", self.folder / "packed.zst"], capture_output=True, check=True).stdout
        parts = sorted((self.folder / "parts").glob("part-*"))
        got["parts"] = b"".join(part.read_bytes() for part in parts)
        packed = sorted((self.folder / "packed_parts").glob("part-*"))
        got["packed_parts"] = b"".join(gzip.decompress(part.read_bytes()) for part in packed)
        got["letters"] = self.read(".millrace/p/dead_letters/in.errors.jsonl")
        self.assertGreater(min(len(parts), len(packed)), 2)
        hidden = [path.name for place in ("parts", "packed_parts") for path in (self.folder / place).iterdir()
                  if not path.name.startswith("part-")]
        self.assertEqual(hidden, [], "nothing unfinished is left behind")
        return got

    @staticmethod
    def total(done):
        """The counters of all runs; where files are packed, their bytes depend on where frames end."""
        total = done.report["total"]
        for name in ("gzip", "zstd", "packed_parts"):
            del total["sinks"][name]["bytes"]
        return total

    def one_life(self, usual_s, **environment):
        run = self.start("--quiet", env={**COMMITS, **environment})
        if usual_s:
            try:
                run.process.wait(self.rng.random() * usual_s)
            except subprocess.TimeoutExpired:
                run.process.kill()
        done = run.wait()
        self.assertIn(done.code, (0, -signal.SIGKILL), done)
        return done

    def test_all_kinds(self):
        self.lay_out()
        began = time.monotonic()
        done = self.one_life(None)
        self.assertEqual(done.code, 0, done)
        usual_s = time.monotonic() - began
        expected, total = self.result(), self.total(done)
        for name in ("gzip", "zstd", "parts", "packed_parts"):
            self.assertTrue(expected.get(name, expected["plain.jsonl"]) == expected["plain.jsonl"], name)
        self.assertEqual(expected["cells.csv"].count(b"n,note\n"), 1)
        kills = 0
        while kills < KILLS:
            self.lay_out()
            done = self.one_life(usual_s)
            while done.code != 0:
                kills += 1
                done = self.one_life(usual_s if kills < KILLS else None)
            got = self.result()
            for name, content in expected.items():
                self.assertTrue(got[name] == content, f"{name} differs from the undisturbed run's")
            self.assertEqual(self.total(done), total)

    def test_killed_before_the_first_commit(self):
        """Nothing was committed, so nothing stays of it, and parts are counted from the first."""
        self.lay_out()
        if self.one_life(None, MILLRACE_KILL_AT="commit.begin:1").code == 0:
            self.skipTest("this build has no fault points")
        self.assertEqual(self.one_life(None).code, 0)
        self.result()
        self.assertEqual(min(path.name for path in (self.folder / "parts").iterdir()), "part-000000.ndjson")


if __name__ == "__main__":
    main()
