"""Windows aligned to records (R5), difference D, by definition. Per group: each used record at t has the left window
[t - D, t + 1) and, once it holds a record, the right window [t + 1, t + D + 2). Two with one range are one window."""
from dataclasses import dataclass

import rows
from windowed import Windowed


@dataclass
class Used:
    at: int
    values: dict
    mark: int    # W as it stood when the record came
    step: int


class Sliding(Windowed):
    """`kind` is the difference D."""

    def __init__(self, config):
        super().__init__(config)
        self.used = {}    # group -> records

    def kind_of(self, window):
        return rows.duration_us(window["sliding_by_record"])

    def left(self, at):
        return at - self.kind, at + 1

    def right(self, at):
        return at + 1, at + self.kind + 2

    def place(self, row, group, mark):
        """R12 over the windows that hold the record: its own left one, and those of records that came before it."""
        there = self.used.setdefault(group, [])
        holding = {self.left(row.at)} | {window for other in there for window in (self.left(other.at), self.right(other.at))
                                         if window[0] <= row.at < window[1]}
        still = [window for window in holding if self.open(window[1], mark)]
        if not still:
            self.dropped(row)
            return
        self.counts["used"] += 1
        self.counts["late_partial"] += len(still) < len(holding)
        there.append(Used(row.at, row.values, mark, self.step))

    def ends(self):
        return [window[1] for found in self.used.values() for one in found for window in (self.left(one.at), self.right(one.at))
                if any(window[0] <= other.at < window[1] for other in found)]

    def released(self, inputs):
        for group, found in self.used.items():
            for one in found:
                for window in (self.left(one.at), self.right(one.at)):
                    self.fill(window, group, one, found)
        return super().released(inputs)

    def fill(self, window, group, owner, found):
        """A record is dropped from the windows that were closed when it came; so is the window of a record itself."""
        members = [one for one in found if window[0] <= one.at < window[1] and self.was_open(window, one.mark)]
        if members and self.was_open(window, owner.mark):
            self.tables[window, group] = [one.values for one in members]
            self.fed[window, group] = max(one.step for one in members)

    def was_open(self, window, mark):
        return mark < window[1] + self.lateness
