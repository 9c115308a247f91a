#!/usr/bin/env python3
"""Brute-force oracle for tumbling windows: keeps every record and decides each question by its definition.

Rules: R3 windows, R9-R12 watermark and lateness, R14 unusable times, R20 end of input, R25/R47 integer sums
judged once, R48 ledger, R49 order. Written from the documents alone, slow on purpose, and never tuned.

A job is JSON:
  {"event_time": {"field": "timestamp", "unit": "s", "out_of_orderness": "5s", "max_future": "1h"},
   "tumbling": "1m", "offset": "0s", "allowed_lateness": "30s",
   "filter": "lambda r: r('type') == 'edit'",
   "group_by": ["wiki"]   or   {"name": "lambda r: …"},
   "select": {"edits": ["count"], "bytes": ["sum", "lambda r: minus(r('length.new'), r('length.old'))"]}}
r('a.b') is the value at a path, None if missing or null. Aggregates: count sum min max avg.
A lambda that raises makes its record an error of the operator.
"""
import argparse
import json
import pathlib
import sys
import time
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import rows    # noqa: E402

INT8_MIN, INT8_MAX = -2**63, 2**63 - 1


def minus(a, b):
    return None if a is None or b is None else a - b


def plus(a, b):
    return None if a is None or b is None else a + b


def times(a, b):
    return None if a is None or b is None else a * b


def compiled(text):
    return eval(text, {"minus": minus, "plus": plus, "times": times})    # the job is the test's own text


def reader(value):
    """r: path -> value inside one record."""
    def read(path):
        here = value
        for name in path.split("."):
            here = here.get(name) if isinstance(here, dict) else None
        return here
    return read


@dataclass
class Event:
    line: bytes
    at: int              # event time, µs
    before: object       # largest event time among all records before it, None if there is none
    read: object
    state: str = ""      # used, late, filtered, error
    group: tuple = ()


class Job:
    def __init__(self, text):
        given = json.loads(text) if isinstance(text, str) else text
        time_of = given["event_time"]
        self.field, self.unit = time_of["field"], time_of["unit"]
        self.b = rows.duration_us(time_of.get("out_of_orderness", "0s"))
        self.max_future = rows.duration_us(time_of.get("max_future", "1h"))
        self.bounds = [rows.time_us(one, "rfc3339") for one in time_of.get("bounds", [])]
        self.size, self.offset = rows.duration_us(given["tumbling"]), rows.duration_us(given.get("offset", "0s"))
        self.lateness = rows.duration_us(given.get("allowed_lateness", "0s"))
        self.filter = compiled(given["filter"]) if "filter" in given else lambda r: True
        groups = given.get("group_by", [])
        if isinstance(groups, list):
            groups = {name.split(".")[-1]: f"lambda r: r({name!r})" for name in groups}
        self.groups = {name: compiled(text) for name, text in groups.items()}
        self.select = {name: (one[0], compiled(one[1]) if len(one) > 1 else None)
                       for name, one in given["select"].items()}

    def usable(self, at):
        if at is None or at > time.time() * 10**6 + self.max_future:
            return False
        return not self.bounds or self.bounds[0] <= at < self.bounds[1]

    def window(self, at):
        """R3 with floor division toward minus infinity, which is what // does."""
        start = (at - self.offset) // self.size * self.size + self.offset
        return start, start + self.size


class Answer:
    """Everything the operator must put out for one input."""

    def __init__(self, job, lines):
        self.job = job
        self.records = self.used = self.late = self.filtered = self.errors = 0
        self.source_errors, self.result_errors, self.events = [], [], []
        self.read(lines)
        for event in self.events:
            self.judge(event)
        self.rows = list(self.result())

    def read(self, lines):
        largest = None
        for line in lines:
            self.records += 1
            try:
                value = rows.parse_record(line)
                if not isinstance(value, dict):
                    raise ValueError("not an object")
            except (ValueError, RecursionError):
                self.source_errors.append(line)
                continue
            read = reader(value)
            at = rows.time_us(read(self.job.field), self.job.unit)
            if not self.job.usable(at):
                self.source_errors.append(line)    # R14: it leaves here and moves nothing
                continue
            self.events.append(Event(line, at, largest, read))
            largest = at if largest is None else max(largest, at)

    def judge(self, event):
        job = self.job
        try:
            if job.filter(event.read) is not True:
                event.state = "filtered"
                self.filtered += 1
                return
            event.group = tuple(group(event.read) for group in job.groups.values())
        except (TypeError, ValueError, ArithmeticError):
            event.state = "error"
            self.errors += 1
            return
        end = job.window(event.at)[1]
        # R10, R12: against the watermark as it stood just before this record.
        late = event.before is not None and event.before - job.b >= end + job.lateness
        event.state = "late" if late else "used"
        self.late += late
        self.used += not late

    def result(self):
        """R20: the end closes all. Rows by (window_end, window_start, group)."""
        tables = {}
        for event in self.events:
            if event.state == "used":
                tables.setdefault((self.job.window(event.at), event.group), []).append(event)
        def order(key):
            (start, end), group = key
            return end, start, [rows.order_key(value) for value in group]
        for key in sorted(tables, key=order):
            row = self.row(key, tables[key])
            if row is not None:
                yield row

    def row(self, key, members):
        (start, end), group = key
        pairs = [("window_start", f'"{rows.format_time(start)}"'), ("window_end", f'"{rows.format_time(end)}"')]
        pairs += [(name, rows.format_value(value)) for name, value in zip(self.job.groups, group)]
        for name, (kind, of) in self.job.select.items():
            value = aggregate(kind, [of(member.read) if of else True for member in members])
            if type(value) is int and not INT8_MIN <= value <= INT8_MAX:
                self.result_errors.append({"window_start": rows.format_time(start), "group": group, "field": name})
                return None    # R47: that row leaves by .errors
            pairs.append((name, rows.format_value(value)))
        return rows.format_row(pairs)

    def ledger(self):
        return {"source": {"records": self.records, "errors": len(self.source_errors)},
                "operator": {"in": len(self.events), "rows": len(self.events), "used": self.used, "late": self.late,
                             "late_partial": 0, "filtered": self.filtered, "errors": self.errors,
                             "out": len(self.rows)},
                "result_errors": len(self.result_errors)}

    def late_lines(self):
        return [event.line for event in self.events if event.state == "late"]


def aggregate(kind, values):
    """In record order; NULLs do not count, and nothing but NULLs gives NULL (count: 0)."""
    values = [value for value in values if value is not None]
    if kind == "count":
        return len(values)
    if not values:
        return None
    if kind in ("min", "max"):
        return (min if kind == "min" else max)(values, key=rows.order_key)
    total = 0.0 if any(isinstance(value, float) for value in values) else 0
    for value in values:
        total += value
    return total if kind == "sum" else float(total) / len(values)


def split_lines(data):
    """Lines without their ends; a last line without one counts."""
    lines = data.split(b"\n")
    return lines[:-1] if lines[-1] == b"" else lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("--job", required=True, help="file with the job's JSON, or the JSON itself")
    parser.add_argument("--print", choices=("rows", "late", "errors", "ledger"), default="rows")
    options = parser.parse_args()
    text = options.job if options.job.lstrip().startswith("{") else pathlib.Path(options.job).read_text(encoding="utf-8")
    answer = Answer(Job(text), split_lines(pathlib.Path(options.input).read_bytes()))
    out = {"rows": [row.encode() for row in answer.rows], "late": answer.late_lines(), "errors": answer.source_errors,
           "ledger": [json.dumps(answer.ledger()).encode()]}[options.print]
    sys.stdout.buffer.write(b"".join(line + b"\n" for line in out))


if __name__ == "__main__":
    main()
