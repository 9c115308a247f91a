"""A window operator in append mode, by definition: lateness per record and window (R10-R13), closing (R11, R20), rows
(contract §4), output watermark and row time (R19), ledger (R48). Every record is kept until the end."""
import expressions
import marks
import rows
import windows


class Windowed:
    def __init__(self, config):
        self.kind = self.kind_of(config["window"])
        self.lateness = rows.duration_us(config.get("allowed_lateness", "0s"))
        self.filter = expressions.value_of(config["filter"]) if "filter" in config else lambda row: True
        self.groups = expressions.columns(config.get("group_by", []))
        self.select = config["select"]
        self.late, self.tables = [], {}
        self.names, self.raw, self.key_names = ["window_start", "window_end", *self.groups, *self.select], False, None
        self.fed = {}                      # (window, group) -> the last step that fed it
        self.step, self.closed_upto = 0, marks.NONE
        self.counts = dict.fromkeys(("in", "used", "late", "late_partial", "filtered"), 0)
        self.ledger = {}

    def open(self, end, mark):
        """R11; R20: what the end of an earlier run closed stays closed, though W stands before that end again."""
        return mark < end + self.lateness and end > self.closed_upto

    def ended(self):
        """The end of a run."""

    def ends(self):
        return [window[1] for window, _ in self.tables]

    def kind_of(self, window):
        return windows.kind_of(window)

    def run(self, inputs):
        for self.step, came in enumerate(inputs.rows):
            for row in came:
                self.counts["in"] += 1
                self.judge(row, inputs.before(self.step))
            if inputs.marks[self.step] == marks.END:
                self.closed_upto = max([self.closed_upto, *self.ends()])
                self.ended()
        out = marks.Stream(self.released(inputs), [marks.held_back(mark, self.lateness) for mark in inputs.marks])
        self.ledger = {**self.counts, "rows": self.counts["in"], "duplicates": 0, "errors": 0, "out": sum(map(len, out.rows))}
        return out

    def judge(self, row, mark):
        if self.filter(row.values) is not True:
            self.counts["filtered"] += 1
            return
        self.place(row, tuple(value(row.values) for value in self.groups.values()), mark)

    def place(self, row, group, mark):
        """R12: late for a window iff W >= e + L; late iff late for all."""
        all_windows = self.kind.of(row.at)
        open_windows = [window for window in all_windows if self.open(window[1], mark)]
        if not open_windows:
            self.dropped(row)
            return
        self.counts["used"] += 1
        self.counts["late_partial"] += len(open_windows) < len(all_windows)
        for window in open_windows:
            self.tables.setdefault((window, group), []).append(row.values)
            self.fed[window, group] = self.step

    def dropped(self, row):
        self.counts["late"] += 1
        self.late.append(row)

    def released(self, inputs):
        """R11: each window at the first step whose W reaches e + L; rows of a step by (end, start, group) (R49)."""
        steps = [[] for _ in inputs.marks]
        for (start, end), group in sorted(self.tables, key=lambda key: (key[0][1], key[0][0], expressions.ordered(key[1]))):
            fed = self.fed[(start, end), group]
            step = next(number for number, mark in enumerate(inputs.marks) if number >= fed and mark >= end + self.lateness)
            steps[step].append(self.result(start, end, group))
        return steps

    def result(self, start, end, group):
        """R19: the row's time is e - 1."""
        members = self.tables[(start, end), group]
        values = {"window_start": rows.Time(start), "window_end": rows.Time(self.shown(end))}
        values.update(zip(self.groups, group))
        values.update((name, expressions.aggregate_of(text, members)) for name, text in self.select.items())
        line = rows.format_row((name, rows.format_value(value)) for name, value in values.items())
        return marks.Row(values, line.encode(), end - 1)

    def shown(self, end):
        """window_end as rows say it, for the exclusive end."""
        return end
