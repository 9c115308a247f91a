"""Brute-force oracle for stream–stream joins, dedupe and as-of joins: keeps every record and decides by definition.

Written from semantics R19, R22 and R31-R33 alone. Times are whole seconds, a tick is a microsecond.
A source is {"lines": [{"t": …}, …], "disorder": seconds}; every function takes sources in the order of the configuration
and gives rows in the order of output, with what was late and, for dedupe, how many were duplicates.
"""
TICK = 1e-6
NEVER = float("-inf")
END = float("inf")


def merged(sources):
    """(source, record, W of each source before it, W of each behind it) by (time, source), each source in its own order (R22).

    A bounded source at its end holds nobody back: behind its last record its W is the end of time (R15, R20).
    """
    heads = [0] * len(sources)
    w = [NEVER if source["lines"] else END for source in sources]
    while True:
        open_ = [i for i, source in enumerate(sources) if heads[i] < len(source["lines"])]
        if not open_:
            return
        best = min(open_, key=lambda i: (sources[i]["lines"][heads[i]]["t"], i))
        record = sources[best]["lines"][heads[best]]
        heads[best] += 1
        before = list(w)
        w[best] = max(w[best], record["t"] - sources[best]["disorder"])
        if heads[best] == len(sources[best]["lines"]):
            w[best] = END
        yield best, record, before, list(w)


def join(left, right, on, before, after, kind, lateness, residual=lambda l, r: True):
    """Rows as (time, left record or None, right record or None)."""
    life = [after + TICK + lateness, before + TICK + lateness]
    seen = [[], []]    # per side: {"t", "record", "matched"}
    rows, late = [], []
    pads = [kind in ("left", "full", "anti"), kind in ("right", "full")]

    def key(record):
        values = [record.get(field) for field in on]
        return None if None in values else values

    def end_up_to(w):
        over = []
        for side in (0, 1):
            for place, one in enumerate(seen[side]):
                if pads[side] and not one["matched"] and not one["ended"] and one["t"] + life[side] <= w + TICK / 4:
                    over.append((one["t"] + life[side], side, place, one))
        for _, side, _, one in sorted(over, key=lambda item: (round(item[0] / TICK), item[1], item[3]["t"], item[2])):
            one["ended"] = True
            rows.append((one["t"], one["record"], None) if side == 0 else (one["t"], None, one["record"]))

    for side, record, w_before, w_behind in merged([left, right]):
        w, t = min(w_before), record["t"]
        lives = w < t + life[side] - TICK / 4
        partners = []
        for place, one in enumerate(seen[1 - side]):
            t_left, t_right = (t, one["t"]) if side == 0 else (one["t"], t)
            pair = (record, one["record"]) if side == 0 else (one["record"], record)
            if (one["kept"] and w < one["t"] + life[1 - side] - TICK / 4 and key(record) is not None and key(record) == key(one["record"])
                    and t_left - before <= t_right <= t_left + after and residual(*pair)):
                partners.append((one["t"], place, one))
        partners.sort(key=lambda item: item[:2])
        for _, _, one in partners:
            pair = (record, one["record"]) if side == 0 else (one["record"], record)
            if kind == "semi":
                if side == 1 and not one["matched"]:
                    rows.append((one["t"], one["record"], None))
            elif kind != "anti":
                rows.append((max(t, one["t"]), *pair))
            one["matched"] = True
        if kind == "semi" and side == 0 and partners:
            rows.append((t, record, None))
        if not partners and not lives:
            late.append((side, record))
        seen[side].append({"t": t, "record": record, "matched": bool(partners), "kept": lives, "ended": not lives})
        end_up_to(min(w_behind))
    end_up_to(END)
    return rows, late


def dedupe(source, by, keep, which, lateness):
    """Records that pass, late records, and how many were duplicates."""
    rows, late, duplicates = [], [], 0
    rounds = []    # {"id", "first", "last", "record", "out"}
    for _, record, w_before, w_behind in merged([source]):
        t, ident = record["t"], [record.get(field) for field in by]
        if t < w_before[0] - lateness:
            late.append(record)
            continue
        mine = [one for one in rounds if one["id"] == ident]
        # Forgetting cannot show: an on-time record of a forgotten id lies behind first + keep.
        one = next((one for one in mine if t <= one["first"] + keep), None)
        if one is None:
            one = {"id": ident, "first": t, "last": t, "record": record, "out": False}
            rounds.append(one)
            if which == "first":
                rows.append(record)
        else:
            duplicates += 1
            if t >= one["last"]:
                one["last"], one["record"] = t, record
        if which == "last":
            rows += handed_out(rounds, w_behind[0] - lateness - keep)
    if which == "last":
        rows += handed_out(rounds, END)
    return rows, late, duplicates


def handed_out(rounds, bound):
    due = [(one["first"], place, one) for place, one in enumerate(rounds) if one["first"] < bound and not one["out"]]
    for _, _, one in sorted(due, key=lambda item: item[:2]):
        one["out"] = True
        yield one["record"]


def lookup(stream, table, on, history, kind, table_first=False):
    """As-of join (R31). Table records with a true "gone" delete. Rows as (stream record, table record or None)."""
    versions, waiting, rows, late = [], [], [], []
    sides = [table, stream] if table_first else [stream, table]
    table_side = 0 if table_first else 1

    def key(record):
        values = [record.get(field) for field in on]
        return None if None in values else values

    def answer(record):
        best = None
        for place, version in enumerate(versions):
            fits = key(record) is not None and key(version) == key(record) and version["t"] <= record["t"]
            if fits and (best is None or (version["t"], place) >= (best[1]["t"], best[0])):
                best = (place, version)
        found = best[1] if best and not best[1].get("gone") else None
        if kind == "left" or (kind in ("inner", "semi")) == bool(found) and kind != "left":
            rows.append((record, found))

    def release(w_table):
        for record in sorted((r for r in waiting if r["t"] < w_table), key=lambda r: r["t"]):
            waiting.remove(record)
            answer(record)

    for side, record, w_before, w_behind in merged(sides):
        if side == table_side:
            if key(record) is not None:
                versions.append(record)
        elif record["t"] < w_before[1 - table_side] - history:
            late.append(record)
        elif record["t"] < w_before[table_side]:
            answer(record)
        else:
            waiting.append(record)
        release(w_behind[table_side])
    release(END)
    return rows, late
