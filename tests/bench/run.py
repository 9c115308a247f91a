#!/usr/bin/env python3
"""Millrace against its ceilings: hand loops that answer the same question of the same file.

Each pair runs alternately in this one run, so that a busy machine hits both; first the ceiling runs against
itself, which tells how much of a ratio is noise. A ratio is ceiling / Millrace: 1.00 is as fast as the hand
loop, 0.50 takes twice its time. Wall is what a user waits; CPU (user + system) suffers less from neighbours.
An answer that differs from the ceiling's is a failure. Slowness never is: this script measures, it does not judge.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import bench
import nexmark_bench
import windows_bench
from bench import WrongAnswer, check_equal, spread

IDLE_S = 3
FIRST_RECORD_RUNS = 20


class Measures(bench.Bench):
    def make_one_line(self):
        """A record that passes the filters and has every field they read, since types are inferred from it."""
        with open(self.input(), "rb") as lines:
            chosen = next(line for line in lines if all(
                part in line for part in (b'"type":"edit"', b'"bot":false', b'"length":{"old":')))
        (self.folder / "one_line.jsonl").write_bytes(chosen)

    def against(self, title, program, pipeline, lanes):
        a_out, b_out = self.folder / "ceiling.jsonl", self.folder / "millrace.jsonl"
        self.alternate(title, lambda: self.run_ceiling(program, lanes, a_out),
                       lambda: self.run_millrace(pipeline, lanes, b_out), lambda: check_equal(a_out, b_out))

    def noise(self):
        """the ceiling against itself"""
        a_out, b_out = self.folder / "ceiling.jsonl", self.folder / "ceiling_again.jsonl"
        self.alternate("noise: ceiling against itself", lambda: self.run_ceiling("ceiling_count", 1, a_out),
                       lambda: self.run_ceiling("ceiling_count", 1, b_out), lambda: check_equal(a_out, b_out))

    def count(self):
        """filter + tumbling count, one lane"""
        self.against("count, one lane", "ceiling_count", "count", 1)

    def count_two_lanes(self):
        """the same with two lanes against two threads on the halves of the file"""
        self.against("count, two lanes against two threads", "ceiling_count", "count", 2)

    def project(self):
        """filter + four fields to a file, one lane"""
        self.against("filter and project, one lane", "ceiling_project", "project", 1)

    def nexmark(self):
        """the queries of tests/nexmark against hand loops, one lane; events per second and core"""
        nexmark_bench.measure(self)

    def windows(self):
        """hopping 1h/1s against tumbling 1h; bytes per open (key, window); ten million keys; the limit of state"""
        windows_bench.measure(self)

    def memory(self):
        """peak RSS on the whole file, as Millrace's report tells it"""
        size = self.input().stat().st_size / 1e6
        report = self.folder / "report.json"
        out = self.folder / "millrace.jsonl"
        for pipeline, lanes in (("count", 1), ("count", 2), ("project", 1), ("project", 2)):
            out.unlink(missing_ok=True)
            command = self.millrace(pipeline, f"lanes={lanes}", f"sources.edits.path={self.input()}",
                                    f"sinks.out.path={out}")
            # A process begins with the peak of the one that made it: the shell is smaller than we are.
            self.cost(["/bin/sh", "-c", '"$@"; exit $?', "sh", *command, "--report", report])
            peak = json.loads(report.read_text())["peak_rss_bytes"] / 1e6
            title = f"peak RSS, {pipeline}, lanes {lanes}, {size:.0f} MB file"
            print(f"{title:<44} {peak:.1f} MB")

    def first_record(self):
        """a file of one line: to the first byte on stdout, and the whole process"""
        self.make_one_line()
        first, whole = [], []
        for _ in range(FIRST_RECORD_RUNS):
            to_first, to_end = self.time_first_byte()
            first.append(1000 * to_first)
            whole.append(1000 * to_end)
        print(f"{'one line: first byte on stdout':<44} {spread(first, 1)} ms")
        print(f"{'one line: whole process, stdout':<44} {spread(whole, 1)} ms")
        out = self.folder / "millrace.jsonl"
        counts = []
        for _ in range(FIRST_RECORD_RUNS):
            out.unlink(missing_ok=True)
            counts.append(1000 * self.cost(self.millrace("count", "sources.edits.path=one_line.jsonl",
                                                         f"sinks.out.path={out}")).wall)
        print(f"{'one line: whole process, count to a file':<44} {spread(counts, 1)} ms")

    def time_first_byte(self):
        command = self.millrace("first_record", "sources.edits.path=one_line.jsonl")
        with open(self.log, "wb") as log:
            started = time.monotonic()
            process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=log)
            begin = os.read(process.stdout.fileno(), 1)
            to_first = time.monotonic() - started
            rest = process.stdout.read()
            code = process.wait()
            to_end = time.monotonic() - started
        self.check_exit(command, code)
        if begin + rest.rstrip()[-1:] != b"{}":
            raise WrongAnswer("the record of one line did not come out")
        return to_first, to_end

    def idle(self):
        """memory of a pipeline that follows an empty file"""
        (self.folder / "empty.jsonl").write_bytes(b"")
        out = self.folder / "millrace.jsonl"
        out.unlink(missing_ok=True)
        command = self.millrace("idle", "sources.edits.path=empty.jsonl", f"sinks.out.path={out}")
        with open(self.log, "wb") as log:
            process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=log)
            time.sleep(IDLE_S)
            memory = process_memory(process.pid)
            process.send_signal(signal.SIGTERM)
            code = process.wait()
        self.check_exit(command, code)
        print(f"{f'idle for {IDLE_S} s':<44} " + ", ".join(f"{key} {value:.1f} MB" for key, value in memory.items()))


def process_memory(pid):
    fields = ("VmRSS", "RssAnon", "RssFile")
    status = pathlib.Path(f"/proc/{pid}/status")
    if not status.exists():
        return {}
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return {field: int(lines[field].split()[0]) * 1024 / 1e6 for field in fields if field in lines}


MEASURES = ("noise", "count", "count_two_lanes", "project", "nexmark", "windows", "memory", "first_record", "idle")


def main():
    listed = "\n".join(f"  {name:<16} {getattr(Measures, name).__doc__}" for name in MEASURES)
    parser = argparse.ArgumentParser(description=f"{__doc__}\nMeasures:\n{listed}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="measures to take; default: all")
    parser.add_argument("--build", type=pathlib.Path, required=True, metavar="DIR", help="a build with MILLRACE_BENCH")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="pairs behind the warm-up")
    parser.add_argument("--events", type=int, default=1_000_000, help="of 1 KB each")
    parser.add_argument("--times", action="store_true", help="also every single run")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in MEASURES]
    if unknown:
        parser.error(f"no measure {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    options.build = options.build.resolve()
    options.runs = max(1, options.runs)
    programs = ("millrace", "ceiling_count", "ceiling_project", "ceiling_nexmark")
    missing = [program for program in programs if not (options.build / "bin" / program).exists()]
    if missing:
        parser.error(f"{options.build} has no {', '.join(missing)}: build it with -DMILLRACE_BENCH=ON")
    measures = Measures(options)
    try:
        for name in options.names or MEASURES:
            getattr(measures, name)()
            sys.stdout.flush()
    except WrongAnswer as wrong:
        print(f"{name}: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
