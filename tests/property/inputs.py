"""Random input: records with disorder within and beyond the bound, duplicates, negative times, gaps, equal times, NULL
keys, few and many keys, and records without a usable time. Everything comes from the given generator of numbers."""
import json

UNITS = ("s", "ms", "us")
BASES = (0, 0, -40, -100_003, 1_000_000, 1_442_016_000)
# Near changes of the clocks in the zones of calendar windows, in seconds.
CHANGES = (504_901_800, 1_289_097_060, 1_325_239_200, 1_446_357_600, 1_541_300_400, 1_711_846_800, 1_712_415_600)
KEY_SETS = (["a"], ["a", "b", None], ["a", "b", "Z", "é", "", None, "\"q\"", "b\n"], [f"k{i}" for i in range(40)])
UNUSABLE = ('{"k":"a","n":1,"v":1,"x":1}', '{"t":null,"k":"a"}', '{"t":"soon","k":"a"}', '{"t":true}', "[1]", '{"t":1')


def source(rng, like=None):
    """One source: unit, base, B (in ticks of the unit), and its lines; with the unit and base of another one."""
    b = rng.choice((0, 0, 1, 5, 20, 100))
    stride = rng.choice((0, 1, 1, 3, 10, 3000))
    base = rng.choice(BASES if stride < 3000 else CHANGES) - rng.choice((0, stride * 10))
    unit, base = (like["unit"], like["base"]) if like else (rng.choice(UNITS), base)
    return {"unit": unit, "base": base, "b": b, "lines": lines(rng, b, base, stride)}


def lines(rng, b, now, stride):
    count = rng.choice((0, 1, 2, 5, 20, 60, 60, 150))
    keys = rng.choice(KEY_SETS)
    disorder, beyond = rng.choice(((0, 0), (b, 0), (b, 0.05), (b, 0.3)))
    found = []
    for _ in range(count):
        now += rng.randint(0, stride) if rng.random() < 0.97 else rng.choice((500, 100_000))
        back = rng.randint(0, disorder) if rng.random() >= beyond else rng.randint(b, 3 * b + 200)
        found.append(record(rng, now - back, keys))
        if rng.random() < 0.03:
            found.append(rng.choice(found[-5:]))
        if rng.random() < 0.01:
            found.append(rng.choice(UNUSABLE))
    return found


def record(rng, t, keys):
    values = {"t": t, "k": rng.choice(keys), "n": rng.randint(0, 4), "v": rng.randint(-9, 9), "x": rng.randint(-99, 99) / 4}
    for name in ("v", "k"):
        if rng.random() < 0.04:
            values[name] = None
        elif rng.random() < 0.02:
            del values[name]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def on_time(lines, b):
    """Those that are not behind the watermark, and those without a usable time."""
    largest, kept = None, []
    for line in lines:
        t = time_of(line)
        if t is not None and largest is not None and t < largest - b:
            continue
        kept.append(line)
        largest = t if largest is None or t is not None and t > largest else largest
    return kept


def dealt(rng, lines, parts_max):
    """The lines in parts, each in the order in which they came."""
    parts = [[] for _ in range(rng.randint(1, parts_max))]
    for line in lines:
        rng.choice(parts).append(line)
    return parts


def merged(parts):
    """R22: always the earliest head, of equal ones that of the first part; without a usable time it is before all."""
    parts, order = [list(part) for part in parts], []
    while any(parts):
        heads = ((time_of(part[0]), number) for number, part in enumerate(parts) if part)
        first = min((float("-inf") if t is None else t, number) for t, number in heads)[1]
        order.append(parts[first].pop(0))
    return order


def time_of(line):
    try:
        t = json.loads(line)["t"]
    except (ValueError, KeyError, TypeError):
        return None
    return t if isinstance(t, int) and not isinstance(t, bool) else None
