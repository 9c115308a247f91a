#!/usr/bin/env python3
"""Random joins, dedupes and lookups against the brute-force oracle of tests/oracle/streams.py.

  random_streams.py --millrace build/bin/millrace --plugins build/plugins [--count N] [--seed N] [--mode M]…

Each stream is disordered, repeats itself, has NULL keys and negative times. What fails is printed with its seed; the
folder of a failing case can be kept with --keep and is a pipeline case like those beside this file.
"""
import argparse
import json
import pathlib
import random
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "oracle")]

import play       # noqa: E402
import streams    # noqa: E402


def random_source(rng, disorder, names):
    lines, now = [], rng.randint(-60, 20)
    for number in range(rng.randint(0, 40)):
        now += rng.choice((0, 0, 1, 1, 2, 3, 5, 30 if rng.random() < 0.2 else 1))
        t = now - (rng.randint(0, disorder + 6) if rng.random() < 0.4 else 0)
        lines.append({"t": t, "k": rng.choice(names), "v": number})
    return {"lines": lines, "disorder": disorder}


def source_config(name, source):
    return {"plugin": "file", "path": f"input-{name}.jsonl", "schema": {"t": "int8", "k": "text", "v": "int8"},
            "event_time": {"field": "t", "unit": "s", "out_of_orderness": f"{source['disorder']}s"}}


def write(folder, config, sources, expected, report):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.json").write_text(json.dumps(config, indent=1))
    for name, source in sources.items():
        (folder / f"input-{name}.jsonl").write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in source["lines"]))
    for name, rows in expected.items():
        (folder / f"expected-{name}.jsonl").write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows))
    (folder / "report.json").write_text(json.dumps(report, indent=1))


def pipeline(sources, operator, late=True):
    sinks = {"out": {"from": "op", "plugin": "file", "path": "out/out.jsonl"}}
    if late:
        sinks["late"] = {"from": "op.late", "plugin": "file", "path": "out/late.jsonl"}
    return {"pipeline": "random", "sources": {name: source_config(name, source) for name, source in sources.items()},
            "operators": {"op": operator}, "sinks": sinks}


def join_case(rng, folder):
    sources = {name: random_source(rng, rng.choice((0, 2, 5)), ["a", "b", "c", None]) for name in ("l", "r")}
    kind = rng.choice(("inner", "left", "right", "full", "semi", "anti"))
    before, after, lateness = rng.randint(0, 8), rng.randint(0, 8), rng.choice((0, 0, 3))
    mixed = rng.random() < 0.4
    operator = {"from": "l", "allowed_lateness": f"{lateness}s",
                "join": {"with": "r", "on": "l.k = r.k and (l.v + r.v) % 3 <> 0" if mixed else ["k"], "type": kind,
                         "within": {"before": f"{before}s", "after": f"{after}s"}}}
    one_sided = kind in ("semi", "anti")
    operator["select"] = {"k": "l.k", "lt": "l.t", "lv": "l.v", "at": "event_time()"}
    if not one_sided:
        operator["select"] |= {"rk": "r.k", "rt": "r.t", "rv": "r.v"}
    rest = (lambda l, r: (l["v"] + r["v"]) % 3 != 0) if mixed else (lambda l, r: True)
    rows, late = streams.join(sources["l"], sources["r"], ["k"], before, after, kind, lateness, rest)

    def shown(row):
        at, l, r = row
        l, r = l or {}, r or {}
        out = {"k": l.get("k"), "lt": l.get("t"), "lv": l.get("v"), "at": stamp(at)}
        return out if one_sided else out | {"rk": r.get("k"), "rt": r.get("t"), "rv": r.get("v")}
    count = sum(len(source["lines"]) for source in sources.values())
    report = {"operators": {"op": {"in": count, "used": count - len(late), "late": len(late), "out": len(rows)}}, "balanced": True}
    write(folder, pipeline(sources, operator), sources, {"out": map(shown, rows), "late": [record for _, record in late]}, report)


def dedupe_case(rng, folder):
    sources = {"s": random_source(rng, rng.choice((0, 2, 5)), ["a", "b", "c", "d", None])}
    which, keep, lateness = rng.choice(("first", "last")), rng.randint(1, 12), rng.choice((0, 0, 3))
    operator = {"from": "s", "allowed_lateness": f"{lateness}s", "dedupe": {"by": ["k"], "keep": f"{keep}s", "which": which}}
    rows, late, duplicates = streams.dedupe(sources["s"], ["k"], keep, which, lateness)
    selects = rng.random() < 0.5
    if selects:
        operator["select"] = {"v": "v", "at": "event_time()"}
    shown = [{"v": row["v"], "at": stamp(row["t"])} if selects else row for row in rows]
    count = len(sources["s"]["lines"])
    report = {"operators": {"op": {"in": count, "used": count - len(late) - duplicates, "late": len(late),
                                   "duplicates": duplicates, "out": len(rows)}}, "balanced": True}
    write(folder, pipeline(sources, operator), sources, {"out": shown, "late": late}, report)


def lookup_case(rng, folder):
    names = ["a", "b", "c", None]
    stream, changes = (random_source(rng, rng.choice((0, 2, 5)), names) for _ in range(2))
    for line in changes["lines"]:
        line["gone"] = rng.random() < 0.25
    table_first, kind = rng.random() < 0.5, rng.choice(("inner", "left", "semi", "anti"))
    sources = {"c": changes, "s": stream} if table_first else {"s": stream, "c": changes}
    history = rng.choice((3, 3600))
    with_ = rng.choice(("tab", "tab", "others"))
    operator = {"from": "s", "join": {"with": with_, "on": ["k"], "as_of": "event_time", "keep": f"{history}s", "type": kind},
                "select": {"k": "s.k", "v": "s.v", "at": "event_time()"}}
    if kind in ("inner", "left"):
        operator["select"]["price"] = f"{with_}.v"
    config = pipeline(sources, operator)
    config["sources"]["c"]["schema"]["gone"] = "bool"
    config["operators"]["tab"] = {"from": "c", "table": {"key": ["k"], "delete": "gone"}}
    seen = changes
    if with_ == "others":
        # A version that the filter refuses is as good as deleted, whatever came before it (R31).
        config["operators"]["others"] = {"from": "tab", "filter": "v % 3 <> 0"}
        seen = {**changes, "lines": [{**line, "gone": line["gone"] or line["v"] % 3 == 0} for line in changes["lines"]]}
    rows, late = streams.lookup(stream, seen, ["k"], history, kind, table_first)

    def shown(row):
        record, found = row
        out = {"k": record["k"], "v": record["v"], "at": stamp(record["t"])}
        return out | {"price": found["v"] if found else None} if kind in ("inner", "left") else out
    report = {"operators": {"op": {"late": len(late), "out": len(rows)}}, "balanced": True}
    write(folder, config, sources, {"out": map(shown, rows), "late": late}, report)


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


CASES = {"join": join_case, "dedupe": dedupe_case, "lookup": lookup_case}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millrace", required=True)
    parser.add_argument("--plugins")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--kind", choices=tuple(CASES), action="append")
    parser.add_argument("--mode", choices=tuple(play.MODES), action="append")
    parser.add_argument("--keep", metavar="DIR")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else time.time_ns() % 10**9
    print(f"seed {seed}", flush=True)
    program, failed, played = play.Program(options.millrace, options.plugins), 0, 0
    with tempfile.TemporaryDirectory(prefix="millrace-random-") as temporary:
        base = pathlib.Path(options.keep or temporary).resolve()
        for number in range(seed, seed + options.count):
            for kind in options.kind or CASES:
                case = base / f"{kind}_{number}"
                CASES[kind](random.Random(f"{kind}{number}"), case)
                for mode in options.mode or ["plain", "batch1"]:
                    complaints = play.MODES[mode](program, case, base / "work" / mode / case.name, number)
                    played += 1
                    failed += bool(complaints)
                    if complaints:
                        print(f"FAILED {kind} --seed {number} --count 1 ({mode})", *complaints, sep="\n  ", flush=True)
    print(f"{played} runs: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
