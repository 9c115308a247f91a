"""A stateless operator with an event time of its own (R41): rows get the time in a field of what leaves the operator, and a
watermark per source is made from those times. All rows of one step see W as it stood before the step."""
import marks
import rows
from stateless import Stateless


class Retimed(Stateless):
    def __init__(self, config, upstream, steps, sources):
        super().__init__(config, upstream)
        time_of = config["event_time"]
        self.field, self.unit = time_of["field"], time_of["unit"]
        self.b = rows.duration_us(time_of.get("out_of_orderness", "0s"))
        self.steps, self.sources = steps, sources

    def run(self, inputs):
        passed = super().run(inputs)
        timed = [[self.timed(row) for row in step] for step in passed.rows]
        usable = [[row for row in step if row.at is not None] for step in timed]
        errors = sum(map(len, timed)) - sum(map(len, usable))
        self.ledger.update(used=self.ledger["used"] - errors, errors=errors, out=self.ledger["out"] - errors)
        return marks.Stream(usable, self.watermarks(usable))

    def timed(self, row):
        return marks.Row(row.values, row.line, rows.time_us(row.values.get(self.field), self.unit))

    def watermarks(self, usable):
        """R9, R15, R20: per source the largest time so far; a source at its end holds nothing back, and no end is stored."""
        found, w = [], marks.NONE
        times = {name: [] for name in self.sources}
        ended = dict.fromkeys(self.sources, 0)
        for step, came in zip(self.steps, usable):
            if step.source in times:
                times[step.source] += [row.at for row in came]
                ended[step.source] += step.row is None
            held = [max(mine) - self.b if mine else marks.NONE for name, mine in times.items() if ended[name] <= step.run]
            w = max(w, min(held)) if held else w
            found.append(w if held else marks.END)
        return found
