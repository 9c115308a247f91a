"""Compares what a case wrote with what it expects. Differences come back as text, one per finding; none = equal.

`expected-X.jsonl` and `expected-X.csv` are compared byte for byte with `out/X.…`. `expected-X.subset.jsonl` compares
line by line only the members it names: for rows whose wording is the engine's own, such as the reasons in `.errors`.
`report.json` names the members of the run's report that must be so.
"""
import difflib
import json

LINES_SHOWN = 12


def differences(case, work, totals):
    """All differences of one run. With `totals` counters are read from the report's `total` (after crashes)."""
    found = []
    for expected in sorted(case.glob("expected*")):
        name = expected.name.removeprefix("expected-")
        subset = name.endswith(".subset.jsonl")
        actual = work / "out" / name.replace(".subset.jsonl", ".jsonl")
        if not actual.exists():
            found.append(f"out/{actual.name} was not written")
        else:
            compare = subset_difference if subset else byte_difference
            found += compare(actual.name, expected.read_bytes(), actual.read_bytes())
    wanted = case / "report.json"
    if wanted.exists():
        report = json.loads((work / "report.json").read_text(encoding="utf-8"))
        found += report_difference(json.loads(wanted.read_text(encoding="utf-8")), report, totals)
    return found


def byte_difference(name, expected, actual):
    if expected == actual:
        return []
    lines = difflib.unified_diff(visible(expected), visible(actual), f"expected {name}", f"written {name}", lineterm="", n=1)
    lines = [line if len(line) <= 400 else line[:400] + " …" for line in lines]
    more = [f"… {len(lines) - LINES_SHOWN} more lines"] if len(lines) > LINES_SHOWN else []
    return ["\n    ".join(lines[:LINES_SHOWN] + more)]


def visible(data):
    """Lines in which every byte that is not plain text shows; the end of the last line shows, too."""
    lines = [line.decode("utf-8", "backslashreplace").replace("\r", "\\r") for line in data.split(b"\n")]
    if lines[-1] == "":
        return lines[:-1]
    return lines[:-1] + [lines[-1] + "  (no line end)"]


def subset_difference(name, expected, actual):
    wanted, rows = (list(map(json.loads, data.splitlines())) for data in (expected, actual))
    found = []
    if len(wanted) != len(rows):
        found.append(f"{name}: {len(wanted)} rows expected, {len(rows)} written")
    for number, (want, row) in enumerate(zip(wanted, rows), 1):
        found += [f"{name}:{number}: {text}" for text in member_differences(want, row)]
    return found


def member_differences(want, have, place=""):
    """Members named by `want` that are missing or different in `have`."""
    for key, value in want.items():
        if key not in have:
            yield f"{place}{key} is missing"
        elif have[key] != value:
            yield f"{place}{key} is {json.dumps(have[key])}, expected {json.dumps(value)}"


def report_difference(wanted, report, totals):
    found = []
    for key, value in wanted.items():
        if key not in ("sources", "operators", "sinks"):
            found += member_differences({key: value}, report, "report: ")
            continue
        counters = (report["total"] if totals else report)[key]
        for name, members in value.items():
            found += member_differences(members, counters.get(name, {}), f"report: {key}.{name}.")
    return found
