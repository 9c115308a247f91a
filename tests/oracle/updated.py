"""A window operator in update mode (R25): one upsert per record and window that it changes, in log order, or with `every` at
each trigger one per window changed since the last; nothing that equals the row sent last (R28); one row with `final` at
close (R11). Identity is (group, window_start), for cumulative also window_end; starts that vanish are deleted first (R7)."""
import expressions
import rows
from sessions import Sessions
from sliding import Sliding
from tables import Change
from windowed import Windowed


class Updates:
    """Put in front of a class that decides which windows there are. `changed` says which a record changed."""

    def __init__(self, config):
        super().__init__(config)
        ends = ["window_end"] if self.end_in_identity() else []
        self.key_names = ["window_start", *ends, *self.groups]
        self.names = ["window_start", "window_end", *self.groups, *self.select, "final"]
        emit = config["emit"]
        self.every = rows.duration_us(emit["update"]["every"]) if isinstance(emit, dict) else None
        self.running = None               # largest event time that came: what `every` goes by
        self.sent = {}                    # identity -> the line that readers have
        self.pending, self.gone = {}, []  # since the last trigger: (group, window) -> members; starts that vanished
        self.vanished = []                # since the last record

    def run(self, inputs):
        self.revised, self.marks = [[] for _ in inputs.rows], inputs.marks
        return super().run(inputs)

    def judge(self, row, mark):
        super().judge(row, mark)
        if self.every is None:
            return
        crosses = self.running is not None and row.at // self.every > self.running // self.every
        self.running = row.at if self.running is None else max(self.running, row.at)
        if crosses:
            self.trigger(self.marks[self.step])

    def place(self, row, group, mark):
        used = self.counts["used"]
        super().place(row, group, mark)
        if self.counts["used"] == used:
            return
        changed = self.changed(row, group, mark)
        self.gone += self.vanished
        self.vanished.clear()
        if self.every is None:
            self.revised[self.step] += self.deletes(self.gone) + self.upserts(changed)
            self.gone = []
        else:
            self.pending.update(changed)

    def trigger(self, mark):
        """What the record closed has sent its last row already, or sends it in this step."""
        changed = {key: members for key, members in self.pending.items() if self.open(key[1][1], mark)}
        due = [one for one in self.gone if self.open(self.survivor(*one)[1], mark)]
        self.pending, self.gone = {}, [one for one in self.gone if one not in due]
        self.revised[self.step] += self.deletes(due) + self.upserts(changed)

    def survivor(self, start, group):
        """The window that holds what began at `start` now."""
        raise NotImplementedError

    def deletes(self, gone):
        """In start order; only of what readers have."""
        found = []
        for start, group in sorted(gone, key=lambda one: (one[0], expressions.ordered(one[1]))):
            if self.sent.pop((start, None, group), None) is None:
                continue
            names = ["window_start", "window_end", *self.groups, *self.select, "final"]
            values = {"op": "delete", **dict.fromkeys(names), "window_start": rows.Time(start), **dict(zip(self.groups, group))}
            found.append(Change(values, self.line(values), start, tuple(values[name] for name in self.key_names), True))
        return found

    def upserts(self, changed):
        found = []
        for (group, (start, end)), members in sorted(changed.items(), key=lambda one: (one[0][1][::-1], expressions.ordered(one[0][0]))):
            self.tables[(start, end), group] = members
            upsert = self.ending(super().result(start, end, group), False)
            if self.sent.get(self.identity(start, end, group)) != upsert.line:
                found.append(upsert)
            self.sent[self.identity(start, end, group)] = upsert.line
        return found

    def identity(self, start, end, group):
        return start, end if self.end_in_identity() else None, group

    def end_in_identity(self):
        return False

    def released(self, inputs):
        """The upserts of a record stand before the rows of the windows that it closes; those of a trigger behind them."""
        self.tables = {key: members for key, members in self.tables.items() if key in self.fed}
        last = super().released(inputs)
        for step, gone in self.closed_with(inputs).items():
            last[step] = self.deletes(gone) + last[step]
        return [final + first if self.every else first + final for first, final in zip(self.revised, last)]

    def closed_with(self, inputs):
        """Starts that vanished into windows that closed before the next trigger, by the step that closed those."""
        found = {}
        for one in self.gone:
            window = self.survivor(*one)
            step = next(number for number, mark in enumerate(inputs.marks)
                        if number >= self.fed[window, one[1]] and mark >= window[1] + self.lateness)
            found.setdefault(step, []).append(one)
        return found

    def result(self, start, end, group):
        return self.ending(super().result(start, end, group), True)

    def ending(self, row, final):
        values = {**row.values, "final": final}
        return Change(values, self.line(values), row.at, tuple(values[name] for name in self.key_names))

    def line(self, values):
        return rows.format_row((name, rows.format_value(value)) for name, value in values.items()).encode()


class UpdatedWindows(Updates, Windowed):
    def changed(self, row, group, mark):
        open_windows = [window for window in self.kind.of(row.at) if self.open(window[1], mark)]
        return {(group, window): list(self.tables[window, group]) for window in open_windows}

    def end_in_identity(self):
        return type(self.kind).__name__ == "Cumulative"


class UpdatedSessions(Updates, Sessions):
    def changed(self, row, group, mark):
        """A session that was changed before and swallowed now waits no more."""
        one = self.candidate
        self.pending = {key: members for key, members in self.pending.items()
                        if key[0] != group or not one.first <= key[1][0] <= one.last}
        return {(group, (one.first, self.end(one))): one.members}

    def survivor(self, start, group):
        """Which swallowed it last: one that an end of input closed may lie over the same times (R20)."""
        last = max((one for one in self.sessions[group] if start in one.swallowed), key=lambda one: one.step)
        return last.first, self.end(last)


class UpdatedSliding(Updates, Sliding):
    def place(self, row, group, mark):
        self.before = self.held(group) if group in self.used else {}
        super().place(row, group, mark)

    def held(self, group):
        return {window: [one.values for one in members] for window, members in self.windows(group).items()}

    def changed(self, row, group, mark):
        """Of all windows of the group those that hold something else now, or are new: so is the one behind the record."""
        return {(group, window): members for window, members in self.held(group).items()
                if self.open(window[1], mark) and members != self.before.get(window)}


def updated(window):
    special = {"session": UpdatedSessions, "sliding_by_record": UpdatedSliding}
    return next((kind for name, kind in special.items() if name in window), UpdatedWindows)
