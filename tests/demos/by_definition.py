"""Windows, sessions and medians by their definition, for the answers beside this file. Times are microseconds since 1970."""
from datetime import datetime, timedelta, timezone

SECOND, MINUTE, HOUR, DAY = 10**6, 60 * 10**6, 3600 * 10**6, 86400 * 10**6
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def lines(path):
    with open(path, encoding="utf-8", newline="") as file:
        yield from file


def text(us):
    """As rows say it."""
    at = EPOCH + timedelta(microseconds=us)
    return f"{at:%Y-%m-%dT%H:%M:%S}" + (f".{us % SECOND:06d}".rstrip("0") if us % SECOND else "") + "Z"


def micros(at):
    return (at - EPOCH) // timedelta(microseconds=1)


def tumbling(us, size):
    return us // size * size


def hopping(us, size, every):
    """Starts of all windows [start, start + size) that hold the time."""
    start = us // every * every
    while start > us - size:
        yield start
        start -= every


def sessions(times, gap):
    """(first, last) of the runs of times at most `gap` apart."""
    runs = []
    for us in sorted(times):
        if runs and us - runs[-1][1] <= gap:
            runs[-1][1] = us
        else:
            runs.append([us, us])
    return runs


def median(sorted_values):
    """percentile_cont(0.5): between the two in the middle if need be."""
    place = 0.5 * (len(sorted_values) - 1)
    low = int(place)
    if low == place:
        return sorted_values[low]
    return sorted_values[low] + (sorted_values[low + 1] - sorted_values[low]) * (place - low)


def largest_text(values):
    """max(): by the bytes of UTF-8; NULL does not count."""
    values = [value for value in values if value is not None]
    return max(values, key=lambda value: value.encode()) if values else None


def total(values):
    """sum(): NULL of none."""
    values = [value for value in values if value is not None]
    return sum(values) if values else None
