"""What windows cost: those of many slices against those of one, and many groups in one."""
import json
import pathlib

import bench
import nexmark_bench

RATE = 100    # events per second of event time: a million are close to three hours
KEYS = (1_000_000, 10_000_000)
LIMIT = "256MiB"


def measure(measures):
    hopping(measures)
    for keys in KEYS:
        many_keys(measures, keys)
    at_the_limit(measures)


def hopping(measures):
    """A ratio of 0.50 is twice the CPU of the tumbling window."""
    path = nexmark_bench.events(measures, RATE)

    def run(out, *window):
        out.unlink(missing_ok=True)
        return measures.cost(measures.millrace("hour", "lanes=1", f"sources.events.path={path}", f"sinks.out.path={out}", *window))

    outs = [measures.folder / f"{name}.jsonl" for name in ("tumbling", "hopping")]
    pairs = measures.alternate("hopping 1h/1s, tumbling 1h is 1", lambda: run(outs[0]),
                               lambda: run(outs[1], 'operators.totals.window={"hopping":"1h","every":"1s"}'),
                               lambda: contains(*outs))
    rows = [len(path.read_bytes().splitlines()) for path in outs]
    tumbling, hops = (min(cost.cpu for cost in side) for side in zip(*pairs))
    print(f"{'':<44} {tumbling:.2f} s for {rows[0]} rows, {hops:.2f} s for {rows[1]} rows, {measures.options.events} events")


def contains(tumbling, hopping):
    """Every hour is also one of the hopping windows."""
    whole, all_rows = (set(path.read_bytes().splitlines()) for path in (tumbling, hopping))
    if not whole or not whole <= all_rows:
        raise bench.WrongAnswer(f"{len(whole - all_rows)} of {len(whole)} hours are not among the hopping windows")


def keys_file(measures, keys):
    def make(path):
        """Every key once, in an order without neighbours; one second of event time per thousand."""
        with open(path, "w", encoding="utf-8") as out:
            out.writelines(f'{{"t":{number // 1000},"k":{number * 7919 % keys}}}\n' for number in range(keys))
    return measures.made_once(f"keys_{keys}", [pathlib.Path(__file__)], make)


def report_of(measures, keys, *settings, expected=0):
    """What a run over so many keys reports; started by a shell, since a process begins with the peak of the one that made it."""
    out, report = measures.folder / "keys.jsonl", measures.folder / "report.json"
    out.unlink(missing_ok=True)
    command = measures.millrace("keys", "lanes=1", f"sources.events.path={keys_file(measures, keys)}", f"sinks.out.path={out}",
                                *settings)
    measures.cost(["/bin/sh", "-c", '"$@"; test $? = "$WANTED"', "sh", *command, "--report", report], WANTED=expected)
    return json.loads(report.read_text()), out


def many_keys(measures, keys):
    report, out = report_of(measures, keys)
    with open(out, "rb") as rows:
        written = sum(1 for _ in rows)
    if written != keys:
        raise bench.WrongAnswer(f"{written} rows for {keys} keys")
    few, _ = report_of(measures, 1000)
    per_key = (report["peak_rss_bytes"] - few["peak_rss_bytes"]) / keys
    print(f"{f'{keys} keys in one window':<44} peak RSS {report['peak_rss_bytes'] / 1e6:.0f} MB, {per_key:.0f} bytes per open "
          f"(key, window), CPU {report['cpu_seconds']:.1f} s")


def at_the_limit(measures):
    report, _ = report_of(measures, KEYS[-1], f"limits.state={LIMIT}", expected=1)
    said = measures.log.read_text(errors="replace").strip().splitlines()[-1]
    print(f"{f'the same with limits.state {LIMIT}':<44} exit 1, peak RSS {report['peak_rss_bytes'] / 1e6:.0f} MB: {said}")
