#!/usr/bin/python3
"""The services' simulators at many times the real rate, one millrace process each, for long: nothing lost, nothing twice, memory and
descriptors flat. Connections are cut, answers fail and chains fork all the while.

  soak.py --program build/bin/millrace --plugins build/plugins [--minutes 5] [--factor 50] [--only NAME]… [--seed N]

Prints a line per service every 30 s, and the verdict; exit 1 if anything was lost, repeated, told as lost, or grew.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from client import Simulator    # noqa: E402
from soaked import SERVICES    # noqa: E402

SAMPLE_S, TELL_S, GRACE_S = 5, 30, 90
KEPT_KIB = 8 << 10    # of freed memory a run keeps that much (core/base/freed_memory), more or less as the machine is busy
FAULT_S = (10, 40)    # from one fault to the next


def usage_of(pid):
    """(KiB of memory of its own, open descriptors)."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    anonymous = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))
    return anonymous, len(os.listdir(f"/proc/{pid}/fd"))


def median(values):
    return sorted(values)[len(values) // 2]


class Run:
    """One service, its simulator and the program that reads it."""

    def __init__(self, service, options, folder, seed):
        self.service, self.folder, self.random = service, folder / service.name, random.Random(seed)
        self.folder.mkdir()
        self.sim = Simulator(service.simulator, *service.arguments(options.factor)).__enter__()
        config = {"pipeline": service.name, "contact": "https://example.org/soak", "sources": {"s": service.source(self.sim.port, options.factor)},
                  "operators": {"ids": {"from": "s", "select": service.select},
                                "counts": {"from": "s", "window": {"tumbling": "10s"}, "group_by": {"key": "record_key()"}, "select": {"n": "count(*)"}}},
                  "sinks": {"ids": {"from": "ids", "plugin": "file", **self.service.into},
                            "counts": {"from": "counts", "plugin": "file", "dir": "counts", "roll": {"every": "30s"}},
                            "gaps": {"from": "s.gaps", "plugin": "file", "path": "gaps.jsonl"}, "errors": {"from": "s.errors", "plugin": "file", "path": "errors.jsonl"}}}
        (self.folder / "pipeline.json").write_text(json.dumps(config), encoding="utf-8")
        self.log = open(self.folder / "log", "w", encoding="utf-8")    # pylint: disable=consider-using-with
        self.process = subprocess.Popen([options.program, "run", "pipeline.json", "--fresh", "--quiet", "--report", "report.json"], cwd=self.folder, stderr=self.log,
                                        env={**os.environ, "MILLRACE_PLUGIN_PATH": options.plugins})
        self.samples, self.faults, self.read_upto, self.next_fault = [], 0, 0, time.monotonic() + FAULT_S[0]

    def sample(self, may_fault):
        if self.process.poll() is not None:
            return
        self.samples.append(usage_of(self.process.pid))
        for part in self.parts("counts"):
            part.unlink()
        self.service.came([json.loads(line) for line in self.new_lines()])
        self.service.judge(self.sim, GRACE_S)
        if may_fault and self.service.faults and time.monotonic() >= self.next_fault:
            kind, args = self.random.choice(self.service.faults)
            self.sim.fault(kind, **args)
            self.faults += 1
            self.next_fault = time.monotonic() + self.random.uniform(*FAULT_S)

    def parts(self, name):
        """Those that are in view and that nobody writes any more."""
        return sorted(path for path in (self.folder / name).glob("*") if not path.name.startswith(".")) if (self.folder / name).exists() else []

    def new_lines(self):
        """Of parts, which go when they are read, or of one file that stays."""
        lines = []
        for part in self.parts("ids"):
            lines += part.read_bytes().splitlines()
            part.unlink()
        path = self.folder / "ids.jsonl"
        if path.exists():
            with open(path, "rb") as file:
                file.seek(self.read_upto)
                whole = file.read().rpartition(b"\n")[0]
            self.read_upto += len(whole) + bool(whole)
            lines += whole.splitlines()
        return lines

    def told_lost(self):
        path = self.folder / "gaps.jsonl"
        return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0

    def line(self):
        anonymous, descriptors = self.samples[-1] if self.samples else (0, 0)
        return (f"{self.service.name}: {self.service.seen} records, {self.service.waiting()} on their way, {self.faults} faults, gaps {self.told_lost()}, "
                f"{anonymous >> 10} MiB, {descriptors} descriptors")

    def growth(self):
        """What grew from the middle third to the last one; a third is long against any rhythm of the program."""
        third = len(self.samples) // 3
        if third < 6:
            return []
        middle, last = self.samples[third:2 * third], self.samples[2 * third:]
        found = []
        was, now = median([kib for kib, _ in middle]), median([kib for kib, _ in last])
        if now > was * 1.05 + KEPT_KIB:
            found.append(f"memory grew from {was >> 10} to {now >> 10} MiB")
        was, now = (median([count for _, count in part]) for part in (middle, last))
        if now > was + 2:
            found.append(f"descriptors grew from {was} to {now}")
        return found

    def end(self):
        """Complaints."""
        crashed = self.process.poll()
        if crashed is None:
            self.process.terminate()
            self.process.wait(60)
        self.log.close()
        found = [f"exit {self.process.returncode}: {(self.folder / 'log').read_text(encoding='utf-8')[-500:]}"] if crashed is not None or self.process.returncode else []
        if self.told_lost() and not self.service.may_lose:
            found.append(f"{self.told_lost()} gaps told")
        found += self.service.complaints() + self.growth()
        self.sim.__exit__()
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=os.path.abspath)
    parser.add_argument("--plugins", required=True, type=os.path.abspath)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--factor", type=float, default=50, help="times the real rate")
    parser.add_argument("--only", action="append", choices=[one.name for one in SERVICES])
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="millrace-soak-") as work:
        runs = [Run(kind(), options, pathlib.Path(work), options.seed + n) for n, kind in enumerate(SERVICES) if not options.only or kind.name in options.only]
        began = told = time.monotonic()
        quiet_from = began + options.minutes * 60    # then no more faults, until all is there
        while time.monotonic() < quiet_from or (any(run.service.waiting() for run in runs) and time.monotonic() < quiet_from + GRACE_S):
            time.sleep(SAMPLE_S)
            for run in runs:
                if time.monotonic() >= quiet_from:
                    run.service.stop_expecting()
                run.sample(may_fault=time.monotonic() < quiet_from)
            if time.monotonic() >= told + TELL_S:
                told = time.monotonic()
                print(f"after {told - began:.0f} s", *("  " + run.line() for run in runs), sep="\n", flush=True)
        failed = 0
        for run in runs:
            line, found = run.line(), run.end()
            failed += bool(found)
            print(line + (": FAILED" if found else ": nothing lost, nothing twice, flat"), *("  " + text for text in found), sep="\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
