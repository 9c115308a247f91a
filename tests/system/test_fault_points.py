"""Every point at which a process may die × every kind of sink (R34, R36, R51): the output is that of an undisturbed run.

Points are the places that the engine names (core/base/fault_point.h), as they stand in its source, and the calls of the system: each
write, fsync, rename and removal of a file, each send to a server (power_loss/shim.c). An undisturbed run of each sink says which it
passes, and how often: those cells are played, the others stay empty, and the table is printed. A cell is a process that dies at the point
half way, one that dies at it as soon as it comes there again, and one that goes on to the end. That fails where a build has the fault
points and a sink that passes a point is not killed at it.
"""
import collections
import gzip
import http.server
import re
import signal
import sys
import tempfile
import threading

from program import CHECKOUT, Settings, SystemTest, at, counting, main
from servers import Postgres, Redis, all_there_are

RECORDS = 60
LIFE = {"MILLRACE_COMMIT_RECORDS": "10", "MILLRACE_BATCH_RECORDS": "4"}
STEPS = ("write", "fsync", "rename", "unlink", "send")
ELSEWHERE = ("kafka.", "restore.")      # of the kafka log: tests/kafka


def named_points():
    found = set()
    for source in sorted((CHECKOUT / "core").rglob("*.cc")):
        found |= set(re.findall(r'fault_point\("([a-z.]+)"\)', source.read_text(encoding="utf-8")))
    return sorted(name for name in found if not name.startswith(ELSEWHERE))


class Service(http.server.ThreadingHTTPServer):
    """Takes each idempotency key once, as a service should; two bodies under one key are a fault."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Taken)
        self.bodies, self.twice = {}, []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Taken(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        if self.server.bodies.setdefault(key, body) != body:
            self.server.twice.append(key)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class FaultPoints(SystemTest):
    @classmethod
    def setUpClass(cls):
        # What is known of plugins, written now and then by whoever finds one new: here nobody else does.
        known = tempfile.TemporaryDirectory(prefix="millrace-known-")
        cls.addClassCleanup(known.cleanup)
        cls.environment = {**LIFE, "MILLRACE_PLUGIN_PATH": f"{Settings.plugins}:{Settings.test_sinks}",
                           "LD_PRELOAD": Settings.power_loss, "XDG_CACHE_HOME": known.name}
        cls.servers = {"http": Service()}
        cls.addClassCleanup(cls.servers["http"].shutdown)
        cls.servers.update(all_there_are(cls, postgres=Postgres, redis=Redis))

    # By kind: the sink's keys. `_`: what stands beside it in the configuration.
    def kinds(self):
        file = {"plugin": "file", "path": "out.txt"}
        kinds = {"file": file, "file gzip": {**file, "compression": "gzip"}, "parts": {"plugin": "file", "dir": "parts", "roll": {"size": "500B"}},
                 "tagged": {"plugin": "tagged", "path": "out.txt"}, "marked": {"plugin": "marked", "path": "out.txt"},
                 "http": {"plugin": "http", "url": f"http://127.0.0.1:{self.servers['http'].server_port}/", "batch": {"records": 5}},
                 "at most once": {**file, "plugin": "lossy", "delivery": "at_most_once"}}
        if "postgres" in self.servers:
            postgres = {"plugin": "postgres", "url": self.servers["postgres"].url, "table": "t"}
            kinds |= {"postgres append": postgres, "postgres upsert": {**postgres, "mode": "upsert", "key": ["k"]}}
        if "redis" in self.servers:
            redis = {"plugin": "redis", "url": self.servers["redis"].url}
            kinds |= {"redis set": {**redis, "command": "set", "key": "k"}, "redis hset": {**redis, "command": "hset", "key": "'all'", "field": "k"},
                      "redis xadd": {**redis, "command": "xadd", "key": "'all'"},
                      "file, cache": {**file, "_": {"cache": {"redis": self.servers["redis"].url}}},
                      "file, kept": {**file, "_": {"cache": {"redis": self.servers["redis"].url}, "commit": {"every": "50ms", "keep": "cache"}}}}
        return kinds

    def lay_out(self, kind):
        self.clear()
        sink = dict(self.kinds()[kind])
        beside = sink.pop("_", {})
        self.servers["http"].bodies.clear()
        if "postgres" in self.servers:
            self.servers["postgres"].query("drop table if exists t, millrace_commits")
        if "redis" in self.servers:
            self.servers["redis"].command("FLUSHALL")
        window = {"window": {"tumbling": "5s"}, "select": {"n": "count(*)", "first": "min(n)"}}
        config = counting({"schema": {"k": "text", "n": "int8"}}, window, {"out": {"from": "per_minute", **sink}}, **beside)
        self.write("p.json", config)
        self.write("in.jsonl", [at(i // 2, f"k{i * i % 7}", n=i) for i in range(RECORDS)])

    def output(self, kind):
        if kind.startswith("postgres"):
            # In the order of arrival where there is one: an update moves a row.
            rows = self.servers["postgres"].query("select * from t")
            return rows if kind.endswith("append") else sorted(rows)
        if kind.startswith("redis"):
            ask = self.servers["redis"].command
            if kind.endswith("set") and not kind.endswith("hset"):
                return {key: ask("GET", key) for key in sorted(ask("KEYS", "*"))}
            if kind.endswith("hset"):
                fields = ask("HGETALL", "all")
                return dict(zip(fields[::2], fields[1::2]))
            return [fields for _, fields in ask("XRANGE", "all", "-", "+")]
        if kind == "http":
            self.assertEqual(self.servers["http"].twice, [], "one key for two bodies")
            return b"".join(self.servers["http"].bodies.values())
        if kind == "parts":
            return b"".join(path.read_bytes() for path in sorted((self.folder / "parts").iterdir()))
        if kind == "file gzip":
            return gzip.decompress(self.read("out.txt"))
        text = self.read("out.txt")
        if kind == "tagged":        # The last row of a tag, as an upsert leaves it.
            return dict(line.split(b"\t") for line in text.splitlines() if line.endswith(b"}"))
        return text.split(b"\n", 1)[1] if kind == "marked" else text

    def assert_same(self, kind, expected, place):
        found = self.output(kind)
        if kind == "at most once":  # It may lose, and repeats nothing.
            self.assertLessEqual(collections.Counter(line for line in found.splitlines() if line.endswith(b"}")),
                                 collections.Counter(expected.splitlines()), place)
        else:
            self.assertEqual(found, expected, place)

    def live(self, env):
        """How a life ended: True when it came to its end."""
        done = self.start("--quiet", env={**self.environment, **env}).wait()
        self.assertIn(done.code, (0, -signal.SIGKILL), done)
        return done.code == 0

    @staticmethod
    def trap(point, number):
        return {"STEP_KILL_AT" if point in STEPS else "MILLRACE_KILL_AT": f"{point}:{number}"}

    def passed(self, kind):
        """What an undisturbed run writes, and how often it passes each point."""
        self.lay_out(kind)
        said = self.folder.with_suffix(".said")
        self.addCleanup(lambda: said.unlink(missing_ok=True))
        said.unlink(missing_ok=True)
        self.assertTrue(self.live({"MILLRACE_SAY_POINTS": str(said), "STEPS_SAID": str(said)}))
        return self.output(kind), collections.Counter(said.read_text().split() if said.exists() else ())

    def play(self, kind, point, passes, expected):
        """One cell."""
        number = (passes + 1) // 2
        self.lay_out(kind)
        if self.live(self.trap(point, number)):     # Steps of threads have no fixed number; the first is always there.
            self.lay_out(kind)
            self.assertFalse(self.live(self.trap(point, 1)), f"{kind}: {point} is passed, and nobody dies there")
        if not self.live(self.trap(point, 1)):
            self.assertTrue(self.live({}))
        self.assert_same(kind, expected, f"{kind}, killed at {point}:{number}")

    def test_R34_R36_R51_every_point_and_every_sink(self):
        if not Settings.power_loss:
            self.skipTest("no --power-loss shim")
        points, kinds, table = [*named_points(), *STEPS], self.kinds(), {}
        self.verb("plugins", env=self.environment)
        for kind in kinds:
            expected, passes = self.passed(kind)
            self.assertTrue(expected, kind)
            if "commit.begin" not in passes:
                self.skipTest("this build has no fault points")
            self.assertLessEqual(set(passes), set(points))
            for point in points:
                if passes[point]:
                    with self.subTest(kind=kind, point=point):
                        self.play(kind, point, passes[point], expected)
            table[kind] = passes
        self.show(points, table)
        unseen = [point for point in points if not any(passes[point] for passes in table.values())]
        self.assertEqual([] if "redis" in self.servers else ["cache.write"], unseen, "points that no sink passes")

    @staticmethod
    def show(points, table):
        """How often the undisturbed run passes each point; a dot: never."""
        width = max(map(len, points))
        print("\n" + " " * width, *(f"{kind:>{max(6, len(kind))}}" for kind in table), sep="  ", file=sys.stderr)
        for point in points:
            print(f"{point:{width}}", *(f"{passes[point] or '·':>{max(6, len(kind))}}" for kind, passes in table.items()), sep="  ",
                  file=sys.stderr)
        print(f"{sum(1 for passes in table.values() for n in passes.values() if n)} cells played", file=sys.stderr)


if __name__ == "__main__":
    main()
