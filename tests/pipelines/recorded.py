#!/usr/bin/env python3
"""The main job over recorded data: what millrace writes must equal what SQLite answers (tests/oracle/sql.py).

  recorded.py --millrace build/bin/millrace --plugins build/plugins [DATA]

DATA as in tests/oracle/sql.py. Exit 77, "skipped", when the data is not there; 1 on a difference.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "oracle")]

import compare    # noqa: E402
import play    # noqa: E402
import sql    # noqa: E402

# Disorder of recentchange is a minute at most; the window must not lose what SQL counts.
JOBS = {
    "channels": {
        "schema": {"isRobot": "bool", "channel": "text", "delta": "int8"}, "filter": 'not "isRobot"',
        "event_time": {"field": "time", "unit": "rfc3339", "out_of_orderness": "0s"},
        "group_by": ["channel"], "select": {"edits": "count(*)", "bytes": "sum(delta)"}},
    "wikis": {
        "schema": {"bot": "bool", "type": "text", "wiki": "text", "length.new": "int8", "length.old": "int8"},
        "filter": "not bot and type = 'edit'",
        "event_time": {"field": "timestamp", "unit": "s", "out_of_orderness": "10m"},
        "group_by": ["wiki"], "select": {"edits": "count(*)", "bytes": "sum(length.new - length.old)"}},
}


def pipeline(name, job, path):
    source = {"plugin": "file", "path": str(path), "schema": job["schema"], "event_time": job["event_time"]}
    operator = {"from": "edits", "filter": job["filter"], "window": {"tumbling": "1m"}, "group_by": job["group_by"],
                "select": job["select"]}
    return {"pipeline": name, "sources": {"edits": source}, "operators": {"per_minute": operator},
            "sinks": {"out": {"from": "per_minute", "plugin": "file", "path": "out.jsonl"}}}


def complaints(program, name, data, work):
    path = (data / "wikipedia" / sql.FILES[name]).resolve()
    (work / "pipeline.json").write_text(json.dumps(pipeline(name, JOBS[name], path)), encoding="utf-8")
    code = play.wait(program.start(work, "--fresh"))
    if code != 0:
        return [play.failure(work, code)]
    asked = subprocess.run([sys.executable, FOLDER.parent / "oracle" / "sql.py", name, data], check=True, capture_output=True)
    return compare.byte_difference("out.jsonl", asked.stdout, (work / "out.jsonl").read_bytes())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millrace", required=True)
    parser.add_argument("--plugins")
    parser.add_argument("data", nargs="?")
    options = parser.parse_args()
    data = sql.data_folder([options.data] if options.data else [])
    missing = [name for name in JOBS if not (data / "wikipedia" / sql.FILES[name]).exists()]
    if missing:
        print(f"SKIPPED: no recorded data for {', '.join(missing)} in {data}", file=sys.stderr)
        return 77
    failed = 0
    for name in JOBS:
        with tempfile.TemporaryDirectory(prefix="millrace-recorded-") as work:
            found = complaints(play.Program(options.millrace, options.plugins), name, data, pathlib.Path(work))
        failed += bool(found)
        print(f"{name}: " + ("\n  ".join(["FAILED", *found]) if found else "equal"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
