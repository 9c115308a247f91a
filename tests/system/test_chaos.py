"""SIGKILL at random moments for as long as MILLRACE_CHAOS_MINUTES says (`./dev chaos --minutes N`), every kind of sink in turn, and
state kept in a Redis that is harmed between lives: lost, repeated and wrong rows are counted, and all must be 0. The same loop with
less than exactly_once must see what that allows."""
import collections
import json
import os
import random
import signal
import sys
import time
import unittest

from program import Settings, SystemTest, at, counting, main
from servers import Postgres, Redis

MINUTES = float(os.environ.get("MILLRACE_CHAOS_MINUTES", "0.25"))
SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
RECORDS = 4000
WRITE_MS = 10          # what each write of the lossy sink takes: long beside the steps of a commit


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
        if kind == "lossy":
            return {**base, "plugin": kind, "path": "out.txt", "slow_ms": WRITE_MS}
        return {**base, "plugin": "file" if kind == "kept" else kind, "path": "out.txt"}

    def config(self, kind, delivery):
        config = counting(sinks={"out": self.sink(kind)}, **({"delivery": delivery} if delivery else {}))
        if kind == "kept":
            config["commit"]["keep"] = "cache"
            config["cache"] = {"redis": self.servers["redis"].url}
        return config

    def harm(self, kind, rng):
        """What happens to the cache while nobody runs."""
        server = self.servers.get("redis")
        if kind != "kept":
            return
        chains = [key for key in server.command("KEYS", "*") if ":b:" in key]
        what = rng.randrange(4)
        if what == 0:
            server.command("FLUSHALL")
        elif what == 1 and chains:
            server.command("DEL", *rng.sample(chains, max(1, len(chains) // 3)))
        elif what == 2:
            server.kill()       # it keeps what it was told (appendonly), or as much as it wrote
            server.start()

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

    def life(self, over):
        """A run that is killed as soon as `over()` says so."""
        env = {"MILLRACE_PLUGIN_PATH": f"{Settings.plugins}:{Settings.test_sinks}", "MILLRACE_COMMIT_RECORDS": "40",
               "MILLRACE_BATCH_RECORDS": "64"}
        run = self.start("--quiet", env=env)
        while run.running():
            if over():
                run.process.kill()
                break
            time.sleep(0.001)
        done = run.wait()
        self.assertIn(done.code, (0, -signal.SIGKILL), done)
        return done.code == 0

    def after(self, delay_s):
        end = time.monotonic() + delay_s
        return lambda: time.monotonic() >= end

    def at_work(self, rng):
        """While it works, however fast the machine: some rows after now, and up to a write later."""
        wanted, late_s, seen = self.size("out.txt") + rng.randint(1, 4000), 2 * rng.random() * WRITE_MS / 1000, []

        def over():
            if not seen and self.size("out.txt") >= wanted:
                seen.append(time.monotonic())
            return bool(seen) and time.monotonic() - seen[0] >= late_s
        return over

    def round(self, kind, counts, rng, delivery=None):
        """Lives that are killed, and one to the end; adds what is lost, repeated and wrong."""
        self.clear()
        if "redis" in self.servers:
            self.servers["redis"].command("FLUSHALL")
        self.write("p.json", self.config(kind, delivery))
        self.write("in.jsonl", self.sent)
        kills = rng.randint(1, 6)
        began = time.monotonic()
        while not self.life(self.moment(rng) if kills > 0 else lambda: False):
            kills -= 1
            counts["kills"] += 1
            self.harm(kind, rng)
        if kills > 0:
            self.usual_s = max(0.05, min(self.usual_s, time.monotonic() - began))
        found, wanted = collections.Counter(self.rows(kind)), collections.Counter(expected(self.sent).items())
        counts["lost"] += sum((wanted - found).values())
        counts["repeated"] += sum(n - 1 for row, n in found.items() if n > 1)
        counts["wrong"] += len(set(found) - set(wanted))
        counts["rounds"] += 1

    def setUp(self):
        super().setUp()
        self.sent, self.usual_s = records(), 0.5
        self.moment = lambda rng: self.after(rng.random() * self.usual_s)

    def test_random_kills(self):
        kinds = ["file", "tagged", "marked", *self.servers, *(["kept"] if "redis" in self.servers else [])]
        rng, counts = random.Random(SEED), collections.Counter()
        end = time.monotonic() + 60 * MINUTES
        while time.monotonic() < end or counts["rounds"] < len(kinds):
            kind = kinds[counts["rounds"] % len(kinds)]
            self.round(kind, counts, rng)
            self.assertEqual((counts["lost"], counts["repeated"], counts["wrong"]), (0, 0, 0), f"{kind}, seed {SEED}: {counts}")
        print(f"{dict(counts)}", file=sys.stderr)
        self.assertGreater(counts["kills"], 0)

    def test_the_loop_sees_repeats_and_losses(self):
        self.moment = self.at_work
        for delivery, seen, never in (("at_least_once", "repeated", "lost"), ("at_most_once", "lost", "repeated")):
            with self.subTest(delivery):
                rng, counts = random.Random(SEED), collections.Counter()
                while counts[seen] == 0 and counts["rounds"] < 40:
                    self.round("lossy", counts, rng, delivery)
                print(f"{delivery}: {dict(counts)}", file=sys.stderr)
                self.assertGreater(counts[seen], 0, counts)
                self.assertEqual((counts[never], counts["wrong"]), (0, 0), counts)


if __name__ == "__main__":
    main()
