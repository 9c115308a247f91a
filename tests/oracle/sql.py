#!/usr/bin/env python3
"""The questions of the main job, asked of SQLite over the recorded data; rows in the contract's ndjson format.

  sql.py channels [DATA]   wikiticker: edits and bytes (sum of delta) per channel per minute, humans only
  sql.py wikis [DATA]      recentchange: edits and bytes (length.new - length.old) per wiki per minute, humans only

DATA is the folder of recorded data (default: MILLRACE_TEST_DATA, else ../shared/data beside the checkout).
No window is late here: the comparison must run with an out_of_orderness that covers the disorder of the data.
Exit 77, the code for "skipped", when the data is not there.
"""
import os
import pathlib
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import rows    # noqa: E402

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
MINUTE_US = 60 * 10**6
FILES = {"channels": "wikiticker-2015-09-12T00-18.jsonl.zst", "wikis": "recentchange-2025-05-03-allwikis.jsonl"}
# SQLite divides toward zero; all times here are after 1970, where that is the floor.
QUESTION = f"""
  SELECT at_us / {MINUTE_US} * {MINUTE_US} AS start, name, count(*), sum(bytes)
  FROM edits WHERE human GROUP BY start, name ORDER BY start, name IS NULL, CAST(name AS BLOB)"""


def data_folder(arguments):
    given = arguments[0] if arguments else os.environ.get("MILLRACE_TEST_DATA", CHECKOUT.parent / "shared" / "data")
    return pathlib.Path(given)


def lines_of(path):
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout.splitlines()
    return path.read_bytes().splitlines()


def channel_edit(value):
    return rows.time_us(value["time"], "rfc3339"), value["channel"], value["delta"], not value["isRobot"]


def wiki_edit(value):
    length = value.get("length") or {}
    old, new = length.get("old"), length.get("new")
    human = not value["bot"] and value["type"] == "edit"
    return rows.time_us(value["timestamp"], "s"), value["wiki"], None if None in (old, new) else new - old, human


def ask(records):
    """Yields ndjson rows for (time in µs, name, bytes, human) records."""
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE edits (at_us INTEGER, name TEXT, bytes INTEGER, human INTEGER)")
        database.executemany("INSERT INTO edits VALUES (?, ?, ?, ?)", records)
        for start, name, count, total in database.execute(QUESTION):
            yield start, name, count, total


def main():
    question, *rest = sys.argv[1:]
    path = data_folder(rest) / "wikipedia" / FILES[question]
    if not path.exists():
        print(f"SKIPPED: no recorded data at {path}", file=sys.stderr)
        return 77
    read, column = {"channels": (channel_edit, "channel"), "wikis": (wiki_edit, "wiki")}[question]
    for start, name, count, total in ask(read(rows.parse_record(line)) for line in lines_of(path)):
        pairs = [("window_start", f'"{rows.format_time(start)}"'),
                 ("window_end", f'"{rows.format_time(start + MINUTE_US)}"'), (column, rows.format_value(name)),
                 ("edits", rows.format_value(count)), ("bytes", rows.format_value(total))]
        print(rows.format_row(pairs))
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main())
