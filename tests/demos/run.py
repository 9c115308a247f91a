#!/usr/bin/env python3
"""The demos of configs/ against programs that know nothing of Millrace: what the sinks' files come to must be the same.

  run.py --millrace build/bin/millrace --plugins build/plugins [--demo NAME]… [--generated] [DATA]

On recorded data (DATA, or MILLRACE_TEST_DATA; exit 77, "skipped", without it), or with --generated on what the demo makes itself.
Prints for each demo records, seconds, memory and state of the run, and the seconds of the other program.
"""
import argparse
import importlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from decimal import Decimal

FOLDER = pathlib.Path(__file__).resolve().parent
DEMOS = ("bitcoin", "meetup", "retail", "taxi", "weather", "wikipedia")
sys.path.insert(0, str(FOLDER))

import configuration    # noqa: E402
from by_definition import lines    # noqa: E402
import recorded    # noqa: E402

# What the demos make has stragglers on purpose; the other programs know nothing of lateness.
PATIENT = {"wikipedia": ["sources.edits.event_time.out_of_orderness=10m"]}


def run(options, demo, folder, overrides):
    """(report of the run, bytes of its state)."""
    path = configuration.CONFIGS / demo / "pipeline.json"
    overrides = overrides + [f"sinks.{name}.listen=none" for name in configuration.sinks_of(path, "page")]
    command = [options.millrace, "run", path, "--fresh", "--quiet", "--report", "report.json"]
    environment = {**os.environ, "MILLRACE_PLUGIN_PATH": os.path.abspath(options.plugins or "")}
    done = subprocess.run(command + [f"--set={text}" for text in overrides], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr[-2000:]}")
    state = sum(path.stat().st_blocks * 512 for path in (folder / ".millrace").rglob("*.mdb"))
    return json.loads((folder / "report.json").read_text(encoding="utf-8")), state


def written(path, keys):
    """The rows of a file; with keys, what its upserts and deletes come to."""
    rows = [json.loads(line, parse_float=Decimal) for line in lines(path)]
    if keys is None:
        return rows
    latest = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        latest.pop(key, None)
        if row.get("op") != "delete":
            latest[key] = row
    return list(latest.values())


def is_same(wanted, have, digits):
    if isinstance(wanted, (float, Decimal, int)) and not isinstance(wanted, bool) and isinstance(have, (Decimal, float, int)):
        tolerance = 0.501 * 10 ** -digits if digits is not None else 1e-9 * max(1.0, abs(float(wanted)))
        return abs(float(wanted) - float(have)) <= tolerance
    return wanted == have


def sortable(row):
    return json.dumps([(name, value) for name, value in sorted(row.items()) if value is None or isinstance(value, (str, bool))]
                      + [(name, round(float(value), 6)) for name, value in sorted(row.items()) if not isinstance(value, (str, bool, type(None)))])


def differences(name, wanted, have, keys, digits):
    """The first few, as text."""
    if keys:
        order = lambda row: json.dumps([str(row[key]) for key in keys])    # noqa: E731
    else:
        order = sortable
    found = [] if len(wanted) == len(have) else [f"{name}: {len(wanted)} rows expected, {len(have)} written"]
    for want, row in zip(sorted(wanted, key=order), sorted(have, key=order)):
        wrong = [key for key in {**want, **row} if key not in want or key not in row or not is_same(want[key], row[key], digits.get(key))]
        if wrong:
            found.append(f"{name}: {', '.join(wrong)}\n    expected {want}\n    written  {row}")
    return found[:5]


def play(options, demo, folder, overrides):
    """Complaints; prints the figures."""
    module = importlib.import_module(demo)
    report, state = run(options, demo, folder, overrides)
    began = time.monotonic()
    answers = module.answers(folder)
    other_s = time.monotonic() - began
    found = []
    for name, rows in answers.items():
        keys = getattr(module, "KEYS", {}).get(name)
        found += differences(name, rows, written(folder / name, keys), keys, getattr(module, "DIGITS", {}))
    records = sum(source["records"] for source in report["sources"].values())
    rows = sum(len(rows) for rows in answers.values())
    if not rows:
        found.append("the answer is empty: nothing was compared")
    print(f"{demo}: {records} records, {report['wall_seconds']:.2f} s, {records / report['wall_seconds']:.0f}/s, {report['peak_rss_bytes'] >> 20} MiB, "
          f"state {state >> 10} KiB; the other program {other_s:.2f} s; {rows} rows " + ("equal" if not found else "DIFFER"), flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millrace", required=True, type=os.path.abspath)
    parser.add_argument("--plugins")
    parser.add_argument("--demo", action="append", choices=DEMOS)
    parser.add_argument("--generated", action="store_true")
    parser.add_argument("data", nargs="?", default=os.environ.get("MILLRACE_TEST_DATA"))
    options = parser.parse_args()
    if not options.generated and (not options.data or not shutil.which("zstd")):
        print("SKIPPED: no recorded data (MILLRACE_TEST_DATA), or no zstd", file=sys.stderr)
        return 77
    failed = 0
    for demo in options.demo or DEMOS:
        with tempfile.TemporaryDirectory(prefix="millrace-demo-") as work:
            folder = pathlib.Path(work)
            if options.generated:
                subprocess.run([sys.executable, configuration.CONFIGS / demo / "generate.py", "--out", folder], check=True)
                overrides = PATIENT.get(demo, [])
            else:
                overrides = getattr(recorded, demo)(pathlib.Path(options.data), folder)
            found = play(options, demo, folder, overrides)
        failed += bool(found)
        print("".join(f"  {text}\n" for text in found), end="", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
