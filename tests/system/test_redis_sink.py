"""The redis sink against a real Redis: every command, and a server that goes away. Crashes of the program: test_fault_points.py."""
import json
import time

from program import SystemTest, at, counting, main, paced, passing
from servers import Redis, started

RECORDS = 60


class ToRedis(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.server = started(cls, Redis())

    def setUp(self):
        super().setUp()
        self.server.command("FLUSHALL")

    def pass_rows(self, source=None, **sink):
        config = passing(schema={"k": "text", "n": "int8"}, **(source or {}))
        config["sinks"]["out"] = {"from": "in", "plugin": "redis", "url": self.server.url, "key": "'row:' || n", **sink}
        self.write("p.json", config)
        self.write("in.jsonl", [at(i, f"k{i % 7}", n=i) for i in range(RECORDS)])

    def stream(self, key):
        return [json.loads(fields[1])["n"] for _, fields in self.server.command("XRANGE", key, "-", "+")]

    def run_with_commits(self):
        self.run_to_end("--quiet", env={"MILLRACE_COMMIT_RECORDS": "10", "MILLRACE_BATCH_RECORDS": "4"})

    def test_each_command_writes_every_row_once(self):
        self.pass_rows(command="xadd", key="'all'")
        self.run_with_commits()
        self.assertEqual(self.stream("all"), list(range(RECORDS)))
        self.pass_rows(command="hset", key="'by number'", field="n")
        self.run_to_end("--quiet", "--fresh")
        self.assertEqual(self.server.command("HLEN", "by number"), RECORDS)
        self.assertEqual(json.loads(self.server.command("HGET", "by number", "17"))["k"], "k3")
        self.server.command("FLUSHALL")
        self.pass_rows()
        self.run_to_end("--quiet", "--fresh")
        self.assertEqual(self.server.command("DBSIZE"), RECORDS)

    def test_hset_of_a_whole_row_and_ttl(self):
        self.pass_rows(command="hset", ttl="1h")
        self.run_with_commits()
        fields = self.server.command("HGETALL", "row:9")
        self.assertEqual(dict(zip(fields[::2], fields[1::2])), {"t": "1760000409", "k": "k2", "n": "9"})
        self.assertGreater(self.server.command("PTTL", "row:9"), 3_500_000)

    def test_a_row_that_deletes(self):
        config = counting(operator={"emit": "update", "having": "count(*) < 3"})
        del config["operators"]["per_minute"]["window"]
        config["sinks"] = {"out": {"from": "per_minute", "plugin": "redis", "url": self.server.url, "key": "k"}}
        self.write("p.json", config)
        self.write("in.jsonl", [at(i, k) for i, k in enumerate("aabbabc")])
        self.run_to_end("--quiet")
        self.assertEqual(sorted(self.server.command("KEYS", "*")), ["c"])

    def test_the_server_is_killed_and_comes_back(self):
        self.pass_rows(source=paced(20), command="xadd", key="'all'")
        run = self.start("--quiet", env={"MILLRACE_BATCH_RECORDS": "4"})
        for _ in range(2):
            before = self.server.command("XLEN", "all")
            self.wait_until("entries", lambda: self.server.command("XLEN", "all") > before, run)
            self.server.kill()
            time.sleep(0.3)
            self.server.start()
        self.assertEqual(run.wait().code, 0)
        self.assertEqual(self.stream("all"), list(range(RECORDS)))

    def test_a_stream_of_somebody_else_is_not_a_grave(self):
        self.server.command("XADD", "all", "999-0", "row", "theirs")
        self.pass_rows(command="xadd", key="'all'")
        done = self.run_to_end("--quiet", code=1)
        self.assert_says(done, "later entries", "another key")

    def test_a_row_without_a_key_is_told(self):
        self.pass_rows(key="nullif(k, 'k3')")
        self.assert_says(self.run_to_end("--quiet", code=1), "no key")

    def test_a_wrong_password_is_told_and_not_shown(self):
        self.pass_rows(url=f"redis://me:geheim@127.0.0.1:{self.server.port}/0")
        done = self.run_to_end("--quiet", code=1)
        self.assert_says(done, "Redis: ")
        self.assertNotIn("geheim", done.stderr)

    def test_tls_is_refused_with_the_reason(self):
        self.pass_rows(url="rediss://me:geheim@127.0.0.1:1/0")
        done = self.verb("check", "p.json", code=2)
        self.assert_says(done, "/sinks/out", "rediss:// is refused", "has no TLS", "redis://")
        self.assertNotIn("geheim", done.stderr)


if __name__ == "__main__":
    main()
