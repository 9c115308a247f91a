"""SIGKILL at random moments for as long as MILLRACE_CHAOS_MINUTES says (`./dev chaos --minutes N`), every kind of sink in turn:
lost, repeated and wrong rows are counted, and all must be 0."""
import collections
import json
import os
import random
import signal
import subprocess
import sys
import time
import unittest

from program import Settings, SystemTest, at, counting, main
from servers import Postgres, Redis

MINUTES = float(os.environ.get("MILLRACE_CHAOS_MINUTES", "0.25"))
SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
RECORDS = 4000


def records():
    rng = random.Random(SEED)
    return [at(i // 8, f"k{rng.randint(0, 60)}") for i in range(RECORDS)]


def expected(sent):
    """Counts per minute and key: windows of event time, all of them closed."""
    counts = collections.Counter((row["t"] // 60 * 60, row["k"]) for row in sent)
    return {key: n for key, n in counts.items()}


def key_of(row):
    return int(time.mktime(time.strptime(row["window_start"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone), row["k"]


class Chaos(SystemTest):
    @classmethod
    def setUpClass(cls):
        print(f"MILLRACE_TEST_SEED={SEED}", file=sys.stderr)
        cls.servers = {}
        for name, make in (("postgres", Postgres), ("redis", Redis)):
            try:
                cls.servers[name] = make()
            except unittest.SkipTest as missing:
                print(f"without {name}: {missing}", file=sys.stderr)
                continue
            cls.addClassCleanup(cls.servers[name].remove)
            cls.servers[name].start()

    def sink(self, kind):
        base = {"from": "per_minute"}
        if kind == "postgres":
            self.servers[kind].query("drop table if exists t, millrace_commits")
            return {**base, "plugin": "postgres", "url": self.servers[kind].url, "table": "t"}
        if kind == "redis":
            self.servers[kind].command("FLUSHALL")
            return {**base, "plugin": "redis", "url": self.servers[kind].url, "command": "xadd", "key": "'all'"}
        return {**base, "plugin": kind, "path": "out.txt"}

    def rows(self, kind):
        """What the sink has, in the order in which it has it."""
        if kind == "postgres":
            found = self.servers[kind].query("select extract(epoch from window_start)::int8, k, n from t")
            return [((int(start), key), int(n)) for start, key, n in found]
        if kind == "redis":
            entries = self.servers[kind].command("XRANGE", "all", "-", "+") or []
            texts = [fields[1] for _, fields in entries]
        else:
            lines = self.read("out.txt").decode().splitlines()
            if kind == "tagged":        # the last row of a tag, as an upsert leaves it
                lines = list(dict(line.split("\t") for line in lines).values())
            texts = [line for line in lines if line.startswith("{")]
        return [(key_of(row), row["n"]) for row in map(json.loads, texts)]

    def life(self, delay_s):
        env = {"MILLRACE_PLUGIN_PATH": f"{Settings.plugins}:{Settings.test_sinks}", "MILLRACE_COMMIT_RECORDS": "40",
               "MILLRACE_BATCH_RECORDS": "64"}
        run = self.start("--quiet", env=env)
        if delay_s is not None:
            try:
                run.process.wait(delay_s)
            except subprocess.TimeoutExpired:
                run.process.kill()
        done = run.wait()
        self.assertIn(done.code, (0, -signal.SIGKILL), done)
        return done.code == 0

    def test_random_kills(self):
        kinds = ["file", "tagged", "marked", *self.servers]
        sent, rng = records(), random.Random(SEED)
        counts = collections.Counter()
        end = time.monotonic() + 60 * MINUTES
        usual_s = 0.5
        while time.monotonic() < end or counts["rounds"] < len(kinds):
            kind = kinds[counts["rounds"] % len(kinds)]
            self.clear()
            self.write("p.json", counting(sinks={"out": self.sink(kind)}))
            self.write("in.jsonl", sent)
            kills = rng.randint(1, 6)
            began = time.monotonic()
            while not self.life(rng.random() * usual_s if kills > 0 else None):
                kills -= 1
                counts["kills"] += 1
            if kills > 0:
                usual_s = max(0.05, min(usual_s, time.monotonic() - began))
            found = collections.Counter(self.rows(kind))
            wanted = collections.Counter(expected(sent).items())
            counts["lost"] += sum((wanted - found).values())
            counts["repeated"] += sum(n - 1 for row, n in found.items() if n > 1)
            counts["wrong"] += len(set(found) - set(wanted))
            counts["rounds"] += 1
            self.assertEqual((counts["lost"], counts["repeated"], counts["wrong"]), (0, 0, 0), f"{kind}, seed {SEED}: {counts}")
        print(f"{dict(counts)}", file=sys.stderr)
        self.assertGreater(counts["kills"], 0)


if __name__ == "__main__":
    main()
