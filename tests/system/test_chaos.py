"""SIGKILL at random moments for as long as MILLRACE_CHAOS_MINUTES says (`./dev chaos --minutes N`; two minutes without it), every kind of
sink in turn, and state kept in a Redis that is harmed between lives: lost, repeated and wrong rows are counted, and all must be 0. The
same loop with less than exactly_once must see what that allows.

No life ends by itself: the source follows a file that has more at each life, at a pace. So how fast the machine is decides how much a
life gets done, never whether it is killed at work."""
import collections
import json
import os
import random
import signal
import sys
import time

from program import Settings, SystemTest, at, counting, main, paced, rows
from servers import Postgres, Redis, all_there_are

MINUTES = float(os.environ.get("MILLRACE_CHAOS_MINUTES", "2"))
SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
SHARE = 400            # records that each life finds more
PER_SECOND = 8         # of event time
SPEED = 250            # seconds of event time in one of a life: a window closes every 20 ms
WINDOW_S = 5
WRITE_MS = 10          # what each write of the lossy sink takes: long beside the steps of a commit
LIFE_S_MAX = 10        # of one that nothing is seen of


def records(first, rng):
    """The next share of the log."""
    return [at(i // PER_SECOND, f"k{rng.randint(0, 60)}") for i in range(first, first + SHARE)]


def expected(sent):
    """The row of each window and key: windows of event time, all of them closed."""
    counts = collections.Counter((row["t"] // WINDOW_S * WINDOW_S, row["k"]) for row in sent)
    return collections.Counter(counts.items())


def key_of(row):
    return int(time.mktime(time.strptime(row["window_start"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone), row["k"]


class Chaos(SystemTest):
    @classmethod
    def setUpClass(cls):
        print(f"MILLRACE_TEST_SEED={SEED}", file=sys.stderr)
        cls.servers = all_there_are(cls, postgres=Postgres, redis=Redis)

    def sink(self, kind):
        base = {"from": "per_minute"}
        if kind == "parts":
            return {**base, "plugin": "file", "dir": "parts", "roll": {"size": "2KiB"}}
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
        config = counting({"follow": True, "on_all_idle": "hold", **paced(SPEED)}, {"window": {"tumbling": f"{WINDOW_S}s"}},
                          sinks={"out": self.sink(kind)}, **({"delivery": delivery} if delivery else {}))
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
            files = sorted((self.folder / "parts").iterdir()) if kind == "parts" else [self.folder / "out.txt"]
            lines = b"".join(path.read_bytes() for path in files).decode().splitlines()
            if kind == "tagged":        # the last row of a tag, as an upsert leaves it
                lines = list(dict(line.split("\t") for line in lines).values())
            texts = [line for line in lines if line.startswith("{")]
        return [(key_of(row), row["n"]) for row in map(json.loads, texts)]

    def life(self, rng, last=False):
        """A run over a longer log: killed, or to the end of it."""
        more = records(len(self.sent), rng)
        self.sent += more
        self.append("in.jsonl", rows(more))
        env = {"MILLRACE_PLUGIN_PATH": f"{Settings.plugins}:{Settings.test_sinks}", "MILLRACE_COMMIT_RECORDS": "40",
               "MILLRACE_BATCH_RECORDS": "64"}
        end = ("--until-end", "--drain", "--set", "sources.in.replay.speed=0") if last else ()
        over = None if last else rng.choice((self.at_work, self.at_work, self.soon))(rng)
        run = self.start("--quiet", *end, env=env)
        while run.running() and over:
            if over():
                run.process.kill()
                break
            time.sleep(0.002)
        done = run.wait()
        self.started.remove(run)
        self.assertEqual(done.code, 0 if last else -signal.SIGKILL, done)
        return done

    @staticmethod
    def soon(rng):
        """While it starts, or a little later."""
        end = time.monotonic() + 0.15 * rng.random()
        return lambda: time.monotonic() >= end

    def at_work(self, rng):
        """Some commits after now, and up to two writes later."""
        log = self.folder / ".millrace/p/state/data.mdb"

        def state():
            return log.stat().st_mtime_ns if log.exists() else 0
        last, left, late_s, began = state(), rng.randint(1, 6), 2 * rng.random() * WRITE_MS / 1000, time.monotonic()

        def over():
            nonlocal last, left, began
            now = time.monotonic()
            if left > 0 and state() != last:
                last, left, began = state(), left - 1, now
                if left == 0:
                    self.counts["at_work"] += 1
            return now - began >= (LIFE_S_MAX if left > 0 else late_s)
        return over

    def round(self, kind, rng, delivery=None):
        """Lives that are killed, and one to the end; adds what is lost, repeated and wrong."""
        self.clear()
        self.sent = []
        if "redis" in self.servers:
            self.servers["redis"].command("FLUSHALL")
        self.write("p.json", self.config(kind, delivery))
        for _ in range(rng.randint(4, 12)):
            self.life(rng)
            self.counts["kills"] += 1
            self.harm(kind, rng)
        done = self.life(rng, last=True)
        found, wanted = collections.Counter(self.rows(kind)), expected(self.sent)
        self.counts["lost"] += sum((wanted - found).values())
        self.counts["repeated"] += sum(n - 1 for row, n in found.items() if n > 1)
        self.counts["wrong"] += len(set(found) - set(wanted))
        self.counts["rounds"] += 1
        self.counts["rows"] += len(wanted)
        self.assertEqual(done.report["total"]["sources"]["in"]["records"], len(self.sent), (kind, SEED))

    def setUp(self):
        super().setUp()
        self.counts = collections.Counter(lost=0, repeated=0, wrong=0)

    def test_random_kills(self):
        kinds = ["file", "parts", "tagged", "marked", *self.servers, *(["kept"] if "redis" in self.servers else [])]
        rng, counts = random.Random(SEED), self.counts
        end = time.monotonic() + 60 * MINUTES
        while time.monotonic() < end or counts["rounds"] < len(kinds):
            kind = kinds[counts["rounds"] % len(kinds)]
            self.round(kind, rng)
            self.assertEqual((counts["lost"], counts["repeated"], counts["wrong"]), (0, 0, 0), f"{kind}, seed {SEED}: {counts}")
        print(f"{dict(counts)}", file=sys.stderr)
        self.assertGreater(counts["at_work"], counts["rounds"])

    def test_the_loop_sees_repeats_and_losses(self):
        for delivery, seen, never in (("at_least_once", "repeated", "lost"), ("at_most_once", "lost", "repeated")):
            with self.subTest(delivery):
                rng, counts = random.Random(SEED), self.counts
                counts.clear()
                while counts[seen] == 0 and counts["rounds"] < 40:
                    self.round("lossy", rng, delivery)
                print(f"{delivery}: {dict(counts)}", file=sys.stderr)
                self.assertGreater(counts[seen], 0, counts)
                self.assertEqual((counts[never], counts["wrong"]), (0, 0), counts)


if __name__ == "__main__":
    main()
