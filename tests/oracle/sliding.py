"""Windows aligned to records (R5), difference D, by definition. Per group: each used record at t has the left window
[t - D, t + 1) and, once it holds a record, the right window [t + 1, t + D + 2). Two with one range are one window."""
from dataclasses import dataclass

import rows
from windowed import Windowed


@dataclass
class Used:
    at: int
    values: dict
    mark: int           # W as it stood when the record came
    closed_upto: int    # and what the end of an earlier run had closed (R20)
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
        there.append(Used(row.at, row.values, mark, self.closed_upto, self.step))

    def ends(self):
        return [end for group in self.used for _, end in self.windows(group)]

    def windows(self, group):
        """All windows of the group that ever held a record, with those that they hold. A record is dropped from the
        windows that were closed when it came; so is the window of a record itself."""
        found, owned = self.used[group], {}
        for one in found:
            for window in (self.left(one.at), self.right(one.at)):
                if self.was_open(window, one):
                    owned[window] = [other for other in found if window[0] <= other.at < window[1] and self.was_open(window, other)]
        return {window: members for window, members in owned.items() if members}

    def was_open(self, window, one):
        return one.mark < window[1] + self.lateness and window[1] > one.closed_upto

    def released(self, inputs):
        for group in self.used:
            for window, members in self.windows(group).items():
                self.tables[window, group] = [one.values for one in members]
                self.fed[window, group] = max(one.step for one in members)
        return super().released(inputs)
