#!/usr/bin/env python3
"""Millrace against its ceilings: hand loops that answer the same question of the same file.

Each pair runs alternately in this one run, so that a busy machine hits both; first the ceiling runs against
itself, which tells how much of a ratio is noise. A ratio is ceiling / Millrace: 1.00 is as fast as the hand
loop, 0.50 takes twice its time. Wall is what a user waits; CPU (user + system) suffers less from neighbours.
An answer that differs from the ceiling's is a failure. Slowness never is: this script measures, it does not judge.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
GENERATOR = HERE.parents[1] / "configs" / "quickstart" / "generate.py"
IDLE_S = 3
FIRST_RECORD_RUNS = 20


class WrongAnswer(Exception):
    pass


class Cost:
    """What one process took, as wait4 tells it."""

    def __init__(self, wall, usage):
        self.wall = wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.user, self.system = usage.ru_utime, usage.ru_stime


class Bench:
    def __init__(self, options):
        self.options = options
        self.programs = options.build / "bin"
        self.folder = options.build / "bench"
        self.folder.mkdir(exist_ok=True)
        self.log = self.folder / "stderr.log"

    # --- input -----------------------------------------------------------------------------------

    def input(self):
        """Made once; the name tells what it was made from."""
        made_by = hashlib.sha256(b"".join((GENERATOR.parent / name).read_bytes()
                                          for name in ("generate.py", "vocabulary.py"))).hexdigest()[:8]
        path = self.folder / f"edits_{self.options.events}_{made_by}.jsonl"
        if not path.exists():
            for old in self.folder.glob(f"edits_{self.options.events}_*"):
                old.unlink()
            print(f"making {self.options.events} events of 1 KB …", file=sys.stderr)
            part = path.with_suffix(".part")
            subprocess.run([sys.executable, GENERATOR, "--events", str(self.options.events), "--bytes", "1024",
                            "--clean", "--rate", "500", "--out", part], check=True)
            part.rename(path)
        return path

    def make_one_line(self):
        """A record that passes the filters and has every field they read, since types are inferred from it."""
        with open(self.input(), "rb") as lines:
            chosen = next(line for line in lines if all(
                part in line for part in (b'"type":"edit"', b'"bot":false', b'"length":{"old":')))
        (self.folder / "one_line.jsonl").write_bytes(chosen)

    # --- processes -------------------------------------------------------------------------------

    def cost(self, command):
        with open(self.log, "wb") as log:
            started = time.monotonic()
            process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=log)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        self.check_exit(command, process.returncode)
        return Cost(wall, usage)

    def check_exit(self, command, code):
        if code != 0:
            raise WrongAnswer(f"exit {code}: {' '.join(map(str, command))}\n{self.log.read_text(errors='replace')}")

    def millrace(self, pipeline, *settings):
        """A command that begins anew: no state, nothing written before."""
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        command = [self.programs / "millrace", "run", HERE / "pipelines" / f"{pipeline}.json", "--fresh", "--quiet",
                   "--state", self.folder / "state"]
        for setting in settings:
            command += ["--set", setting]
        return command

    def run_ceiling(self, program, threads, out):
        out.unlink(missing_ok=True)
        return self.cost([self.programs / program, self.input(), "--threads", str(threads), "--out", out])

    def run_millrace(self, pipeline, lanes, out):
        out.unlink(missing_ok=True)
        return self.cost(self.millrace(pipeline, f"lanes={lanes}", f"sources.edits.path={self.input()}",
                                       f"sinks.out.path={out}"))

    # --- measures --------------------------------------------------------------------------------

    def alternate(self, title, run_a, run_b, check):
        """A warm-up of each, whose answers must be equal, then A B A B …"""
        run_a()
        run_b()
        check()
        pairs = []
        for _ in range(self.options.runs):
            pairs.append((run_a(), run_b()))
            check()
        wall = spread([a.wall / b.wall for a, b in pairs])
        cpu = spread([a.cpu / b.cpu for a, b in pairs])
        print(f"{title:<44} wall {wall}   CPU {cpu}")
        if self.options.times:
            for name, costs in (("A", [a for a, _ in pairs]), ("B", [b for _, b in pairs])):
                print("".join(f"    {name} {c.wall:.3f} s (user {c.user:.3f}, system {c.system:.3f})\n"
                              for c in costs), end="")

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


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def check_equal(expected, got):
    """Byte for byte: the order of rows is part of the contract."""
    a, b = expected.read_bytes(), got.read_bytes()
    if a == b and a:
        return
    a, b = a.splitlines(), b.splitlines()
    for number, (want, have) in enumerate(zip(a, b), 1):
        if want != have:
            same = "the same rows in another order" if sorted(a) == sorted(b) else "other rows"
            raise WrongAnswer(f"{same}; line {number} of {got.name}:\n"
                              f"  ceiling  {want[:300]!r}\n  Millrace {have[:300]!r}")
    raise WrongAnswer(f"{expected.name} has {len(a)} rows, {got.name} {len(b)}")


def process_memory(pid):
    fields = ("VmRSS", "RssAnon", "RssFile")
    status = pathlib.Path(f"/proc/{pid}/status")
    if not status.exists():
        return {}
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return {field: int(lines[field].split()[0]) * 1024 / 1e6 for field in fields if field in lines}


MEASURES = ("noise", "count", "count_two_lanes", "project", "memory", "first_record", "idle")


def main():
    measures = "\n".join(f"  {name:<16} {getattr(Bench, name).__doc__}" for name in MEASURES)
    parser = argparse.ArgumentParser(description=f"{__doc__}\nMeasures:\n{measures}",
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
    missing = [p for p in ("millrace", "ceiling_count", "ceiling_project") if not (options.build / "bin" / p).exists()]
    if missing:
        parser.error(f"{options.build} has no {', '.join(missing)}: build it with -DMILLRACE_BENCH=ON")
    bench = Bench(options)
    try:
        for name in options.names or MEASURES:
            getattr(bench, name)()
            sys.stdout.flush()
    except WrongAnswer as wrong:
        print(f"{name}: {wrong}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
