"""Everything that happens to Redis, at random moments, where the state is kept in the log and where it is kept in Redis: the output is
that of a run without Redis, byte by byte (semantics §3.7, R39).

A life is frozen at a random step of a random commit (MILLRACE_FREEZE_AT), then Redis is harmed, then the life goes on, and is killed at
a later one; so nothing depends on the machine's speed."""
import os
import pathlib
import random
import shutil
import signal
import socket
import sys
import time

from program import Started, SystemTest, at, counting, environment, main
from servers import Redis, started
from test_cache import SlowLink

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
RECORDS = 2000
LIFE = {"MILLRACE_COMMIT_RECORDS": "50", "MILLRACE_BATCH_RECORDS": "25"}
POINTS = ("commit.begin", "commit.barrier", "commit.prepared", "commit.logged", "commit.done")
FAST = 10**9


def records():
    rng = random.Random(5)
    return [at(i / 10 - rng.random() * 5, key=f"k{rng.randrange(20)}", n=i) for i in range(RECORDS)]


class CacheFaults(SystemTest):
    expected = None

    @classmethod
    def setUpClass(cls):
        print(f"MILLRACE_TEST_SEED={SEED}", file=sys.stderr)
        cls.server = started(cls, Redis(appendonly="no"))
        cls.link = SlowLink(cls.server.port, FAST)

    def setUp(self):
        super().setUp()
        self.rng = random.Random(f"{SEED} {self.id()}")
        self.dumps = []

    def config(self, keep, **sinks):
        config = counting({"event_time": {"field": "t", "unit": "s", "out_of_orderness": "4s"}, "schema": {"k": "text", "n": "int8"}},
                          {"window": {"hopping": "30s", "every": "10s"}, "select": {"n": "count(*)", "s": "sum(n)"}},
                          sinks or {"out": {"from": "per_minute", "plugin": "file", "path": "out.jsonl"},
                                    "late": {"from": "per_minute.late", "plugin": "file", "path": "late.jsonl"}})
        if keep:
            config["commit"] |= {"keep": keep}
            config["cache"] = {"redis": f"redis://127.0.0.1:{self.link.port}/0", "timeout": "50ms"}
        return config

    def lay_out(self, keep):
        self.clear()
        self.write("in.jsonl", records())
        self.write("p.json", self.config(keep))

    def result(self, done):
        return {"out": self.read("out.jsonl"), "late": self.read("late.jsonl"), "total": done.report["total"]}

    def without_redis(self):
        if CacheFaults.expected is None:
            self.lay_out(None)
            CacheFaults.expected = self.result(self.run_to_end("--quiet", env=LIFE))
        return CacheFaults.expected

    # What happens. The second time undoes what has to be undone.

    def frozen(self, time_number):
        self.server.freeze() if time_number % 2 == 0 else self.server.thaw()

    def an_old_dump(self, _):
        self.server.command("SAVE")
        dump = self.server.folder / "dump.rdb"
        self.dumps.append(dump.read_bytes())
        self.server.kill()
        dump.write_bytes(self.rng.choice(self.dumps))
        self.server.start()

    def a_slow_link(self, time_number):
        self.link.rate = 10_000 if time_number % 2 == 0 else FAST

    def a_wrong_password(self, time_number):
        with socket.create_connection(("127.0.0.1", self.server.port), 10) as connection:
            words = (["CONFIG SET requirepass other"] if time_number % 2 == 0 else
                     ["AUTH other", 'CONFIG SET requirepass ""']) + ["CLIENT KILL TYPE normal SKIPME yes"]
            stream = connection.makefile("rb")
            for line in words:
                connection.sendall(line.encode() + b"\r\n")
                self.server.read(stream)

    def two_owners(self, _):
        """A second machine goes on from the same state, to its end, while the first one stands still."""
        other = self.folder.with_name(self.folder.name + "-other")
        shutil.rmtree(other, ignore_errors=True)
        self.addCleanup(shutil.rmtree, other, ignore_errors=True)
        shutil.copytree(self.folder / ".millrace", other / ".millrace")
        shutil.copy(self.folder / "in.jsonl", other)
        here, self.folder = self.folder, other
        try:
            self.write("p.json", self.config("cache" if "cache" in self.keep else "log",
                                             elsewhere={"from": "per_minute", "plugin": "file", "path": "other.jsonl"}))
            run = Started(self.command("run", "p.json", "--quiet"), other, environment(LIFE))
            done = run.wait()
            self.assertEqual(done.code, 0, done)
        finally:
            self.folder = here

    def an_epoch_that_went_back(self, _):
        for key in self.server.command("KEYS", "*:meta"):
            self.server.command("HSET", key, "owner", "1", "complete_to", self.rng.randrange(1, 20))

    FAULTS = ("frozen", "an_old_dump", "a_slow_link", "a_wrong_password", "two_owners", "an_epoch_that_went_back")

    def heal(self):
        self.link.rate = FAST
        if self.server.process is None:
            self.server.start()
        self.server.thaw()
        try:
            self.server.command("PING")
        except RuntimeError:
            self.a_wrong_password(1)
        self.server.command("FLUSHALL")
        (self.server.folder / "dump.rdb").unlink(missing_ok=True)
        self.dumps.clear()

    def stands_still(self, run):
        """At its freezing point; False: it ended before."""
        try:
            state = pathlib.Path(f"/proc/{run.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        return state == "T" or not run.running()

    def lives(self, fault, env=None, codes=(0,)):
        said = ""
        for number in range(2):
            first = self.rng.randint(2, 9)
            run = self.start(env={**LIFE, **(env or {}), "MILLRACE_FREEZE_AT": f"{self.rng.choice(POINTS)}:{first}",
                                  "MILLRACE_KILL_AT": f"{self.rng.choice(POINTS)}:{first + self.rng.randint(1, 6)}"})
            self.wait_until("a commit", lambda run=run: self.stands_still(run))
            if run.running():
                fault(number)
                run.signal(signal.SIGCONT)
            done = run.wait()
            self.assertIn(done.code, (*codes, -signal.SIGKILL), done)
            said += done.stderr
        done = self.start(env={**LIFE, **(env or {})}).wait()
        self.assertIn(done.code, codes, done)
        return done, said + done.stderr

    def play(self, keep):
        expected = self.without_redis()
        self.keep = keep
        for name in self.FAULTS:
            with self.subTest(name):
                self.heal()
                self.lay_out(keep)
                try:
                    done, said = self.lives(getattr(self, name))
                finally:
                    self.heal()
                for key, value in self.result(done).items():
                    self.assertTrue(value == expected[key], f"{name}: {key} differs, seed {SEED}\n{said}")
                self.assertNotIn("other@", said)

    def test_with_the_state_in_the_log(self):
        self.play("log")

    def test_R39_with_the_state_in_redis(self):
        self.play("cache")

    def test_the_test_can_see_who_trusts_the_cache(self):
        expected = self.without_redis()
        self.keep = "cache"
        for attempt in range(8):
            self.heal()
            self.lay_out("cache")
            fault = (self.an_old_dump, self.an_epoch_that_went_back)[attempt % 2]
            done, _ = self.lives(fault, {"MILLRACE_BROKEN": "trust_cache"}, (0, 1))
            if done.code != 0 or self.read("out.jsonl") != expected["out"]:
                return
        self.fail("the cache was trusted, and nobody noticed")


if __name__ == "__main__":
    main()
