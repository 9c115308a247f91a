"""W of a source with partitions, from the rules alone (R9, R15, R16 of bounded input, R42): every value is computed anew
from all that happened before, so nothing here is clever enough to be wrong in the way the engine could be.

A step is ("A", p) assigned, ("E", p) its end, ("V", p) revoked, ("W", p, w) nothing before w follows, ("R", p, t) a record.
"""

NONE = -2 ** 63


def partition_of(steps, upto, p):
    """Partitions that nobody announced are one log together, number 0."""
    announced = set()
    for step in steps[:upto]:
        if step[0] == "A":
            announced.add(step[1])
        elif step[0] == "V":
            announced.discard(step[1])
    return p if p in announced else 0


def slowest(steps, upto, b):
    """The smallest w_p of those that count behind the first `upto` steps; None: none counts."""
    w_of = {}
    for i, step in enumerate(steps[:upto]):
        kind, p = step[0], step[1]
        if kind == "A":
            w, ended = w_of.get(p, (NONE, False))
            w_of[p] = (w, False)
            continue
        if kind == "V":
            w_of.pop(p, None)
            continue
        p = partition_of(steps, i, p)
        w, ended = w_of.get(p, (NONE, False))
        if kind == "R":
            w_of[p] = (max(w, step[2] - b), ended)
        elif kind == "W":
            w_of[p] = (max(w, step[2]), ended)
        elif kind == "E":
            w_of[p] = (w, True)
    counting = [w for w, ended in w_of.values() if not ended]
    return min(counting) if counting else None


def w_before_records(steps, b):
    """[(t, W before it)] of the records, in order. W never falls, and stands still where nothing counts."""
    out, w = [], NONE
    for i, step in enumerate(steps):
        if step[0] == "R":
            out.append((step[2], w))
        now = slowest(steps, i + 1, b)
        w = w if now is None else max(w, now)
    return out


def tumbling_counts(steps, b, size, lateness):
    """({window start: records}, late records): a record is late iff W >= e + L just before it (R10, R12)."""
    counts, late = {}, 0
    for t, w in w_before_records(steps, b):
        start = t // size * size
        if w >= start + size + lateness:
            late += 1
        else:
            counts[start] = counts.get(start, 0) + 1
    return counts, late
