#!/usr/bin/env python3
"""The Nexmark queries of this folder through the program and through a database: the digests of the sorted results must be
equal. Each query is played plain and, with small batches and three lanes, once more. Exits 77 without the database.
"""
import argparse
import collections
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import generate     # noqa: E402
import questions    # noqa: E402

MODES = {"plain": ({}, 1), "small batches, three lanes": ({"MILLRACE_BATCH_RECORDS": "501"}, 3)}
RUN_S_MAX = 300
SKIPPED = 77


class Failure(Exception):
    pass


def run(options, folder, query, mode):
    """The rows that the program writes, as lists of values."""
    environment, lanes = MODES[mode]
    (folder / "out.jsonl").unlink(missing_ok=True)
    command = [options.millrace, "run", HERE / "queries" / f"{query}.json", "--fresh", "--quiet", "--state", folder / "state", "--set",
               f"lanes={lanes}", "--set", f"sources.events.path={folder}/events.jsonl", "--set", f"sinks.out.path={folder}/out.jsonl"]
    done = subprocess.run(command, capture_output=True, timeout=RUN_S_MAX,
                          env={**os.environ, "MILLRACE_PLUGIN_PATH": os.path.abspath(options.plugins), **environment})
    if done.returncode != 0:
        raise Failure(f"exit {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    with open(folder / "out.jsonl", encoding="utf-8") as out:
        return [list(json.loads(line).values()) for line in out]


def shown(query, rows):
    """The program's rows as the SQL has them."""
    if query == "q11":
        return [[in_ms(start), in_ms(end), *rest] for start, end, *rest in rows]
    return over_the_clock(rows) if query == "q12" else rows


def in_ms(text):
    since = datetime.datetime.fromisoformat(text) - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(milliseconds=1)


def over_the_clock(rows):
    """R38: windows of ten seconds of this very run, each (bidder, window) once; the bids of a bidder summed over them."""
    now = datetime.datetime.now(datetime.timezone.utc)
    bids, seen = collections.Counter(), set()
    for start, end, bidder, count in rows:
        begins = datetime.datetime.fromisoformat(start)
        if in_ms(end) - in_ms(start) != 10_000 or in_ms(start) % 10_000 or not abs((now - begins).total_seconds()) < RUN_S_MAX:
            raise Failure(f"[{start}, {end}) is no window of the clock, which says {now}")
        if (start, bidder) in seen:
            raise Failure(f"bidder {bidder} has two rows for {start}")
        seen.add((start, bidder))
        bids[bidder] += count
    return [list(pair) for pair in bids.items()]


def digest(rows):
    """Of the sorted rows. The program writes a float8 of a whole number without a point, Python with one."""
    lines = sorted(json.dumps([int(value) if isinstance(value, float) and value.is_integer() else value for value in row])
                   for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16], lines


def compare(query, mode, got, wanted, database):
    (got_digest, got_lines), (wanted_digest, wanted_lines) = digest(got), digest(wanted)
    if not wanted_lines:
        raise Failure(f"{database} found no rows: the events show nothing")
    if got_digest == wanted_digest:
        print(f"{query:<4} {len(got_lines):>7} rows, digest {got_digest}, {mode}", flush=True)
        return
    extra, missing = (list((collections.Counter(a) - collections.Counter(b)).elements())[:3]
                      for a, b in ((got_lines, wanted_lines), (wanted_lines, got_lines)))
    raise Failure(f"{len(got_lines)} rows, {database} has {len(wanted_lines)}\n  only the program: {extra}\n"
                  f"  only {database}: {missing}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millrace", required=True)
    parser.add_argument("--plugins", required=True)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=200, help="events per second of event time")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("names", nargs="*", metavar="QUERY", help=f"default: {' '.join(questions.QUESTIONS)}")
    options = parser.parse_args()
    database = questions.database(options.database)
    if database is None:
        print("skipped: PostgreSQL is not installed")
        return SKIPPED
    print(f"{options.events} events, seed {options.seed}, checked by {database.name}", flush=True)
    failed = 0
    with tempfile.TemporaryDirectory(prefix="millrace-nexmark-") as made, database:
        folder = pathlib.Path(made)
        events = list(generate.lines(options.events, options.rate, 50, options.seed))
        (folder / "events.jsonl").write_text("".join(events), encoding="utf-8")
        database.load(events)
        for query in options.names or questions.QUESTIONS:
            wanted = database.ask(query)
            for mode in MODES:
                try:
                    compare(query, mode, shown(query, run(options, folder, query, mode)), wanted, database.name)
                except (Failure, OSError, ValueError, subprocess.TimeoutExpired) as failure:
                    print(f"FAILED {query}, {mode}: {failure}", flush=True)
                    failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
