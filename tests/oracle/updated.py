"""A window operator in update mode (R25): one upsert per record and window that it changes, in log order, compared
with the row sent last (R28), and one row with `final` at close (R11). Identity is (group, window_start), for cumulative also window_end, so nothing is deleted here."""
import rows
from tables import Change
from windowed import Windowed


class Updated(Windowed):
    def __init__(self, config):
        super().__init__(config)
        ends = ["window_end"] if "cumulative" in config["window"] else []
        self.key_names = ["window_start", *ends, *self.groups]
        self.names = ["window_start", "window_end", *self.groups, *self.select, "final"]

    def run(self, inputs):
        self.upserts = [[] for _ in inputs.rows]
        self.sent = {}
        return super().run(inputs)

    def place(self, row, group, mark):
        """What the record changed, at once; windows of one record by (end, start) like all rows."""
        super().place(row, group, mark)
        changed = [window for window in self.kind.of(row.at) if self.open(window[1], mark)]
        for start, end in sorted(changed, key=lambda window: (window[1], window[0])):
            upsert = self.ending(super().result(start, end, group), False)
            if self.sent.get((start, end, group)) != upsert.line:
                self.upserts[self.step].append(upsert)
            self.sent[start, end, group] = upsert.line

    def released(self, inputs):
        """The upserts of a record stand before the rows of the windows that it closes."""
        return [first + last for first, last in zip(self.upserts, super().released(inputs))]

    def result(self, start, end, group):
        return self.ending(super().result(start, end, group), True)

    def ending(self, row, final):
        values = {**row.values, "final": final}
        line = rows.format_row((name, rows.format_value(value)) for name, value in values.items())
        return Change(values, line.encode(), row.at, tuple(values[name] for name in self.key_names))
