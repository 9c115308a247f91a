#!/usr/bin/env python3
"""What commits and the cache cost, as ratios within one run; by hand: commits.py --millrace build/bin/millrace.

Counts per key over a window that stays open, so that all keys are hot, at several lengths of commit, alternating; then a restart
from that state, beside reading the same bytes. Prints the median of each with its spread.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))


def make_input(path, records, keys):
    rng = random.Random(1)
    with open(path, "w", encoding="ascii") as out:
        for i in range(records):
            out.write('{"t":%d,"k":"key-%07d","n":%d}\n' % (1760000400 + i * 3000 // records, rng.randrange(keys), i))


def pipeline(every, cache=None, follow=False):
    config = {"pipeline": "b", "commit": {"every": every},
              "sources": {"in": {"plugin": "file", "path": "in.jsonl", "schema": {"k": "text", "n": "int8"}, "follow": follow,
                                 "event_time": {"field": "t", "unit": "s"}}},
              "operators": {"count": {"from": "in", "window": {"tumbling": "1d"}, "group_by": ["k"],
                                      "select": {"n": "count(*)", "s": "sum(n)"}},
                            "few": {"from": "count", "filter": "n > 1000000"}},
              "sinks": {"out": {"from": "few", "plugin": "file", "path": "out.jsonl"}}}
    if cache:
        config["cache"] = {"redis": cache, "max_pending": "1GiB"}
    return config


class Bench:
    def __init__(self, options):
        self.options, self.folder = options, pathlib.Path(tempfile.mkdtemp(prefix="millrace-bench-"))
        make_input(self.folder / "in.jsonl", options.records, options.keys)

    def run(self, config, *arguments):
        (self.folder / "p.json").write_text(json.dumps(config))
        began = time.monotonic()
        subprocess.run([os.path.abspath(self.options.millrace), "run", "p.json", "--quiet", "--report", "r.json",
                        *(arguments or ("--fresh",))], cwd=self.folder, check=True)
        return time.monotonic() - began, json.loads((self.folder / "r.json").read_text())

    def compare(self, named):
        """Median seconds of processor by name, which a busy machine disturbs less than those of the wall; the runs alternate."""
        seconds, cpu = {name: [] for name in named}, {name: [] for name in named}
        commits = {}
        for _ in range(self.options.rounds):
            for name, config in named.items():
                took, report = self.run(config)
                seconds[name].append(took)
                cpu[name].append(report["cpu_seconds"])
                commits[name] = report["commits"]
        for name, all_of in seconds.items():
            print(f"{name:24} {statistics.median(all_of):7.2f} s  ({min(all_of):.2f} to {max(all_of):.2f}), processor "
                  f"{statistics.median(cpu[name]):.2f} s ({min(cpu[name]):.2f} to {max(cpu[name]):.2f}), {commits[name]} commits")
        return {name: statistics.median(all_of) for name, all_of in cpu.items()}

    def restart(self):
        """From a stop with all windows open to the end of a run that finds nothing new."""
        self.run(pipeline("1s", follow=True), "--fresh", "--for", self.options.fill)
        data = self.folder / ".millrace/b/state/data.mdb"
        began = time.monotonic()
        with open(data, "rb", buffering=0) as state:
            while state.read(1 << 20):
                pass
        read = time.monotonic() - began
        took, report = self.run(pipeline("1s", follow=True), "--for", "1ms")
        print(f"restart from {data.stat().st_size >> 20} MiB: {took:.2f} s, reading the same bytes {read:.2f} s")
        return report


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millrace", required=True)
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fill", default="20s", help="how long the run before the restart may take")
    bench = Bench(parser.parse_args())
    named = {"commits every 200 ms": pipeline("200ms"), "commits every 1 s": pipeline("1s"), "one commit": pipeline("1h")}
    server = None
    try:
        from servers import Redis
        server = Redis(appendonly="no")
        server.start()
        named["200 ms with the cache"] = pipeline("200ms", server.url)
    except Exception as error:    # no Redis here
        print(error)
    try:
        seconds = bench.compare(named)
        print(f"work with one commit / at 200 ms:       {seconds['one commit'] / seconds['commits every 200 ms']:.2f}")
        if server:
            print(f"without the cache / with it, at 200 ms: {seconds['commits every 200 ms'] / seconds['200 ms with the cache']:.2f}")
        bench.restart()
    finally:
        if server:
            server.remove()
        subprocess.run(["rm", "-rf", bench.folder], check=False)


if __name__ == "__main__":
    main()
