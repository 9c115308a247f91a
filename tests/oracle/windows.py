"""Which windows a record belongs to, by definition (R2-R4, R40). All are [start, end) in µs; // floors toward minus infinity."""
from dataclasses import dataclass

import rows


@dataclass
class Tumbling:
    size: int
    offset: int = 0

    def of(self, at):
        start = (at - self.offset) // self.size * self.size + self.offset
        return [(start, start + self.size)]


@dataclass
class Hopping:
    size: int
    every: int
    offset: int = 0

    def of(self, at):
        """R4: every start on the grid with start <= t < start + size."""
        start = (at - self.offset) // self.every * self.every + self.offset
        found = []
        while start > at - self.size:
            found.append((start, start + self.size))
            start -= self.every
        return found[::-1]


@dataclass
class Cumulative:
    size: int
    every: int
    offset: int = 0

    def of(self, at):
        """R40: [s, s + k * every) for each k, and of those the ones with end > t."""
        start = (at - self.offset) // self.size * self.size + self.offset
        ends = range(start + self.every, start + self.size + 1, self.every)
        return [(start, end) for end in ends if end > at]


KINDS = {"tumbling": Tumbling, "hopping": Hopping, "cumulative": Cumulative}


def kind_of(window):
    """The window of an operator's configuration."""
    for name, kind in KINDS.items():
        if name in window:
            steps = [rows.duration_us(window["every"])] if "every" in window else []
            return kind(rows.duration_us(window[name]), *steps, rows.duration_us(window.get("offset", "0s")))
    raise ValueError(f"the oracle knows no window {window}")
