"""What a keyed tumbling count must give, worked out from the topic alone, record by record.

Under the kafka commit log a task is a partition, and W is the partition's own (E20): W = largest time seen - bound
(R9), judged before each record (R10); a window is closed for a record once W >= its end (R11, R12).
"""
import collections
import datetime
import json


def instant(millis):
    moment = datetime.datetime.fromtimestamp(millis / 1000, datetime.timezone.utc)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{millis % 1000:03d}".rstrip("0") if millis % 1000 else "") + "Z"


def windows(messages, size_ms, bound_ms, closed_only):
    """`messages`: (partition, value) in the order of each partition; values {"k", "n", "t" in ms}.
    {(key, window start): row}; `closed_only`: those that the records themselves closed."""
    high = collections.defaultdict(lambda: None)
    rows, late = {}, 0
    for partition, value in messages:
        record = json.loads(value)
        w = None if high[partition] is None else high[partition] - bound_ms
        start = record["t"] // size_ms * size_ms
        if w is not None and w >= start + size_ms:
            late += 1
        else:
            row = rows.setdefault((record["k"], start), {"partition": partition, "c": 0, "s": 0, "lo": None, "hi": None})
            row["c"] += 1
            row["s"] += record["n"]
            row["lo"] = record["n"] if row["lo"] is None else min(row["lo"], record["n"])
            row["hi"] = record["n"] if row["hi"] is None else max(row["hi"], record["n"])
        high[partition] = record["t"] if high[partition] is None else max(high[partition], record["t"])
    out = {}
    for (key, start), row in rows.items():
        if closed_only and high[row["partition"]] - bound_ms < start + size_ms:
            continue
        out[key, instant(start)] = {"c": row["c"], "s": row["s"], "lo": row["lo"], "hi": row["hi"]}
    return out, late


def compare(wanted, values):
    """What is wrong with the rows `values` (JSON texts) of an append sink: counts of lost, duplicate, wrong rows."""
    seen = collections.Counter()
    wrong = 0
    for value in values:
        row = json.loads(value)
        key = row["k"], row["window_start"]
        seen[key] += 1
        if wanted.get(key) != {name: row[name] for name in ("c", "s", "lo", "hi")}:
            wrong += 1
    return {"lost": sum(1 for key in wanted if key not in seen),
            "duplicate": sum(n - 1 for n in seen.values()), "wrong": wrong}


NOTHING_WRONG = {"lost": 0, "duplicate": 0, "wrong": 0}
