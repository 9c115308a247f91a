"""A pipeline that commits for minutes on end: memory, descriptors, threads and the state on the disk must not grow.

    soak.py --program P --plugins DIR [--minutes N]

Windows, sessions, updates, a join and ids go into parts of files with up to ten commits a second and, where Redis is installed, a
cache.
Every ten seconds a line of figures; then the last third against the first third behind a minute's warming up (a sixth of a short
run). Exit 1: something grew by more than a tenth and some slack. It is for hands: ./dev soak --minutes 30."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

from program import environment
from servers import Redis

GENERATOR = r"""
import json, random, sys, time
rng, n, began = random.Random(1), 0, time.time()
while True:
    for _ in range(200):
        n += 1
        print(json.dumps({"t": time.time() - rng.random() * 2, "k": f"k{rng.randrange(2000)}", "n": n, "pad": "x" * 100}))
    sys.stdout.flush()
    time.sleep(max(0, began + n / 4000 - time.time()))
"""
SLACK = {"RSS MiB": 8, "descriptors": 3, "threads": 0, "state MiB": 2, "Redis MiB": 4}


def config(cache):
    counts = {"group_by": ["k"], "select": {"n": "count(*)", "s": "sum(n)"}}
    out = {
        "pipeline": "soak", "dead_letters": "none", "commit": {"every": "100ms"},
        "sources": {"in": {"plugin": "exec", "command": [sys.executable, "-u", "generate.py"], "schema": {"k": "text", "n": "int8"},
                           "event_time": {"field": "t", "unit": "s", "out_of_orderness": "2s"}}},
        "operators": {
            "per_second": {"from": "in", "window": {"tumbling": "1s"}, **counts},
            "sliding": {"from": "in", "window": {"hopping": "10s", "every": "1s"}, **counts},
            "sessions": {"from": "in", "window": {"session": "1s"}, **counts},
            "updates": {"from": "in", "window": {"tumbling": "5s"}, **counts, "emit": {"update": {"every": "1s"}}},
            "even": {"from": "in", "filter": "n % 20 = 0", "select": ["k", "n"]},
            "pairs": {"from": "in", "join": {"with": "even", "on": ["k"], "within": {"before": "2s", "after": "2s"}},
                      "select": {"a": "\"in\".n", "b": "even.n"}},
            "ids": {"from": "in", "dedupe": {"by": ["k"], "keep": "5s"}}},
        "sinks": {name: {"from": name, "plugin": "file", "dir": f"out/{name}", "roll": {"every": "5s"}}
                  for name in ("per_second", "sliding", "sessions", "updates", "pairs", "ids")}}
    if cache:
        out["cache"] = {"redis": cache}
    return out


def figures(pid, folder, redis):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    value = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if len(line.split()) > 1}
    out = {"RSS MiB": int(value["VmRSS"]) / 1024, "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(value["Threads"]),
           "state MiB": sum(path.stat().st_blocks * 512 for path in (folder / ".millrace").rglob("*") if path.is_file()) / 2**20}
    if redis:
        out["Redis MiB"] = int(dict(line.split(":") for line in redis.command("INFO", "memory").split() if ":" in line)["used_memory"]) / 2**20
    return out


def sweep(folder):
    """Finished parts are somebody else's: they are taken away, as they would be."""
    for part in (folder / "out").glob("*/part-*"):
        part.unlink(missing_ok=True)


def grown(samples):
    """Names of what is larger at the end than at the beginning, with both."""
    skipped = min(6, len(samples) // 6)
    rest = samples[skipped:]
    third = max(1, len(rest) // 3)
    out = []
    for name in rest[0]:
        first, last = (statistics.median(one[name] for one in part) for part in (rest[:third], rest[-third:]))
        print(f"{name:12} first third {first:8.1f}   last third {last:8.1f}")
        if last > first * 1.1 + SLACK[name]:
            out.append(name)
    return out


def soak(options, folder, redis):
    (folder / "generate.py").write_text(GENERATOR)
    (folder / "p.json").write_text(json.dumps(config(redis.url if redis else None), indent=1))
    env = {**environment(), "MILLRACE_PLUGIN_PATH": options.plugins}
    with open(folder / "stderr.txt", "wb") as errors:
        run = subprocess.Popen([options.program, "run", "p.json", "--quiet", "--report", "report.json"], cwd=folder, env=env,
                               stdin=subprocess.DEVNULL, stderr=errors)
    samples, began = [], time.monotonic()
    every = min(10, options.minutes * 60 / 18)
    try:
        while time.monotonic() - began < options.minutes * 60:
            time.sleep(every)
            if run.poll() is not None:
                print((folder / "stderr.txt").read_text())
                return 1
            sweep(folder)
            samples.append(figures(run.pid, folder, redis))
            print(f"{time.monotonic() - began:6.0f} s  " + "  ".join(f"{name} {value:.1f}" for name, value in samples[-1].items()), flush=True)
    finally:
        run.send_signal(signal.SIGINT)
        code = run.wait()
    report = json.loads((folder / "report.json").read_text())
    print(f"{report['commits']} commits, {report['sources']['in']['records']} records, exit {code}")
    bad = grown(samples)
    print("grew: " + ", ".join(bad) if bad else "flat")
    return 1 if bad or code != 0 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--plugins", required=True)
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    options.program, options.plugins = os.path.abspath(options.program), os.path.abspath(options.plugins)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-soak-"))
    try:
        redis = Redis(appendonly="no")
        redis.start()
    except unittest.SkipTest:
        redis = None
        print("without a cache: redis-server is not installed")
    try:
        return soak(options, folder, redis)
    finally:
        if redis:
            redis.remove()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
