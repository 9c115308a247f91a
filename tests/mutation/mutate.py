#!/usr/bin/env python3
"""Flips each comparison in the code that closes windows and judges lateness, one at a time, and shows that a test fails.

All sites are compiled into one program (site.h), in a copy of the checkout below --work; the environment says which one
is flipped. So a flip costs a run of the tests, not a build. Each flip is tried against what reaches it (judges.py) of the unit
tests, then random streams against the oracle, the pipeline cases, the system tests, and at last many more streams, until one
fails. A survivor that no test can kill stands in equivalent.txt, with the reason; every other one makes the exit code 1.

What was killed is remembered below --work as long as the file around it stays the same, so that a run that was broken off
goes on, and a change is tried alone; --again tries everything. `--suites test_window` is a quick first pass.

    mutate.py [--list] [--only core/window/slicer.cc] [--share 1/20] [--suites test_window] [--again] [--work build-mutate]
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import comparisons
import judges

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ["core/window/*.cc", "core/window/*.h", "core/operators/window_*.cc", "core/operators/session_*.cc",
           "core/operators/sliding_*.cc", "core/pipeline/merge.cc", "core/operators/join_apply.cc", "core/operators/dedupe_apply.cc",
           "core/operators/lookup_apply.cc", "core/nodes/late_r*.cc", "core/operators/emit_timer.h", "core/operators/grouped_fold.cc",
           "core/operators/grouped_node.cc", "core/nodes/retimer.cc"]
# Where bytes are laid out, not where time is judged; their own tests and fuzzers stand for them.
NOT_THESE = {"core/window/group_key.cc", "core/window/group_map.cc", "core/window/stored_row.cc", "core/window/aggregate_layout.cc"}
COPIED = ("CMakeLists.txt", "core", "plugins", "sdk", "tests", "configs", "dev", "README.md", "CONTRIBUTING.md")
SITE = "core/base/mutation_site.h"
PROGRAM = ["millrace", "source_file", "sink_file", "sink_stdout"]
UNIT = ("test_window", "test_nodes", "test_operators", "test_pipeline")
NEEDS = {**{name: [name] for name in UNIT}, "property": PROGRAM, "pipelines": PROGRAM,
         "system": [*PROGRAM, "source_scripted", "test_sinks"]}


def targets(only):
    paths = sorted({path for pattern in TARGETS for path in ROOT.glob(pattern)})
    names = [str(path.relative_to(ROOT)) for path in paths]
    return [name for name in names if name not in NOT_THESE and (not only or name in only)]


def tracked_files():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", *COPIED], check=True, capture_output=True)
    return [pathlib.Path(line) for line in listed.stdout.decode().splitlines() if (ROOT / line).is_file()]


def write_if_changed(path, content):
    """Keeps the time of what stays the same, so that a second run builds nothing."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def make_copy(work, rewritten):
    files = set(tracked_files())
    for path in files:
        if str(path) not in rewritten:
            write_if_changed(work / path, (ROOT / path).read_bytes())
            shutil.copymode(ROOT / path, work / path)
    for name, text in rewritten.items():
        write_if_changed(work / name, text.encode())
    write_if_changed(work / SITE, (ROOT / "tests/mutation/site.h").read_bytes())
    for folder in COPIED:  # What is gone from the checkout would be found by CMake's patterns.
        for path in (work / folder).rglob("*"):
            if path.is_file() and path.relative_to(work) not in files and str(path.relative_to(work)) != SITE:
                path.unlink()


def build(work, wanted):
    """With the flags and the folder names of `./dev test`, so that ccache knows what was not rewritten."""
    folder = work / "build-test"
    env = {**os.environ, "CCACHE_BASEDIR": str(work), "CCACHE_NOHASHDIR": "1"}
    with open(work / "build.log", "wb") as log:
        for command in (["cmake", "-S", work, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DMILLRACE_TESTS=ON"],
                        ["ninja", "-C", folder, *wanted]):
            if subprocess.run(command, stdout=log, stderr=log, env=env).returncode:
                sys.exit(f"the rewritten sources do not build: see {work / 'build.log'}")


class Killed:
    """The comparisons that a test noticed in earlier runs, as long as their file is as it was."""

    def __init__(self, work, texts, again):
        self.path = work / "killed.json"
        self.digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
        known = {} if again or not self.path.exists() else json.loads(self.path.read_text())
        self.known = {key: one for key, one in known.items() if self.digests.get(one["path"]) == one["digest"]}

    def killer(self, site):
        return self.known[site.key]["killer"] if site.key in self.known else None

    def note(self, site, killer):
        self.known[site.key] = {"path": site.path, "digest": self.digests[site.path], "killer": killer}
        self.path.write_text(json.dumps(self.known, indent=1))


def judges_of(options):
    """Cheapest first."""
    work = options.work / "trials"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    bin_, plugins = options.work / "build-test/bin", options.work / "build-test/plugins"
    made = {**{name: lambda name=name: judges.UnitTests(bin_ / name, work) for name in UNIT},
            "property": lambda: judges.Streams(bin_ / "millrace", plugins, work, "11", options.streams),
            "pipelines": lambda: judges.Pipelines(bin_ / "millrace", plugins, work),
            "system": lambda: judges.SystemTests(bin_, plugins, work)}
    chosen = [make() for name, make in made.items() if name in options.suites]
    if options.many and "property" in options.suites:
        chosen.append(judges.ManyStreams(bin_ / "millrace", plugins, options.many))
    failing = [trial for judge in chosen for trial in judge.look()]
    if failing:
        sys.exit("these fail before anything is flipped:\n  " + "\n  ".join(failing))
    if not all(any(judge.reached.values()) for judge in chosen if isinstance(judge, judges.Judge)):
        sys.exit("a suite reaches no comparison at all: does it hand on MILLRACE_MUTANT_TRACE?")
    return chosen


def killer_of(number, chosen):
    """(judge, trial) that fails with this one flipped."""
    for judge in chosen:
        trial = judge.killer(number)
        if trial:
            return judge.name, trial
    return None


def read_equivalent():
    out = {}
    for line in (ROOT / "tests/mutation/equivalent.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            key, _, reason = line.partition(" -- ")
            out[key.strip()] = reason.strip()
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="only print the comparisons")
    parser.add_argument("--only", action="append", help="this file only; may be repeated")
    parser.add_argument("--share", default="1/1", help="K/N: every N-th comparison, from the K-th on")
    parser.add_argument("--suites", type=lambda text: text.split(","), default=list(NEEDS), help="of " + ",".join(NEEDS))
    parser.add_argument("--again", action="store_true", help="also those that were killed before")
    parser.add_argument("--streams", type=int, default=400)
    parser.add_argument("--many", type=int, default=5000, help="streams for what nothing else has noticed; 0: none")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build-mutate")
    options = parser.parse_args()
    rewritten, texts, sites = {}, {}, []
    for name in targets(None):
        text = texts[name] = (ROOT / name).read_text()
        found = comparisons.find(name, text)
        rewritten[name] = comparisons.rewrite(text, found, len(sites) + 1, SITE.removeprefix("core/"))
        sites += found
    if options.list:
        print("\n".join(map(str, sites)))
        return 0
    options.work.mkdir(exist_ok=True)
    make_copy(options.work, rewritten)
    build(options.work, sorted({target for name in options.suites for target in NEEDS[name]}))
    chosen = judges_of(options)
    equivalent, kills, survivors, spared = read_equivalent(), {}, [], 0
    killed = Killed(options.work, texts, options.again)
    part, parts = map(int, options.share.split("/"))
    started = time.monotonic()
    for number, site in enumerate(sites, 1):
        if number % parts != part % parts or (options.only and site.path not in options.only):
            continue
        if site.key in equivalent:
            spared += 1
            continue
        killer = killed.killer(site) or killer_of(number, chosen)
        if killer:
            killed.note(site, killer)
            kills[killer[0]] = kills.get(killer[0], 0) + 1
            continue
        survivors.append(site)
        never = not any(judge.reaches(number) for judge in chosen if isinstance(judge, judges.Judge))
        print(f"SURVIVED {number} {site}" + (" (no test reaches it)" if never else ""), flush=True)
    tried = sum(kills.values()) + len(survivors)
    print(f"{tried} of {len(sites)} comparisons flipped in {time.monotonic() - started:.0f} s: "
          f"{len(survivors)} survived; killed by {', '.join(f'{name} {count}' for name, count in kills.items()) or 'nobody'}; "
          f"{spared} known to be equivalent")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
