#!/usr/bin/env python3
"""Calendar days over recorded wall-clock times: a day's window must hold what was written with that date.

  recorded_days.py --millrace build/bin/millrace --plugins build/plugins [DATA]

New York's taxi demand per half hour, a day of 25 hours in it (whose repeated hour the file counts twice under one reading), and
a British shop's sales of the month in which its clocks go forward. DATA as in tests/oracle/sql.py. Exit 77 when the data is not there.
"""
import argparse
import csv
import io
import json
import pathlib
import subprocess
import sys
import tempfile
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "oracle")]

import compare    # noqa: E402
import play    # noqa: E402
import sql    # noqa: E402

JOBS = {
    "taxi": {"path": "taxi/nyc_taxi_30min_demand.csv", "time": "timestamp", "value": "value", "zone": "America/New_York"},
    "shop": {"path": "retail/online-retail-2011-03.csv.zst", "time": "InvoiceDate", "value": "Quantity", "zone": "Europe/London"},
}


def pipeline(job, path):
    return {"pipeline": "days", "sources": {"in": {
        "plugin": "file", "path": str(path), "format": "csv", "schema": {job["time"]: "text", job["value"]: "int8"},
        "event_time": {"field": job["time"], "unit": f"local:{job['zone']}:%Y-%m-%d %H:%M:%S", "out_of_orderness": "1m"}}},
        "operators": {"days": {"from": "in", "window": {"calendar": "day", "zone": job["zone"]},
                               "select": {"rows": "count(*)", "total": f"sum(\"{job['value']}\")"}}},
        "sinks": {"out": {"from": "days", "plugin": "file", "path": "out.jsonl"}}}


def expected(job, data):
    """By the date in the text; only the bounds need the zone, and no midnight here is skipped or comes twice."""
    totals = {}
    for row in csv.DictReader(io.StringIO(data.decode("utf-8"))):
        rows, total = totals.get(row[job["time"]][:10], (0, 0))
        totals[row[job["time"]][:10]] = rows + 1, total + int(row[job["value"]])
    def midnight(day):
        at = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(job["zone"])).astimezone(timezone.utc)
        return f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return "".join(json.dumps({"window_start": midnight(date.fromisoformat(text)),
                               "window_end": midnight(date.fromisoformat(text) + timedelta(days=1)), "rows": rows, "total": total},
                              separators=(",", ":")) + "\n" for text, (rows, total) in sorted(totals.items())).encode()


def unpacked(path):
    return subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout if path.suffix == ".zst" else path.read_bytes()


def complaints(program, job, path, work):
    (work / "pipeline.json").write_text(json.dumps(pipeline(job, path)), encoding="utf-8")
    code = play.wait(program.start(work, "--fresh"))
    if code != 0:
        return [play.failure(work, code)]
    return compare.byte_difference("out.jsonl", expected(job, unpacked(path)), (work / "out.jsonl").read_bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millrace", required=True)
    parser.add_argument("--plugins")
    parser.add_argument("data", nargs="?")
    options = parser.parse_args()
    data = sql.data_folder([options.data] if options.data else [])
    missing = [job["path"] for job in JOBS.values() if not (data / job["path"]).exists()]
    if missing:
        print(f"SKIPPED: no {' and no '.join(missing)} in {data}", file=sys.stderr)
        return 77
    failed = 0
    for name, job in JOBS.items():
        with tempfile.TemporaryDirectory(prefix="millrace-recorded-") as work:
            found = complaints(play.Program(options.millrace, options.plugins), job, (data / job["path"]).resolve(), pathlib.Path(work))
        failed += bool(found)
        print(f"{name}: " + ("\n  ".join(["FAILED", *found]) if found else "equal"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
