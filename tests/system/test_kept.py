"""`commit.keep: "cache"` (R39): state in memory and Redis only. Killed at any moment, and whatever happens to Redis meanwhile, the
output is that of a run that keeps its state in the log and knows no Redis."""
import copy
import json
import os
import random
import signal
import sys
import time

from program import SystemTest, at, counting, main
from servers import Redis, started

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
RECORDS = 3000
LIFE = {"MILLRACE_COMMIT_RECORDS": "60", "MILLRACE_BATCH_RECORDS": "25"}
EVENT_TIME = {"field": "t", "unit": "s", "out_of_orderness": "4s"}

TUMBLING = {"op": {"from": "in", "window": {"tumbling": "20s"}, "group_by": ["k"], "select": {"n": "count(*)", "s": "sum(n)"}}}
PIPELINES = {
    "tumbling": TUMBLING,
    "hopping": {"op": {"from": "in", "window": {"hopping": "30s", "every": "7s"}, "group_by": ["k"],
                       "select": {"n": "count(*)", "all": "jsonb_agg(n)"}, "allowed_lateness": "2s"}},
    "session": {"op": {"from": "in", "window": {"session": "3s"}, "group_by": ["k"], "select": {"n": "count(*)", "s": "sum(n)"}}},
    "updates": {"op": {"from": "in", "window": {"tumbling": "20s"}, "group_by": ["k"], "select": {"n": "count(*)"}, "emit": "update"}},
    "chained": {"first": {"from": "in", "window": {"tumbling": "5s"}, "group_by": ["k"], "select": {"n": "count(*)", "s": "sum(n)"}},
                "op": {"from": "first", "window": {"tumbling": "40s"}, "group_by": ["k"], "select": {"n": "sum(n)", "s": "sum(s)"}}},
    "keep_last": {"op": {"from": "in", "dedupe": {"by": ["k"], "keep": "2s", "which": "last"}}},
    "join": {"even": {"from": "in", "filter": "n % 2 = 0", "select": ["k", "n"]},
             "op": {"from": "in", "join": {"with": "even", "on": ["k"], "within": {"before": "2s", "after": "2s"}, "type": "left"},
                    "select": {"a": "\"in\".n", "b": "even.n"}}},
    "inner": {"even": {"from": "in", "filter": "n % 2 = 0", "select": ["k", "n"]},
              "op": {"from": "in", "join": {"with": "even", "on": ["k"], "within": {"before": "2s", "after": "2s"}},
                     "select": {"a": "\"in\".n", "b": "even.n"}}},
    "dedupe": {"parts": {"from": "in", "select": {"k": "k", "n": "n", "part": "n % 50"}},
               "unique": {"from": "parts", "dedupe": {"by": ["k", "part"], "keep": "10s"}},
               "op": {"from": "unique", "window": {"tumbling": "20s"}, "group_by": ["k"], "select": {"n": "count(*)"}}},
}
# What is open may come from records that are long gone: whether a row was matched, or was a repeat of one before.
REACH_BACK = {"join", "dedupe", "keep_last"}


def records():
    rng = random.Random(11)
    return [at(i / 10 - rng.random() * 6, key=f"k{rng.randrange(12)}", n=i) for i in range(RECORDS)]


class Kept(SystemTest):
    expected = {}

    @classmethod
    def setUpClass(cls):
        print(f"MILLRACE_TEST_SEED={SEED}", file=sys.stderr)
        cls.server = started(cls, Redis(appendonly="no"))

    def setUp(self):
        super().setUp()
        self.rng = random.Random(f"{SEED} {self.id()}")
        if self.server.process is None:
            self.server.start()
        self.server.command("FLUSHALL")
        self.server.command("CONFIG", "SET", "maxmemory", "0")
        self.server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")

    def config(self, name, keep="cache", url=None, **cache):
        config = counting({"event_time": EVENT_TIME, "schema": {"k": "text", "n": "int8"}}, operator=None,
                          sinks={"out": {"from": "op", "plugin": "file", "path": "out.jsonl"},
                                 "late": {"from": "op.late", "plugin": "file", "path": "late.jsonl"}})
        config["operators"] = copy.deepcopy(PIPELINES[name])
        if keep == "cache":
            config["commit"] |= {"keep": "cache"}
            config["cache"] = {"redis": url or self.server.url, **cache}
        return config

    def lay_out(self, config):
        self.clear()
        self.write("p.json", config)
        self.write("in.jsonl", records())

    def result(self, done):
        return {"out": self.read("out.jsonl"), "late": self.read("late.jsonl"), "total": done.report["total"]}

    def undisturbed(self, name):
        if name not in Kept.expected:
            self.lay_out(self.config(name, keep="log"))
            done = self.run_to_end("--quiet", env=LIFE)
            Kept.expected[name] = self.result(done)
            self.assertGreater(len(Kept.expected[name]["out"]), 1000)
        return Kept.expected[name]

    def lives(self, between=lambda: None, kills=5, env=None, codes=(0,)):
        """Lives that are killed around commits, then one to the end; `between` happens to Redis after each. The last one, and
        what all said."""
        said = ""
        for _ in range(kills):
            point = self.rng.choice(["commit.begin", "commit.barrier", "commit.prepared", "commit.logged", "commit.done", "cache.write"])
            done = self.start(env={**LIFE, **(env or {}), "MILLRACE_KILL_AT": f"{point}:{self.rng.randint(3, 9)}"}).wait()
            self.assertIn(done.code, (*codes, -signal.SIGKILL), done)
            said += done.stderr
            between()
        done = self.start(env={**LIFE, **(env or {})}).wait()
        self.assertIn(done.code, codes, done)
        return done, said + done.stderr

    def assert_as_undisturbed(self, name, between=lambda: None, config=None, **keys):
        expected = self.undisturbed(name)
        self.lay_out(config or self.config(name))
        done, said = self.lives(between, **keys)
        for key, value in self.result(done).items():
            self.assertTrue(value == expected[key], f"{name}: {key} differs, seed {SEED}\n{said}")
        return said

    def test_R39_killed_again_and_again_with_every_kind_of_state(self):
        for name in PIPELINES:
            with self.subTest(name):
                self.server.command("FLUSHALL")
                self.assert_as_undisturbed(name)

    def test_R39_flushed_between_lives_the_sources_are_read_again(self):
        for name in PIPELINES:
            with self.subTest(name):
                said = self.assert_as_undisturbed(name, lambda: self.server.command("FLUSHALL"))
                self.assertIn("reading the sources", said)
                if name not in REACH_BACK:
                    self.assertNotIn("did not come to", said)
                self.assertNotIn("is taken from Redis", said)

    def follow(self):
        """A run until what it was given is through; nothing closes. What it said."""
        wanted = self.size("seen.jsonl") + 1
        run = self.start()
        self.wait_until("the rows", lambda: self.size("seen.jsonl") >= wanted, run)
        run.signal(signal.SIGINT)
        done = run.wait()
        self.assertEqual(done.code, 0, done)
        return done.stderr

    def test_R39_open_windows_of_several_runs_are_made_again(self):
        """Runs that are stopped, each with a few records more, and nothing closes: however the records were cut into batches and
        runs, reading them again comes to the same state."""
        for kind in ({"tumbling": "1d"}, {"hopping": "1d", "every": "6h"}, {"session": "1h"}, {"sliding_by_record": "1h"}):
            with self.subTest(kind):
                self.server.command("FLUSHALL")
                config = self.config("tumbling")
                config["sources"]["in"] |= {"follow": True}
                config["operators"]["op"]["window"] = kind
                config["sinks"]["seen"] = {"from": "in", "plugin": "file", "path": "seen.jsonl"}
                self.clear()
                self.write("p.json", config)
                self.write("in.jsonl", [])
                for turn in range(4):
                    self.append("in.jsonl", [at(60 * turn + i, key=f"k{i % 5}", n=i) for i in range(40)])
                    said = self.follow()
                    self.assertNotIn("did not come to", said)
                    self.server.command("FLUSHALL")
                self.assertIn("reading the sources", said)

    def test_R39_what_redis_holds_is_taken_and_only_the_rest_is_read(self):
        """Killed when Redis has had its time: the state comes from there, and what is missing from the sources."""
        expected = self.undisturbed("tumbling")
        config = self.config("tumbling")
        config["sources"]["in"] |= {"replay": {"speed": 100, "time_field": "t", "unit": "s"}}
        config["commit"]["every"] = "20ms"
        self.lay_out(config)
        said = ""
        for _ in range(3):
            run = self.start()
            time.sleep(0.7)
            run.process.kill()
            said += run.wait().stderr
        done = self.start().wait()
        self.assertEqual(done.code, 0, done)
        said += done.stderr
        self.assertIn("is taken from Redis", said)
        self.assertTrue(self.read("out.jsonl") == expected["out"], said)

    def test_R39_one_block_of_the_copy_is_lost_or_another(self):
        for damage in ("DEL", "HSET"):
            def between():
                chains = sorted(key for key in self.server.command("KEYS", "*") if ":b:" in key)
                if not chains:
                    return
                victim = self.rng.choice(chains)
                field = self.server.command("HKEYS", victim)[0]
                self.server.command("DEL", victim) if damage == "DEL" else self.server.command("HSET", victim, field, "lies")
            self.server.command("FLUSHALL")
            self.assertIn("does not hold what was committed", self.assert_as_undisturbed("hopping", between))

    def test_R39_evicting_at_random(self):
        self.server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        self.server.command("CONFIG", "SET", "maxmemory", "1100000")
        self.assert_as_undisturbed("hopping")

    def test_R39_an_old_dump(self):
        """Redis comes back with what it had two lives ago."""
        dumps = []
        def between():
            self.server.command("SAVE")
            dumps.append((self.server.folder / "dump.rdb").read_bytes())
            self.server.kill()
            (self.server.folder / "dump.rdb").write_bytes(dumps[max(0, len(dumps) - 3)])
            self.server.start()
        self.assert_as_undisturbed("tumbling", between)
        self.server.kill()
        (self.server.folder / "dump.rdb").unlink()

    def test_R39_frozen_away_or_behind_a_wrong_password(self):
        def between():
            self.server.freeze() if self.rng.random() < 0.5 else self.server.thaw()
        try:
            self.assert_as_undisturbed("tumbling", between, kills=3)
        finally:
            self.server.thaw()
        self.assert_as_undisturbed("tumbling", config=self.config("tumbling", url="redis://127.0.0.1:1/0"), kills=2)
        said = self.assert_as_undisturbed(
            "tumbling", config=self.config("tumbling", url=f"redis://me:geheim@127.0.0.1:{self.server.port}/0"), kills=2)
        self.assertNotIn("geheim", said)

    def test_R39_another_owner_writes_beside(self):
        """A later number in the fence, and numbers that went back: the copy is not believed, the run goes on."""
        for number in ("999999999", "1"):
            def between():
                for key in self.server.command("KEYS", "*"):
                    if key.endswith(":meta"):
                        self.server.command("HSET", key, "owner", number, "complete_to", "3", "m:op", "1 1 1")
            self.server.command("FLUSHALL")
            self.assert_as_undisturbed("session", between)

    def test_the_test_can_see_who_trusts_the_cache(self):
        """A build that believes what it finds in Redis must not get through."""
        expected = self.undisturbed("tumbling")
        wrong = 0
        for _ in range(4):
            def between():
                chains = [key for key in self.server.command("KEYS", "*") if ":b:" in key]
                for victim in self.rng.sample(chains, len(chains) // 2):
                    self.server.command("DEL", victim)
            self.server.command("FLUSHALL")
            self.lay_out(self.config("tumbling"))
            done, _ = self.lives(between, env={"MILLRACE_BROKEN": "trust_cache"}, codes=(0, 1))
            wrong += done.code != 0 or self.read("out.jsonl") != expected["out"]
        self.assertGreater(wrong, 0, "half of the state is gone, and nobody noticed")

    def test_R39_a_source_that_changed_is_not_guessed_at(self):
        self.lay_out(self.config("tumbling"))
        run = self.start("--quiet", env={**LIFE, "MILLRACE_KILL_AT": "commit.done:29"})
        self.assertEqual(run.wait().code, -signal.SIGKILL)
        self.server.command("FLUSHALL")
        lines = self.read("in.jsonl").splitlines()
        # Behind the part by which the source itself knows its file.
        lines[2100] = lines[2100].replace(b'"n": 2100', b'"n": 2101')
        self.write("in.jsonl", b"\n".join(lines) + b"\n")
        before = self.read("out.jsonl")
        done = self.run_to_end("--quiet", env=LIFE, code=1)
        self.assert_says(done, "cannot be made again", "--fresh")
        self.assertEqual(self.read("out.jsonl"), before)
        self.run_to_end("--quiet", "--fresh", env=LIFE)

    def test_R39_a_longer_input_and_a_state_that_was_kept_in_the_log(self):
        expected = self.undisturbed("tumbling")
        config = self.config("tumbling", keep="log")
        config["sources"]["in"]["follow"] = True
        self.lay_out(config)
        all_lines = self.read("in.jsonl").splitlines(keepends=True)
        self.write("in.jsonl", b"".join(all_lines[:1000]))
        self.run_to_end("--quiet", "--for", "1s", env=LIFE)
        config["commit"]["keep"], config["cache"] = "cache", {"redis": self.server.url}
        self.write("p.json", config)
        self.append("in.jsonl", b"".join(all_lines[1000:2000]))
        self.run_to_end("--quiet", "--for", "1s", env=LIFE)
        self.server.command("FLUSHALL")
        self.append("in.jsonl", b"".join(all_lines[2000:]))
        del config["sources"]["in"]["follow"]
        self.write("p.json", config)
        self.run_to_end("--quiet", env=LIFE)
        self.assertTrue(self.read("out.jsonl") == expected["out"])
        config["commit"]["keep"] = "log"
        self.write("p.json", config)
        self.assert_says(self.run_to_end("--quiet", code=1), "kept in the cache", "--fresh")

    def test_R39_the_end_closed_all_windows_and_nothing_comes_twice(self):
        self.lay_out(self.config("tumbling"))
        self.run_to_end("--quiet", env=LIFE)
        before = self.read("out.jsonl")
        for _ in range(2):
            self.server.command("FLUSHALL")
            self.run_to_end("--quiet", env=LIFE)
            self.assertEqual(self.read("out.jsonl"), before)

    def test_R39_little_is_durable(self):
        self.lay_out(self.config("hopping"))
        self.run_to_end("--quiet", env=LIFE)
        state = json.loads(self.verb("state", "p.json", "--json").stdout)
        self.assertEqual(state["operators"]["op"]["blocks"], 0)
        done = self.verb("state", "p.json", "--forget", "op", code=1)
        self.assert_says(done, "kept in the cache")

    def refused(self, *texts, **changes):
        config = self.config("tumbling")
        for path, value in changes.items():
            part, name = path.split("__")
            config[part][name] = {**config[part][name], **value}
        if "command" in config["sources"]["in"]:
            del config["sources"]["in"]["path"]
        self.write("p.json", config)
        self.write("in.jsonl", records()[:5])
        self.assert_says(self.verb("check", "p.json", code=2), *texts)

    def test_R39_what_cannot_come_back_is_refused(self):
        self.refused("replay exactly", sources__in={"plugin": "exec", "command": ["true"]})
        self.refused("reset", operators__op={"reset": True})
        self.write("p.json", self.config("tumbling"))
        self.assert_says(self.verb("run", "p.json", "--forget", "op", code=2), "--fresh")


if __name__ == "__main__":
    main()
