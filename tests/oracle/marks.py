"""The log as the rules see it: one order of all inputs (R22), and the watermark after each of its steps (R9, R10, R15).

A step is one record with a usable time, or the proven end of one source (`row` is None), or the start of a run (`source` ""). Ends stand right behind the last
record of their source, because a merge asks whether an input is at its end before it takes from the others.
A log that grew between two runs has two parts; the second begins at the W that stood before the first end (R20).
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
    lines: list                                   # per run the lines that came
    rows: list = field(default_factory=list)      # per run those with a usable time
    errors: int = 0

    def read(self):
        """R14: a record that is broken or has no usable time leaves here and moves nothing."""
        for lines in self.lines:
            found = [self.row(line) for line in lines]
            self.rows.append([row for row in found if row is not None])
            self.errors += found.count(None)
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
        return {"records": sum(map(len, self.lines)), "errors": self.errors, "skipped": 0}


@dataclass
class Step:
    source: str
    row: object
    run: int


@dataclass
class Stream:
    """What one source or operator puts out: per step its rows, and W after the step."""
    rows: list
    marks: list

    def before(self, step):
        """W as it stood just before the step (R10)."""
        return self.marks[step - 1] if step else NONE


def merged(sources):
    """All steps, run after run."""
    runs = zip(*(source.rows for source in sources))
    names = [source.name for source in sources]
    return [step for number, run in enumerate(runs) for step in merged_run(number, names, run)]


def merged_run(run, names, rows_of):
    """R22: by (event time of the head, order in the configuration)."""
    heads = [0] * len(names)
    steps = [Step("", None, run)] + [Step(name, None, run) for name, mine in zip(names, rows_of) if not mine]
    while True:
        ready = [(mine[head].at, number) for number, (mine, head) in enumerate(zip(rows_of, heads)) if head < len(mine)]
        if not ready:
            return steps
        number = min(ready)[1]
        steps.append(Step(names[number], rows_of[number][heads[number]], run))
        heads[number] += 1
        if heads[number] == len(rows_of[number]):
            steps.append(Step(names[number], None, run))


def stream_of(source, steps):
    """R9: w = max_ts - B over everything read so far, by definition; MAX at the end of a run, which is not stored (R20)."""
    times, found = [], Stream([], [])
    runs_ended = 0
    for step in steps:
        mine = step.source == source.name
        found.rows.append([step.row] if mine and step.row else [])
        runs_ended += mine and step.row is None
        if mine and step.row:
            times.append(step.row.at)
        ended = runs_ended > step.run
        found.marks.append(END if ended else max(times) - source.b if times else NONE)
    return found


def union(streams):
    """R15: W is the minimum over the inputs and never falls, but for the end, which is not stored (R20). An input at its
    end is not active and holds nothing back. Rows of one step in the order of `from` (R50)."""
    marks, w = [], NONE
    for mark in map(min, zip(*(one.marks for one in streams))):
        w = w if mark == END else max(w, mark)
        marks.append(END if mark == END else w)
    return Stream([sum(parts, []) for parts in zip(*(one.rows for one in streams))], marks)


def held_back(mark, by):
    """R19: W_out = W - L; the end stays the end, nothing stays nothing (R1 saturates)."""
    return mark if mark in (NONE, END) else mark - by
