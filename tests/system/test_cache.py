"""Redis as a cache that may vanish: whatever happens to it, the output is that of a run without it (semantics §3.7)."""
import json
import random
import socket
import threading
import time

from program import SystemTest, at, counting, main, paced
from servers import Redis, started

RECORDS = 1500
SEED = 7


def records():
    """Many keys in minutes that stay open for a while, so that state is changed, closed and rebased."""
    rng = random.Random(SEED)
    return [at(i // 3, f"key-{rng.randint(0, 400)}", pad="x" * 50) for i in range(RECORDS)]


class SlowLink:
    """A proxy that lets `bytes_per_s` through, each way, or tells lies: `spoil` changes what passes."""

    def __init__(self, port, bytes_per_s):
        self.target, self.rate = port, bytes_per_s
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    def pump(self, a, b):
        try:
            while data := a.recv(512):
                time.sleep(len(data) / self.rate)
                b.sendall(data)
        except OSError:
            pass
        for end in (a, b):
            end.close()


class Cached(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.server = started(cls, Redis(appendonly="no"))
        cls.expected = None

    def setUp(self):
        super().setUp()
        if self.server.process is None:
            self.server.start()
        self.server.command("FLUSHALL")
        self.server.command("CONFIG", "SET", "maxmemory", "0")
        self.server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")

    def config(self, speed=300, url=None, **cache):
        config = counting(source=paced(speed), operator={"allowed_lateness": "30s"})
        config["commit"] = {"every": "30ms"}
        config["cache"] = {"redis": url or self.server.url, **cache}
        return config

    def lay_out(self, config):
        self.write("p.json", config)
        self.write("in.jsonl", records())

    def without(self):
        if Cached.expected is None:
            config = self.config(speed=0)
            del config["cache"]
            self.lay_out(config)
            self.run_to_end("--quiet")
            Cached.expected = self.read("out.jsonl")
            self.clear()
        return Cached.expected

    def shown(self):
        return json.loads(self.verb("cache", "show", "p.json", "--json").stdout)

    def disturbed(self, disturb, config=None, **arguments):
        """A run during which `disturb` is called again and again, compared with a run without a cache."""
        expected = self.without()
        self.lay_out(config or self.config())
        run = self.start("--quiet", **arguments)
        self.wait_until("a first commit in Redis", lambda: not disturb.needs_redis or self.server.command("DBSIZE") > 0, run)
        while run.running():
            disturb()
            time.sleep(0.1)
        done = run.wait()
        self.assertEqual(done.code, 0, done)
        self.assertTrue(self.read("out.jsonl") == expected, "the output depends on the cache")
        return done

    def test_undisturbed_it_holds_all_of_the_state(self):
        config = self.config(speed=0)
        config["sources"]["in"] = {**config["sources"]["in"], "follow": True}
        del config["sources"]["in"]["replay"]
        self.lay_out(config)
        self.run_to_end("--quiet", "--for", "2s")
        state = json.loads(self.verb("state", "p.json", "--json").stdout)
        cached = self.shown()["states"]
        self.assertEqual([one["state_id"] for one in cached], [state["state_id"]])
        self.assertTrue(cached[0]["proven"], cached)
        self.assertEqual(cached[0]["complete_to"], state["commit"])
        self.assertGreater(cached[0]["operators"]["per_minute"]["entries"], 0)
        self.assertEqual(cached[0]["operators"]["per_minute"]["blocks"], state["operators"]["per_minute"]["blocks"])
        self.assertIn("proven", self.verb("cache", "show", "p.json").stdout.decode())

    def test_R23_stages_behind_a_repartition_topic_are_shown(self):
        """Whatever their names begin with, pipelines of others are not."""
        self.write("p.json", {
            "pipeline": "p", "commit": {"log": "kafka", "brokers": "127.0.0.1:1"}, "cache": {"redis": self.server.url},
            "sources": {"in": {"plugin": "kafka", "brokers": "127.0.0.1:1", "topics": "t", "key": "k",
                               "schema": {"k": "text", "g": "text", "n": "int8"}, "event_time": {"field": "n", "unit": "ms"}}},
            "operators": {"here": {"from": "in", "group_by": ["k"], "window": {"tumbling": "1m"}, "select": {"c": "count(*)"}},
                          "there": {"from": "in", "group_by": ["g"], "window": {"tumbling": "1m"}, "select": {"c": "count(*)"}}},
            "sinks": {name: {"from": name, "plugin": "kafka", "brokers": "127.0.0.1:1", "topic": name} for name in ("here", "there")}})
        for number, name in enumerate(("p", "p.there", "p.other", "p.there.more")):
            self.server.command("HSET", f"mr:{{{name}:{'%032x' % number}:{number}}}:meta", "complete_to", 5, "commit", 5)
        self.assertEqual([(one["pipeline"], one["task"], one["complete_to"]) for one in self.shown()["states"]],
                         [("p", 0, 5), ("p.there", 1, 5)])
        told = self.verb("cache", "show", "p.json").stdout.decode()
        self.assertIn("2 state(s)", told)
        self.assertIn("p.there: state", told)

    def test_missing_and_changed_blocks_show(self):
        self.test_undisturbed_it_holds_all_of_the_state()
        chains = [key for key in self.server.command("KEYS", "*") if ":b:" in key]
        victim = chains[0]
        field = self.server.command("HKEYS", victim)[0]
        self.server.command("HSET", victim, field, "lies")
        self.assertFalse(self.shown()["states"][0]["proven"])
        self.server.command("DEL", victim)
        self.assertFalse(self.shown()["states"][0]["proven"])

    def test_killed_again_and_again(self):
        def disturb():
            self.server.kill()
            time.sleep(0.1)
            self.server.start()
        disturb.needs_redis = True
        self.disturbed(disturb)

    def test_flushed_again_and_again(self):
        def disturb():
            self.server.command("FLUSHALL")
        disturb.needs_redis = True
        self.disturbed(disturb)

    def test_evicting_at_random(self):
        self.server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
        self.server.command("CONFIG", "SET", "maxmemory", "1200000")
        def disturb():
            pass
        disturb.needs_redis = False
        done = self.disturbed(disturb)
        self.assert_says(done, "evicts keys")

    def test_full(self):
        self.server.command("CONFIG", "SET", "maxmemory", "1")
        def disturb():
            pass
        disturb.needs_redis = False
        done = self.disturbed(disturb)
        self.assert_says(done, "going on without it")

    def test_frozen(self):
        def disturb():
            self.server.freeze()
            time.sleep(1)
            self.server.thaw()
        disturb.needs_redis = True
        self.disturbed(disturb)

    def test_not_there_at_all_and_a_wrong_password(self):
        def disturb():
            pass
        disturb.needs_redis = False
        done = self.disturbed(disturb, self.config(url="redis://127.0.0.1:1/0"))
        self.assert_says(done, "going on without it")
        self.clear()
        done = self.disturbed(disturb, self.config(url=f"redis://me:geheim@127.0.0.1:{self.server.port}/0"))
        self.assertNotIn("geheim", done.stderr)

    def test_a_slow_link_drops_and_does_not_hold_back(self):
        link = SlowLink(self.server.port, 20_000)
        def disturb():
            pass
        disturb.needs_redis = False
        began = time.monotonic()
        self.disturbed(disturb, self.config(url=f"redis://127.0.0.1:{link.port}/0", max_pending="16KiB"))
        self.assertLess(time.monotonic() - began, 60)

    def test_a_later_owner_is_left_alone(self):
        """Two of one state: the one with the older number stops writing."""
        expected = self.without()
        self.lay_out(self.config())
        run = self.start("--quiet")
        self.wait_until("a first commit in Redis", lambda: self.server.command("DBSIZE") > 0, run)
        meta = [key for key in self.server.command("KEYS", "*") if key.endswith(":meta")][0]
        self.server.command("HSET", meta, "owner", "999999999", "complete_to", "theirs")
        done = run.wait()
        self.assertEqual(done.code, 0, done)
        self.assert_says(done, "later owner")
        self.assertEqual(self.server.command("HGET", meta, "complete_to"), "theirs")
        self.assertTrue(self.read("out.jsonl") == expected)

    def test_it_is_whole_again_after_it_was_lost(self):
        config = self.config()
        config["sources"]["in"] = {**config["sources"]["in"], "follow": True}
        del config["sources"]["in"]["replay"]
        self.lay_out(config)
        run = self.start("--quiet")
        self.wait_until("a copy", lambda: any(s["proven"] for s in self.shown()["states"]), run)
        self.server.kill()
        self.append("in.jsonl", [at(600 + i, f"key-{i}") for i in range(50)])
        time.sleep(0.3)
        self.server.start()
        self.append("in.jsonl", [at(700 + i, f"key-{i}") for i in range(50)])
        self.wait_until("another copy", lambda: any(s["proven"] for s in self.shown()["states"]), run)
        run.signal()
        self.assertEqual(run.wait().code, 0)


if __name__ == "__main__":
    main()
