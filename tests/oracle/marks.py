"""The log as the rules see it: one order of all inputs (R22), and the watermark after each of its steps (R9, R10, R15).

A step is one record with a usable time, or the proven end of one source (`row` is None). Ends stand right behind the last
record of their source, because a merge asks whether an input is at its end before it takes from the others.
"""
from dataclasses import dataclass, field

import rows

NONE, END = -10**30, 10**30    # R1: no watermark yet; the end


@dataclass
class Row:
    """What flows between operators: named values, the text as it came, event time in µs."""
    values: dict
    line: bytes
    at: int


@dataclass
class Source:
    name: str
    field: str
    unit: str
    b: int
    lines: list
    rows: list = field(default_factory=list)
    errors: int = 0

    def read(self):
        """R14: a record that is broken or has no usable time leaves here and moves nothing."""
        for line in self.lines:
            row = self.row(line)
            if row is None:
                self.errors += 1
            else:
                self.rows.append(row)
        return self

    def row(self, line):
        try:
            value = rows.parse_record(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict):
            return None
        at = rows.time_us(value.get(self.field), self.unit)
        return None if at is None else Row(value, line, at)

    def ledger(self):
        return {"records": len(self.lines), "errors": self.errors, "skipped": 0}


@dataclass
class Step:
    source: str
    row: object


@dataclass
class Stream:
    """What one source or operator puts out: per step its rows, and W after the step."""
    rows: list
    marks: list

    def before(self, step):
        """W as it stood just before the step (R10)."""
        return self.marks[step - 1] if step else NONE


def merged(sources):
    """R22: by (event time of the head, order in the configuration)."""
    heads = [0] * len(sources)
    steps = [Step(source.name, None) for source in sources if not source.rows]
    while True:
        ready = [(source.rows[head].at, number) for number, (source, head) in enumerate(zip(sources, heads))
                 if head < len(source.rows)]
        if not ready:
            return steps
        number = min(ready)[1]
        source = sources[number]
        steps.append(Step(source.name, source.rows[heads[number]]))
        heads[number] += 1
        if heads[number] == len(source.rows):
            steps.append(Step(source.name, None))


def stream_of(source, steps):
    """R9: w = max_ts - B over everything read so far, by definition; MAX at the end (R20)."""
    times, ended, found = [], False, Stream([], [])
    for step in steps:
        mine = step.source == source.name
        found.rows.append([step.row] if mine and step.row else [])
        ended = ended or mine and step.row is None
        if mine and step.row:
            times.append(step.row.at)
        found.marks.append(END if ended else max(times) - source.b if times else NONE)
    return found


def union(streams):
    """R15: W is the minimum over the inputs. Rows of one step in the order of `from` (R50)."""
    return Stream([sum(parts, []) for parts in zip(*(one.rows for one in streams))],
                  [min(marks) for marks in zip(*(one.marks for one in streams))])


def held_back(mark, by):
    """R19: W_out = W - L; the end stays the end, nothing stays nothing (R1 saturates)."""
    return mark if mark in (NONE, END) else mark - by
