"""`having`, `order_by`, `limit`, `limit_by` and `row_number()` over the rows of one window, at its firing (contract §3). They may
name the columns of the row. `limit_by`: of the rows with equal values there, each has its own count. Ties stay in group order."""
import itertools

import expressions
import rows

KEYS = {"having", "order_by", "limit", "limit_by"}


def is_ranked(operator):
    return bool(KEYS & operator.keys()) or "row_number()" in operator["select"].values()


class Order:
    """`column [asc|desc] [nulls first|last]`: NULL is the largest value."""

    def __init__(self, text):
        self.column, *words = text.split()
        self.descending = "desc" in words
        self.nulls_first = words[-1] == "first" if "nulls" in words else self.descending

    def sort(self, found):
        found.sort(key=lambda one: rows.order_key(one[self.column]), reverse=self.descending)
        found.sort(key=lambda one: (one[self.column] is None) != self.nulls_first)


class Ranked:
    """Put in front of a class that decides which windows there are."""

    def __init__(self, config):
        super().__init__(config)
        self.having = expressions.HAVINGS[config["having"]] if "having" in config else lambda values: True
        self.order = [Order(text) for text in config.get("order_by", [])]
        self.limit, self.limit_by = config.get("limit"), config.get("limit_by", [])

    def selected(self, text, members):
        return None if text == "row_number()" else super().selected(text, members)

    def fired(self, keys):
        return [row for window, alike in itertools.groupby(keys, key=lambda key: key[0])
                for row in self.ranked(window, [group for _, group in alike])]

    def ranked(self, window, groups):
        found = [values for values in (self.values(*window, group) for group in groups) if self.having(values) is True]
        for order in reversed(self.order):
            order.sort(found)
        made, counts = [], {}
        for values in found:
            among = tuple(map(str, (values[name] for name in self.limit_by)))
            counts[among] = counts.get(among, 0) + 1
            if self.limit is not None and counts[among] > self.limit:
                continue
            values.update((name, counts[among]) for name, text in self.select.items() if text == "row_number()")
            made.append(self.row(values, window[1]))
        return made


def ranked(kind):
    return type(f"Ranked{kind.__name__}", (Ranked, kind), {})
