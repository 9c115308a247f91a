#!/usr/bin/env python3
"""Workers that take tasks over with the help of a Redis that may vanish, lag or lie (semantics §3.7), against a real broker.

  test_restore.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker or no Redis to be had
"""
import json
import signal
import struct
import urllib.request

import broker
from case import start_broker, stop_broker
from expected import NOTHING_WRONG, compare
from program import main
from servers import Redis, started
from test_workers import STATIC, WorkersTest, events

COMMIT_KEY = b"m\0\0"


def setUpModule():
    start_broker(group_min_session_timeout_ms=1000)


def tearDownModule():
    stop_broker()


class Restore(WorkersTest):
    @classmethod
    def setUpClass(cls):
        cls.server = started(cls, Redis(appendonly="no"))

    def setUp(self):
        super().setUp()
        if self.server.process is None:
            self.server.start()
        self.server.command("FLUSHALL")

    def pipeline(self, source, target, **top):
        return super().pipeline(source, target, cache={"redis": self.server.url}, commit={"kafka": STATIC}, **top)

    def shown(self):
        return json.loads(self.verb("cache", "show", "p.json", "--json").stdout)["states"]

    def last_commits(self):
        """By task, the number of the last commit in the changelog."""
        return {m.partition(): struct.unpack("<BQ", m.value()[:9])[1]
                for m in self.messages(f"{self.name}.changelog") if m.key() == COMMIT_KEY}

    def is_copied(self):
        states = self.shown()
        return states and all(one["proven"] for one in states) \
            and {one["task"]: one["complete_to"] for one in states} == self.last_commits()

    def filled(self, partitions, count=1500):
        """A pipeline whose worker was killed when Redis had all of its state."""
        source, target = self.topic_pair(partitions)
        self.put(source, events(count, 31))
        self.pipeline(source, target)
        first = self.worker(1)
        self.wait_until("all to be read", lambda: self.position(source, f"connect-{self.name}") >= count, first)
        self.wait_until("all to be in Redis", self.is_copied, first)
        first.process.kill()
        first.process.wait()
        return source, target

    def restored(self, report):
        return sum(one["cache_bytes"] for one in report["restored"]), sum(one["changelog_bytes"] for one in report["restored"])

    def test_E33_another_worker_takes_the_state_from_redis(self):
        source, target = self.filled(2)
        port = broker.free_port()
        self.pipeline(source, target, metrics={"listen": f"127.0.0.1:{port}"})
        self.put(source, events(1500, 32, first=1500))
        second = self.worker(2)
        self.wait_until("all to be read", lambda: self.position(source, f"connect-{self.name}") >= 3000, second)
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30).read().decode()
        for task in range(2):
            self.assertRegex(page, rf'restored_bytes_total{{(?=[^}}]*from="cache")(?=[^}}]*task="{task}")[^}}]*}} [1-9]')
        second.signal(signal.SIGTERM)
        done = second.wait()
        self.assertEqual(done.code, 0, done)
        self.assert_says(done, f"{self.name}.changelog 0 taken from the cache", f"{self.name}.changelog 1 taken from the cache")
        report = json.loads(self.read("report2.json"))
        self.assertEqual([one["task"] for one in report["restored"]], [0, 1])
        cache, changelog = self.restored(report)
        self.assertGreater(cache, 0)
        self.assertLess(changelog, cache)
        self.assert_exact(source, target)

    def script(self, text, *arguments):
        return self.server.command("EVAL", text, 0, *arguments)

    def keep(self):
        """All of Redis, set aside."""
        self.script("for _, k in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', k, k, 'DB', 1, 'REPLACE') end return 1")

    def bring_back(self):
        self.script("redis.call('FLUSHDB') redis.call('SELECT', 1) "
                    "for _, k in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', k, k, 'DB', 0) end return 1")

    def test_E33c_a_missing_and_a_changed_block_are_noticed(self):
        source, target = self.filled(2)
        blocks = [sorted(self.server.command("KEYS", f"*:{task}}}:b:*")) for task in range(2)]
        self.server.command("DEL", blocks[0][-1])
        self.script("local f = redis.call('HKEYS', ARGV[1])[1] local v = redis.call('HGET', ARGV[1], f) "
                    "return redis.call('HSET', ARGV[1], f, string.sub(v, 1, #v - 1) .. string.char((string.byte(v, -1) + 1) % 256))",
                    blocks[1][-1])
        self.put(source, events(1500, 35, first=1500))
        done = self.run_to_end("--until-end", "--state", "other")
        self.assertEqual([one["cache_bytes"] for one in done.report["restored"]], [0, 0], done)
        self.assert_exact(source, target)

    def copies_all(self):
        """Whether a start of worker 1, which has a local copy, takes what is in Redis out of it: a copy of all begins with that."""
        for meta in self.server.command("KEYS", "*:meta"):
            self.server.command("HDEL", meta, "written_us")
        self.server.command("CONFIG", "RESETSTAT")
        run = self.worker(1)
        written = lambda: all(self.server.command("HEXISTS", meta, "written_us") for meta in self.server.command("KEYS", "*:meta"))
        self.wait_until("Redis to have all from this start", lambda: written() and self.is_copied(), run)
        run.process.kill()
        run.process.wait()
        return "cmdstat_unlink:" in self.server.command("INFO", "commandstats")

    def test_E33c_a_start_from_the_local_copy_sends_nothing_that_redis_has(self):
        self.filled(2)
        for _ in range(10):         # killed behind a commit, but before that was in Redis: once more
            if self.is_copied():
                break
            self.copies_all()
        self.assertFalse(self.copies_all(), "all was there")
        self.server.command("DEL", sorted(self.server.command("KEYS", "*:b:*"))[0])
        self.assertTrue(self.copies_all(), "a chain was missing")

    def raise_meta(self, field, number):
        for key in self.server.command("KEYS", "*:meta"):
            self.server.command("HSET", key, field, number)

    def test_E33c_whatever_redis_says_the_output_is_the_same(self):
        source, target = self.filled(1)
        self.keep()
        ends = lambda: max(m.offset() for m in self.messages(f"{self.name}.changelog")) + 1
        harms = {
            "flushed": lambda: self.server.command("FLUSHDB"),
            "an older copy": None,
            "an older copy that says it is the last": lambda: self.raise_meta("complete_to", self.last_commits()[0]),
            "an older copy that is to be read on from the end": lambda: self.raise_meta("next", ends()),
            "stopped": self.server.kill,
        }
        for turn, (harm, do) in enumerate(harms.items(), 1):
            with self.subTest(harm):
                self.bring_back()
                if do:
                    do()
                self.put(source, events(300, 40 + turn, first=1200 + 300 * turn))
                done = self.run_to_end("--until-end", "--state", f"other{turn}")
                cache, changelog = self.restored(done.report)
                self.assertEqual(cache > 0, harm == "an older copy", done)
                self.assertGreater(changelog, 0)
                self.assert_exact(source, target)

    def test_E33c_a_cache_that_is_believed_shows(self):
        """The same comparison must be able to fail."""
        source, target = self.filled(1)
        self.script("for _, k in ipairs(redis.call('KEYS', '*:b:*')) do redis.call('DEL', k) end return 1")
        self.put(source, events(1500, 33, first=1500))
        done = self.run_to_end("--until-end", "--state", "other", env={"MILLRACE_BROKEN": "trust_cache"}, code=None)
        wanted, _ = self.wanted(source)
        self.assertTrue(done.code != 0 or compare(wanted, self.rows(target)) != NOTHING_WRONG, done)

    def test_R35_killed_while_it_fills_its_copy(self):
        source, target = self.filled(1)
        self.put(source, events(1500, 34, first=1500))
        killed = self.start("--until-end", "--state", "other", env={"MILLRACE_KILL_AT": "restore.copied:1"}).wait()
        self.assertLess(killed.code, 0, killed)
        self.run_to_end("--until-end", "--state", "other")
        self.assert_exact(source, target)


if __name__ == "__main__":
    main()
