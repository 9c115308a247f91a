"""Dedupe by definition (R33). A round is what one id does from its first record until it is forgotten: a record is a
duplicate iff t <= t_first + D of the round. Forgetting cannot show otherwise: an on-time record of a forgotten id lies
behind t_first + D."""
import expressions
import marks
import rows


class Round:
    def __init__(self, ident, row, place):
        self.ident, self.first, self.last, self.row, self.place, self.told = ident, row.at, row.at, row, place, False


class Deduped:
    def __init__(self, config):
        dedupe = config["dedupe"]
        self.by, self.keep, self.which = dedupe["by"], rows.duration_us(dedupe["keep"]), dedupe.get("which", "first")
        self.lateness = rows.duration_us(config.get("allowed_lateness", "0s"))
        self.select = expressions.columns(config["select"]) if "select" in config else None
        self.rounds, self.late, self.out, self.duplicates, self.ledger = [], [], [], 0, {}

    def run(self, inputs):
        came = 0
        for step, mark in enumerate(inputs.marks):
            self.out.append([])
            for row in inputs.rows[step]:
                came += 1
                self.take(row, inputs.before(step))
            if self.which == "last":
                self.hand_out(marks.held_back(mark, self.lateness + self.keep))
        self.ledger = {"in": came, "rows": came, "used": came - len(self.late) - self.duplicates, "late": len(self.late),
                       "late_partial": 0, "filtered": 0, "duplicates": self.duplicates, "errors": 0, "out": sum(map(len, self.out))}
        behind = self.lateness + (self.keep if self.which == "last" else 0)
        return marks.Stream(self.out, [marks.held_back(mark, behind) for mark in inputs.marks])

    def take(self, row, mark):
        if row.at < marks.held_back(mark, self.lateness):
            self.late.append(row)
            return
        ident = [row.values.get(name) for name in self.by]
        mine = next((one for one in self.rounds if one.ident == ident and row.at <= one.first + self.keep), None)
        if mine is None:
            self.rounds.append(Round(ident, row, len(self.rounds)))
            if self.which == "first":
                self.put(row)
            return
        self.duplicates += 1
        if row.at >= mine.last:
            mine.last, mine.row = row.at, row

    def hand_out(self, bound):
        """Forgotten iff W - L > t_first + D; by (t_first, order of the log)."""
        due = [one for one in self.rounds if not one.told and one.first < bound]
        for one in sorted(due, key=lambda one: (one.first, one.place)):
            one.told = True
            self.put(one.row)

    def put(self, row):
        self.out[-1].append(row if self.select is None else expressions.selected(self.select, row.values, row.at))
