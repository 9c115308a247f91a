#!/usr/bin/env python3
"""What commits and the cache cost, as ratios within one run; by hand: commits.py --millrace build/bin/millrace.

Counts per key over a window that stays open, so that all keys are hot, with few commits and many, with the cache and without, in
turns: a ratio is that of two runs side by side, the figure is the median of them. Then a restart from that state and from a gigabyte of
it (keys of 1 KB), beside reading the same bytes; then one of state that is kept in Redis only, from Redis and by reading the source
again, beside what redis-benchmark gets. `--only` takes some of the parts: commits, cache, restart, gigabyte, takeover.
"""
import argparse
import json
import os
import pathlib
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))


PARTS = ("commits", "cache", "restart", "gigabyte", "takeover")
WIDE = 1000      # bytes of a key, where the state is to be large


def make_input(path, records, keys, wide=0):
    """`wide`: bytes that a key has at least; each key comes once then."""
    rng = random.Random(1)
    with open(path, "w", encoding="ascii") as out:
        for i in range(records):
            key = "key-%07d" % (i if wide else rng.randrange(keys))
            out.write('{"t":%d,"k":"%s","n":%d}\n' % (1760000400 + i * 3000 // records, key.ljust(wide, "x"), i))


def pipeline(every, cache=None, follow=False, keep="log"):
    config = {"pipeline": "b", "commit": {"every": every, "keep": keep},
              "sources": {"in": {"plugin": "file", "path": "in.jsonl", "schema": {"k": "text", "n": "int8"}, "follow": follow,
                                 "event_time": {"field": "t", "unit": "s"}}},
              "operators": {"count": {"from": "in", "window": {"tumbling": "1d"}, "group_by": ["k"],
                                      "select": {"n": "count(*)", "s": "sum(n)"}},
                            "few": {"from": "count", "filter": "n > 1000000"}, "pings": {"from": "in", "filter": "k = 'ping'"}},
              "sinks": {"out": {"from": "few", "plugin": "file", "path": "out.jsonl"},
                        "pings": {"from": "pings", "plugin": "file", "path": "pings.jsonl"}}}
    if cache:
        config["cache"] = {"redis": cache, "max_pending": "1GiB"}
    return config


def gets_per_second(port):
    """What a pipelining client gets from the same server, with values as long as an entry here."""
    text = subprocess.run(["redis-benchmark", "-p", str(port), "-t", "set,get", "-P", "100", "-n", "1000000", "-r", "1000000", "-d", "32",
                           "--csv"], check=True, capture_output=True, text=True).stdout
    return float(re.search(r'"GET","([0-9.]+)"', text)[1])


class Bench:
    def __init__(self, options):
        self.options, self.folder = options, pathlib.Path(tempfile.mkdtemp(prefix="millrace-bench-", dir=options.place))
        make_input(self.folder / "in.jsonl", options.records, options.keys)

    def run(self, config, *arguments):
        (self.folder / "p.json").write_text(json.dumps(config))
        began = time.monotonic()
        subprocess.run([os.path.abspath(self.options.millrace), "run", "p.json", "--quiet", "--report", "r.json",
                        *(arguments or ("--fresh",))], cwd=self.folder, check=True)
        return time.monotonic() - began, json.loads((self.folder / "r.json").read_text())

    def compare(self, name, base, other):
        """Runs both, in turns, and prints the median of the ratios base / other, of processor and wall."""
        pairs, commits = [], 0
        for number in range(self.options.rounds):
            both = [self.run(config) for config in ((base, other) if number % 2 == 0 else (other, base))]
            (base_s, base_report), (other_s, report) = both if number % 2 == 0 else reversed(both)
            pairs.append((base_report["cpu_seconds"] / report["cpu_seconds"], base_s / other_s))
            commits = report["commits"]
        cpu, wall = (sorted(pair[i] for pair in pairs) for i in (0, 1))
        print(f"{name}: processor {statistics.median(cpu):.2f} ({cpu[0]:.2f} to {cpu[-1]:.2f}), wall {statistics.median(wall):.2f} "
              f"({wall[0]:.2f} to {wall[-1]:.2f}), {len(pairs)} pairs, {commits} commits", flush=True)

    def fill(self, config):
        """Leaves all windows open."""
        self.run(config, "--fresh", "--until-end")

    def first_output(self, config):
        """Seconds from the start of a run over what `fill` left to the row of a record that waits for it."""
        (self.folder / "p.json").write_text(json.dumps(config))
        with open(self.folder / "in.jsonl", "a", encoding="ascii") as out:
            out.write('{"t":1760003400,"k":"ping","n":0}\n')
        pings = self.folder / "pings.jsonl"
        before, began = pings.stat().st_size if pings.exists() else 0, time.monotonic()
        with subprocess.Popen([os.path.abspath(self.options.millrace), "run", "p.json", "--quiet"], cwd=self.folder) as run:
            while not pings.exists() or pings.stat().st_size == before:
                if run.poll() is not None:
                    raise RuntimeError("the run ended before its first row")
                time.sleep(0.002)
            took = time.monotonic() - began
            run.send_signal(signal.SIGINT)
        return took

    def stored(self):
        return self.folder / ".millrace/b/state/data.mdb"

    def gigabyte(self):
        """The same over a gigabyte."""
        make_input(self.folder / "in.jsonl", self.options.wide_keys, 0, WIDE)
        self.restart()

    def restart(self):
        """From a start over a state of open windows to the first row."""
        config = pipeline("50ms", follow=True)     # The first row goes out with a commit.
        self.fill(config)
        began = time.monotonic()
        with open(self.stored(), "rb", buffering=0) as state:
            while state.read(1 << 20):
                pass
        read = time.monotonic() - began
        took = self.first_output(config)
        print(f"restart from {self.stored().stat().st_size >> 20} MiB: {took:.2f} s, reading the same bytes {read:.2f} s", flush=True)

    def takeover(self, server):
        """The same under `keep: cache`: what Redis has is taken; what it has lost is read again."""
        config = pipeline("50ms", server.url, follow=True, keep="cache")
        self.fill(config)
        bytes_held = int(re.search(r"used_memory:(\d+)", server.command("INFO", "memory"))[1])
        taken = self.first_output(config)
        server.command("FLUSHALL")
        again = self.first_output(config)
        rate = self.options.keys / taken
        gets = gets_per_second(server.port)
        print(f"kept in Redis ({bytes_held >> 20} MiB there): restart {taken:.2f} s, {rate:,.0f} entries/s, {rate / gets:.2f} times the "
              f"{gets:,.0f} pipelined GETs/s of redis-benchmark; by reading the source again {again:.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millrace", required=True)
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--wide-keys", type=int, default=1_000_000, help="keys of the large state")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="these parts; all without it")
    parser.add_argument("--place", help="where files are made; the system's place for temporary ones without it")
    options = parser.parse_args()
    bench, parts = Bench(options), options.only or PARTS
    server = None
    try:
        from servers import Redis
        server = Redis(appendonly="no")
        server.start()
    except Exception as error:    # no Redis here
        print(error)
    try:
        if "commits" in parts:
            bench.compare("one commit / commits every 200 ms", pipeline("1h"), pipeline("200ms"))
        if "cache" in parts and server:
            bench.compare("without the cache / with it, at 200 ms", pipeline("200ms"), pipeline("200ms", server.url))
        if "restart" in parts:
            bench.restart()
        if "takeover" in parts and server:
            bench.takeover(server)
        if "gigabyte" in parts:     # Last: it has an input of its own.
            bench.gigabyte()
    finally:
        if server:
            server.remove()
        subprocess.run(["rm", "-rf", bench.folder], check=False)


if __name__ == "__main__":
    main()
