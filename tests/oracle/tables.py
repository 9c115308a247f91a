"""Tables by definition (R29, R30): every table is a dict that is changed row by row, and what is told is the difference
between before and after. Written from the rules alone; no state is kept that the rules do not name.

A change is a row with a key; one that deletes has only the key (contract, tables)."""
from dataclasses import dataclass

import expressions
import marks
import rows


@dataclass
class Change(marks.Row):
    key: tuple = ()
    deletes: bool = False


class Operator:
    """What all of them share: `take` gets one row and gives its changes; the ledger (R48)."""

    def __init__(self, config, upstream):
        self.upstream = upstream
        self.filter = expressions.value_of(config["filter"]) if "filter" in config else lambda row: True
        self.select = expressions.columns(config["select"]) if "select" in config else None
        self.sources_of = config.get("select") or {}
        self.names = list(self.select) if self.select else upstream.names
        self.raw = upstream.raw and self.select is None
        self.late = []
        self.counts = dict.fromkeys(("in", "used", "filtered", "errors"), 0)
        self.ledger = {}

    def run(self, inputs):
        out = []
        for step, came in enumerate(inputs.rows):
            told = []
            for row in came:
                self.counts["in"] += 1
                told += self.take(row)
            told += self.behind(came, inputs.marks[step])
            out.append(told)
        self.ledger = {**self.counts, "rows": self.counts["in"], "late": 0, "late_partial": 0, "duplicates": 0,
                       "out": sum(map(len, out))}
        return marks.Stream(out, list(inputs.marks))

    def behind(self, _came, _mark):
        return []

    def count(self, what):
        self.counts[what] += 1

    def shown_as(self, name):
        """Under which name `select` keeps a field."""
        if self.select is None:
            return name
        if isinstance(self.sources_of, list):
            return name
        return next(shown for shown, text in self.sources_of.items() if text == name)

    def upsert(self, row, key):
        if self.select is None:
            return Change(row.values, row.line, row.at, key)
        values = {name: value(row.values) for name, value in self.select.items()}
        return Change(values, line_of(values), row.at, key)

    def delete(self, key, at):
        """`op` first; of a record that is passed as it came the key follows, else all stands in the order of select."""
        of_key = dict(zip(self.key_names, key))
        names = self.key_names + [name for name in self.names if name not in of_key] if self.raw else self.names
        values = {name: of_key.get(name) for name in names}
        return Change(values, line_of({"op": "delete", **values}), at, key, True)


def line_of(values):
    return rows.format_row((name, rows.format_value(value)) for name, value in values.items()).encode()


class Table(Operator):
    """`table` over a stream: a NULL key is an error; a delete of what is not there is not told."""

    def __init__(self, config, upstream):
        super().__init__(config, upstream)
        self.key = config["table"]["key"]
        self.key_names = [self.shown_as(name) for name in self.key]
        self.gone = expressions.value_of(config["table"]["delete"]) if "delete" in config["table"] else lambda row: False
        self.table = {}

    def take(self, row):
        if self.filter(row.values) is not True:
            return self.count("filtered") or []
        key = tuple(row.values.get(name) for name in self.key)
        if None in key:
            return self.count("errors") or []
        self.count("used")
        if self.gone(row.values) is True:
            return [self.delete(key, row.at)] if self.table.pop(key, None) is not None else []
        self.table[key] = row
        return [self.upsert(row, key)]


class Filtered(Operator):
    """`filter` and `select` over a table: a row that is not passed takes back what was sent of its key."""

    def __init__(self, config, upstream):
        super().__init__(config, upstream)
        self.key_names = [self.shown_as(name) for name in upstream.key_names]
        self.sent = set()

    def take(self, row):
        passed = not row.deletes and self.filter(row.values) is True
        self.count("used" if passed or row.deletes else "filtered")
        if passed:
            self.sent.add(row.key)
            return [self.upsert(row, row.key)]
        if row.key not in self.sent:
            return []
        self.sent.remove(row.key)
        return [self.delete(row.key, row.at)]


class Rekeyed(Operator):
    """`table` over a table: of the rows with one new key the one that changed last is shown."""

    def __init__(self, config, upstream):
        super().__init__(config, upstream)
        self.key = config["table"]["key"]
        self.key_names = [self.shown_as(name) for name in self.key]
        self.gone = expressions.value_of(config["table"]["delete"]) if "delete" in config["table"] else lambda row: False
        self.members = {}    # input key -> (number of its change, new key, upsert)
        self.changes = 0

    def shown(self, new_key):
        return max((one for one in self.members.values() if one[1] == new_key), key=lambda one: one[0], default=None)

    def take(self, row):
        gone = row.deletes or self.filter(row.values) is not True or self.gone(row.values) is True
        new_key = None if gone else tuple(row.values.get(name) for name in self.key)
        if new_key and None in new_key:
            return self.count("errors") or []
        self.count("used" if row.deletes or self.filter(row.values) is True else "filtered")
        old = self.members.pop(row.key, None)
        before = [] if old is None or old[1] == new_key else self.left(old, row.at)
        if gone:
            return before
        self.changes += 1
        self.members[row.key] = (self.changes, new_key, self.upsert(row, new_key))
        return before + [self.members[row.key][2]]

    def left(self, old, at):
        now = self.shown(old[1])
        if now is not None and now[0] > old[0]:
            return []
        if now is None:
            return [self.delete(old[1], at)]
        return [Change(now[2].values, now[2].line, at, old[1])]


class Grouped(Operator):
    """Aggregates over a table: remove(old) and add(new) are one step; the group that was left is told first, a group
    without rows is deleted, and a row that is as it was sent last is not sent again (R25, R28, R30)."""

    def __init__(self, config, upstream):
        super().__init__({name: value for name, value in config.items() if name != "select"}, upstream)
        self.groups = expressions.columns(config.get("group_by", []))
        self.aggregates = config["select"]
        self.key_names = list(self.groups)
        self.names, self.raw = [*self.groups, *self.aggregates], False
        emit = config.get("emit", "update")
        self.every = rows.duration_us(emit["update"]["every"]) if isinstance(emit, dict) else None
        self.append = emit == "append"
        self.members, self.sent, self.waiting = {}, {}, []
        self.running, self.changed = None, False

    def take(self, row):
        passed = not row.deletes and self.filter(row.values) is True
        self.count("used" if passed or row.deletes else "filtered")
        old = self.members.pop(row.key, None)
        touched = [] if old is None else [old[0]]
        if passed:
            group = tuple(value(row.values) for value in self.groups.values())
            self.members[row.key] = (group, row.values)
            touched = [one for one in touched if one != group] + [group]
        self.changed = self.changed or bool(touched)
        told = []
        if self.append or self.every:
            self.waiting += [group for group in touched if group not in self.waiting]
        else:
            told = [change for group in touched for change in self.told(group, row.at)]
        return told + self.crossed(row.at)

    def crossed(self, at):
        """R25: running event time crosses a multiple of `every`; rows in group order."""
        if self.every is None or (self.running is not None and at <= self.running):
            return []
        crosses = self.running is not None and at // self.every > self.running // self.every
        self.running = at
        return self.flush(at) if crosses else []

    def flush(self, at):
        waiting, self.waiting = self.waiting, []
        # What is taken back stands in front of what is new.
        changes = [change for group in sorted(waiting, key=expressions.ordered) for change in self.told(group, at)]
        return sorted(changes, key=lambda change: not change.deletes)

    def behind(self, _came, mark):
        if mark != marks.END or not self.changed:
            return []
        self.changed = False
        if self.append:
            groups = {group for group, _ in self.members.values()}
            return [self.row(group, 0) for group in sorted(groups, key=expressions.ordered)]
        return self.flush(self.running) if self.every else []

    def row(self, group, at):
        of_group = [values for one, values in self.members.values() if one == group]
        values = dict(zip(self.groups, group))
        values.update((name, expressions.aggregate_of(text, of_group)) for name, text in self.aggregates.items())
        return Change(values, line_of(values), at, group)

    def told(self, group, at):
        if not any(one == group for one, _ in self.members.values()):
            return [self.delete(group, at)] if self.sent.pop(group, None) is not None else []
        row = self.row(group, at)
        if self.sent.get(group) == row.line:
            return []
        self.sent[group] = row.line
        return [row]


def decider(config, upstream):
    """Over a table, or what makes one; None: something else."""
    over_table = getattr(upstream, "key_names", None) is not None
    if "table" in config:
        return (Rekeyed if over_table else Table)(config, upstream)
    if over_table:
        return (Grouped if "group_by" in config or aggregates(config) else Filtered)(config, upstream)
    return None


def aggregates(config):
    select = config.get("select", {})
    return isinstance(select, dict) and any(expressions.CALL.fullmatch(text) for text in select.values())
