"""The few SQL expressions that random pipelines use, each beside what PostgreSQL makes of it. NULL is None.

A pipeline names them by their SQL text, so that a failing case prints as the configuration that anybody can run.
"""
import re

import marks
import rows
import tumbling

PATH = re.compile(r"[a-z_][\w.]*")
CALL = re.compile(r"(count|sum|min|max|avg)\((\*|\w+)\)")


def null_if_any(function, *names):
    def value(row):
        inputs = [row.get(name) for name in names]
        return None if None in inputs else function(*inputs)
    return value


FILTERS = {
    "v > 2": null_if_any(lambda v: v > 2, "v"),
    "v % 2 = 0": null_if_any(lambda v: v % 2 == 0, "v"),
    "k = 'a'": null_if_any(lambda k: k == "a", "k"),
    "k <> 'a'": null_if_any(lambda k: k != "a", "k"),
    "k is null": lambda row: row.get("k") is None,
    "k is not null": lambda row: row.get("k") is not None,
    "k = 'a' or v > 2": lambda row: either(FILTERS["k = 'a'"](row), FILTERS["v > 2"](row)),
    "not (v > 2)": null_if_any(lambda v: not v > 2, "v"),
    "n >= 2": null_if_any(lambda n: n >= 2, "n"),
    "n = 0": null_if_any(lambda n: n == 0, "n"),
    "false": lambda row: False,
    "final": lambda row: row["final"],
    "not final": lambda row: not row["final"],
}
VALUES = {
    "v + 1": null_if_any(lambda v: v + 1, "v"),
    "v - n": null_if_any(lambda v, n: v - n, "v", "n"),
    "t + v": null_if_any(lambda t, v: t + v, "t", "v"),
    "t - n": null_if_any(lambda t, n: t - n, "t", "n"),
    "n * 2": null_if_any(lambda n: n * 2, "n"),
    "coalesce(k, 'none')": lambda row: "none" if row.get("k") is None else row["k"],
    "coalesce(v, 0)": lambda row: 0 if row.get("v") is None else row["v"],
    "v is null": lambda row: row.get("v") is None,
    "event_time()": lambda row: row["event_time()"],    # put there by `selected`
}
# Over the rows of a window, whose columns c and s are count(*) and sum(v).
HAVINGS = {
    "c > 1": lambda values: values["c"] > 1,
    "count(*) % 2 = 1": lambda values: values["c"] % 2 == 1,
    "s is not null": lambda values: values["s"] is not None,
    "sum(v) > c": null_if_any(lambda s, c: s > c, "s", "c"),
}
# What joins may ask beyond equal keys, of the values of both sides.
RESTS = {
    "(a.v + b.v) % 3 <> 0": lambda a, b: None if None in (a.get("v"), b.get("v")) else (a["v"] + b["v"]) % 3 != 0,
    "a.n <= b.n": lambda a, b: None if None in (a.get("n"), b.get("n")) else a["n"] <= b["n"],
}


def either(a, b):
    """SQL's OR."""
    if True in (a, b):
        return True
    return None if None in (a, b) else False


def value_of(text):
    """SQL text -> function of a row's values."""
    return VALUES.get(text) or FILTERS.get(text) or (lambda row: row.get(named(text)))


def named(text):
    if not PATH.fullmatch(text):
        raise ValueError(f"the oracle knows no expression {text!r}")
    return text


def aggregate_of(text, members):
    kind, argument = CALL.fullmatch(text).groups()
    return tumbling.aggregate(kind, [1 if argument == "*" else one.get(argument) for one in members])


def columns(given):
    """A list of fields, or a map name -> expression, as {name: function}."""
    pairs = given.items() if isinstance(given, dict) else ((name, name) for name in given)
    return {name: value_of(text) for name, text in pairs}


def selected(select, values, at):
    """The row at this time that `select` makes of these values."""
    values = {**values, "event_time()": rows.Time(at)}
    made = {name: value(values) for name, value in select.items()}
    return marks.Row(made, rows.format_row((name, rows.format_value(value)) for name, value in made.items()).encode(), at)


class JoinCondition:
    """`on` of a join: fields of equal name, or `a.k = b.k and …` with one of RESTS, whose a is the side that comes first in `names`."""

    def __init__(self, on, names):
        if isinstance(on, str):
            equal, _, rest = on.partition(" and ")
            self.fields = [equal.split(" = ")[0].split(".")[1]]
            self.rest = RESTS[rest] if names == ["a", "b"] else lambda left, right: RESTS[rest](right, left)
        else:
            self.fields, self.rest = on, lambda left, right: True

    def key(self, values):
        """NULL joins nothing."""
        key = [values.get(name) for name in self.fields]
        return None if None in key else key


def ordered(group):
    """R49, for a tuple of values."""
    return [rows.order_key(value) for value in group]
