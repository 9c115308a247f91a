"""Joins of two streams by definition (R32): every record is kept, and each new one asks all of them.

A left record lives until W >= t + after + 1 + L, a right one until W >= t + before + 1 + L. It probes always and is kept
only while alive; no match and its life over when it comes = late. What an outer join pads is sent once, when that life ends.
"""
import expressions
import marks
import rows

LEFT, RIGHT = 0, 1


class Lived:
    """A record that came, with how often it matched."""

    def __init__(self, row, key, place, end, kept):
        self.row, self.key, self.place, self.end, self.kept = row, key, place, end, kept
        self.matched, self.told = False, not kept


class Joined:
    def __init__(self, config):
        join = config["join"]
        self.names = [config["from"], join["with"]]
        self.type = join.get("type", "inner")
        self.before, self.after = (rows.duration_us(join["within"][side]) for side in ("before", "after"))
        self.lateness = rows.duration_us(config.get("allowed_lateness", "0s"))
        self.life = [self.after + 1 + self.lateness, self.before + 1 + self.lateness]
        self.condition = expressions.JoinCondition(join["on"], self.names)
        self.select = expressions.columns(config["select"])
        self.pads = [self.type in ("left", "full", "anti"), self.type in ("right", "full")]
        self.seen, self.late, self.out, self.ledger = [[], []], [], [], {}

    def run(self, left, right):
        came = 0
        both = marks.union([left, right])
        for step, mark in enumerate(both.marks):
            self.out.append([])
            for side, stream in ((LEFT, left), (RIGHT, right)):
                for row in stream.rows[step]:
                    came += 1
                    self.take(side, row, both.before(step))
            self.end_up_to(mark)
            if mark == marks.END:
                self.end_all()
        self.ledger = {"in": came, "rows": came, "used": came - len(self.late), "late": len(self.late), "late_partial": 0,
                       "filtered": 0, "duplicates": 0, "errors": 0, "out": sum(map(len, self.out))}
        return marks.Stream(self.out, [marks.held_back(mark, max(self.before, self.after) + self.lateness) for mark in both.marks])

    def take(self, side, row, mark):
        mine = Lived(row, self.condition.key(row.values), len(self.seen[side]), row.at + self.life[side],
                     mark < row.at + self.life[side])
        partners = sorted((one for one in self.seen[1 - side] if one.kept and mark < one.end and self.match(side, mine, one)),
                          key=lambda one: (one.row.at, one.place))    # E30
        for one in partners:
            self.met(side, mine, one)
        if partners and side == LEFT and self.type == "semi":
            self.put(row.at, row, None)
        if not partners and not mine.kept:
            self.late.append(row)
        self.seen[side].append(mine)

    def match(self, side, mine, one):
        left, right = (mine, one) if side == LEFT else (one, mine)
        return (mine.key is not None and mine.key == one.key
                and left.row.at - self.before <= right.row.at <= left.row.at + self.after
                and self.condition.rest(left.row.values, right.row.values) is True)

    def met(self, side, mine, one):
        if self.type == "semi":
            if side == RIGHT and not one.matched:
                self.put(one.row.at, one.row, None)
        elif self.type != "anti":
            pair = (mine.row, one.row) if side == LEFT else (one.row, mine.row)
            self.put(max(mine.row.at, one.row.at), *pair)
        mine.matched = one.matched = True

    def end_up_to(self, mark):
        """R32: padded rows at the end of their record's life, by (that end, side, time, place)."""
        over = [(one.end, side, one.row.at, one.place, one) for side in (LEFT, RIGHT) if self.pads[side]
                for one in self.seen[side] if not one.matched and not one.told and one.end <= mark]
        for _, side, at, _, one in sorted(over, key=lambda item: item[:4]):
            one.told = True
            self.put(at, *((one.row, None) if side == LEFT else (None, one.row)))

    def end_all(self):
        """R20: what the end of a run ended stays so, though W stands before that end again in the next one."""
        for one in self.seen[LEFT] + self.seen[RIGHT]:
            one.end = marks.NONE

    def put(self, at, left, right):
        values = {f"{name}.{field}": value for name, row in zip(self.names, (left, right)) if row
                  for field, value in row.values.items()}
        self.out[-1].append(expressions.selected(self.select, values, at))
