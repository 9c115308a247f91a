"""Which windows a record belongs to, by definition (R2-R4, R40). All are [start, end) in µs; // floors toward minus infinity."""
import datetime
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

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


@dataclass
class Calendar:
    """R8: a unit begins at the first instant whose local date is its first date, and ends where the next begins."""
    unit: str
    zone: str = "UTC"
    begins: dict = field(default_factory=dict)

    def of(self, at):
        date = self.first_date(self.local_date(at) - datetime.timedelta(days=1))
        while not self.begin(date) <= at < self.begin(self.next_date(date)):
            date = self.next_date(date)
        return [(self.begin(date), self.begin(self.next_date(date)))]

    def first_date(self, date):
        if self.unit == "week":
            return date - datetime.timedelta(days=date.weekday())
        return {"day": date, "month": date.replace(day=1), "year": date.replace(month=1, day=1)}[self.unit]

    def next_date(self, date):
        """Any date of the next unit leads to its first; 32 days on is always another month."""
        return self.first_date(date + datetime.timedelta(days={"day": 1, "week": 7, "month": 32, "year": 366}[self.unit]))

    def local_date(self, at):
        return self.local(at // 10**6).date()

    def local(self, second):
        return datetime.datetime.fromtimestamp(second, ZoneInfo(self.zone))

    def begin(self, date):
        """Only a midnight under some offset in force around it, or a change of the offset, can be a first instant."""
        if date not in self.begins:
            midnight = int(datetime.datetime.combine(date, datetime.time(), datetime.timezone.utc).timestamp())
            changes = self.changes(midnight - 2 * 86400, midnight + 2 * 86400)
            offsets = {int(self.local(second).utcoffset().total_seconds()) for second in (midnight - 2 * 86400, *changes)}
            found = [second for second in [*changes, *(midnight - offset for offset in offsets)] if self.local(second).date() >= date]
            self.begins[date] = min(found) * 10**6
        return self.begins[date]

    def changes(self, low, high):
        """Seconds at which the offset becomes another one; no zone changes twice within an hour."""
        found = []
        for hour in range(low, high, 3600):
            before, behind = hour, hour + 3600
            if self.local(before).utcoffset() == self.local(behind).utcoffset():
                continue
            while behind - before > 1:
                middle = (before + behind) // 2
                same = self.local(middle).utcoffset() == self.local(before).utcoffset()
                before, behind = (middle, behind) if same else (before, middle)
            found.append(behind)
        return found


KINDS = {"tumbling": Tumbling, "hopping": Hopping, "cumulative": Cumulative}


def kind_of(window):
    """The window of an operator's configuration."""
    if "calendar" in window:
        return Calendar(window["calendar"], window.get("zone", "UTC"))
    for name, kind in KINDS.items():
        if name in window:
            steps = [rows.duration_us(window["every"])] if "every" in window else []
            return kind(rows.duration_us(window[name]), *steps, rows.duration_us(window.get("offset", "0s")))
    raise ValueError(f"the oracle knows no window {window}")
