"""A window operator in complete mode (R26): at each trigger (those of R25) the whole result, framed: every window that holds a
record, closed ones included as they were, by (end, start, group). With `retain` a closed window leaves it once
W >= e + L + retain; the end of input takes none away, and shows only what is new."""
import expressions
import marks
import rows
from sessions import Sessions
from sliding import Sliding
from windowed import Windowed


class Snapshots:
    """Put in front of a class that decides which windows there are."""

    def __init__(self, config):
        super().__init__(config)
        emit = config["emit"]["complete"] if isinstance(config["emit"], dict) else {}
        self.every = rows.duration_us(emit["every"]) if "every" in emit else None
        self.retain = rows.duration_us(emit["retain"]) if "retain" in emit else None
        self.running, self.changed, self.number, self.dropped_upto = None, False, 0, marks.NONE

    def run(self, inputs):
        self.frames, self.marks = [[] for _ in inputs.rows], inputs.marks
        return super().run(inputs)

    def judge(self, row, mark):
        used = self.counts["used"]
        super().judge(row, mark)
        self.changed = self.changed or self.counts["used"] > used
        if self.every is None:
            if self.counts["used"] > used:
                self.snapshot(mark)
            return
        crosses = self.running is not None and row.at // self.every > self.running // self.every
        self.running = row.at if self.running is None else max(self.running, row.at)
        if crosses:
            self.snapshot(self.marks[self.step])

    def ended(self):
        if self.every is not None and self.changed:
            self.snapshot(marks.END)

    def snapshot(self, mark):
        self.changed = False
        self.number += 1
        if self.retain is not None and mark != marks.END:
            self.dropped_upto = max(self.dropped_upto, mark - self.lateness - self.retain)
        shown = {key: members for key, members in self.windows_now().items() if key[0][1] > self.dropped_upto}
        self.tables = shown
        found = [self.result(*window, group) for window, group in
                 sorted(shown, key=lambda key: (key[0][1], key[0][0], expressions.ordered(key[1])))]
        self.tables = self.kept_tables
        self.frames[self.step] += [self.frame("begin"), *found, self.frame("end", rows=len(found))]

    def frame(self, what, **more):
        line = rows.format_row((name, rows.format_value(value)) for name, value in
                               {"snapshot": self.number, what: True, **more}.items())
        return marks.Row({}, line.encode(), self.number)

    def windows_now(self):
        """{((start, end), group): members} of all that hold a record."""
        self.kept_tables = self.tables
        return dict(self.tables)

    def released(self, inputs):
        return self.frames


class CompletedSessions(Snapshots, Sessions):
    def windows_now(self):
        self.kept_tables = {}
        return {((one.first, self.end(one)), group): one.members for group, found in self.sessions.items() for one in found}


class CompletedSliding(Snapshots, Sliding):
    def windows_now(self):
        self.kept_tables = {}
        return {(window, group): [one.values for one in members]
                for group in self.used for window, members in self.windows(group).items()}


class CompletedWindows(Snapshots, Windowed):
    pass


def completed(window):
    special = {"session": CompletedSessions, "sliding_by_record": CompletedSliding}
    return next((kind for name, kind in special.items() if name in window), CompletedWindows)
