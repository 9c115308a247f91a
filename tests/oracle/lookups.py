"""A stream joined with a table as of the event time, by definition (R31): every version of every key is kept.

A stream record waits until the table's W is behind it; then the newest version with version_ts <= t answers, of equal
times the one that came later. A record behind W - H of its own stream is late. A deleted key is forgotten with all its
versions once W - H, of the records that wait too, and the table's W are behind the deletion.
"""
import expressions
import marks
import rows


class Table:
    """An operator with `table`: hands its stream through; a NULL key is an error of the record (R29)."""

    def __init__(self, config):
        self.key = config["table"]["key"]
        self.gone = expressions.value_of(config["table"]["delete"])
        self.late, self.ledger = [], {}

    def run(self, inputs):
        kept = [[row for row in step if None not in self.key_of(row)] for step in inputs.rows]
        came = sum(map(len, inputs.rows))
        self.ledger = {"in": came, "errors": came - sum(map(len, kept))}
        return marks.Stream(kept, inputs.marks)

    def key_of(self, row):
        return [row.values.get(name) for name in self.key]


class Lookup:
    def __init__(self, config, table):
        join = config["join"]
        self.names, self.table, self.type = [config["from"], join["with"]], table, join.get("type", "inner")
        self.on, self.history = join["on"], rows.duration_us(join.get("keep", "0s"))
        self.select = expressions.columns(config["select"])
        self.versions, self.waiting, self.late, self.out, self.ledger = [], [], [], [], {}

    def run(self, stream, table):
        came, behind, stood = 0, [], [marks.NONE, marks.NONE]
        for step, mark in enumerate(stream.marks):
            self.out.append([])
            self.versions += table.rows[step]
            for row in stream.rows[step]:
                came += 1
                self.take(row, stream.before(step), table.before(step))
            self.release(table.marks[step])
            stood = [max(w, one.marks[step]) if one.marks[step] != marks.END else w for w, one in zip(stood, (stream, table))]
            self.forget_deleted(*stood)
            behind.append(min([mark, *(row.at for row in self.waiting)]))    # R19
        self.ledger = {"late": len(self.late), "out": sum(map(len, self.out))}
        return marks.Stream(self.out, behind)

    def take(self, row, mark, table_mark):
        if row.at < marks.held_back(mark, self.history):
            self.late.append(row)
        elif row.at < table_mark:
            self.answer(row)
        else:
            self.waiting.append(row)

    def release(self, table_mark):
        for row in sorted((row for row in self.waiting if row.at < table_mark), key=lambda row: row.at):
            self.waiting.remove(row)
            self.answer(row)

    def forget_deleted(self, mark, table_mark):
        bound = marks.held_back(min([mark, *(row.at for row in self.waiting)]), self.history)
        newest = {}
        for one in self.versions:
            key = str(self.table.key_of(one))
            if key not in newest or one.at >= newest[key].at:
                newest[key] = one
        gone = {key for key, one in newest.items()
                if self.table.gone(one.values) is True and one.at <= bound and one.at < table_mark}
        self.versions = [one for one in self.versions if str(self.table.key_of(one)) not in gone]

    def version_for(self, row):
        """Of the versions of its key the newest one that is not younger than it, of equal times the one that came later."""
        there = [(one.at, place, one) for place, one in enumerate(self.of_key(row)) if one.at <= row.at]
        return max(there, key=lambda item: item[:2])[2] if there else None

    def of_key(self, row):
        key = [row.values.get(name) for name in self.on]
        return [one for one in self.versions if None not in key and self.table.key_of(one) == key]

    def answer(self, row):
        found = self.version_for(row)
        if found is not None and self.table.gone(found.values) is True:
            found = None
        if self.type == "left" or (self.type == "anti") == (found is None):
            values = {f"{name}.{field}": value for name, one in zip(self.names, (row, found)) if one
                      for field, value in one.values.items()}
            self.out[-1].append(expressions.selected(self.select, values, row.at))


class Latest(Lookup):
    """`latest`: whatever its time, a row is answered as it comes, by the version that came last. Nothing waits, nothing is late."""

    def take(self, row, mark, table_mark):
        self.answer(row)

    def version_for(self, row):
        return next(reversed(self.of_key(row)), None)

    def forget_deleted(self, mark, table_mark):
        """A deleted row answers as none."""
