"""The Nexmark queries of tests/nexmark against their hand loops (ceiling_nexmark), one lane, exactly-once on."""
import pathlib

import bench

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "nexmark"
QUERIES = ("q0", "q1", "q2", "q5", "q7", "q8", "q11", "q12", "q17", "q18")
RATE = 10_000    # events per second of event time


def measure(measures):
    for query in QUERIES:
        measure_query(measures, query)


def events(measures, rate):
    count = measures.options.events
    return measures.made_once(f"nexmark_{count}_at_{rate}", [FOLDER / "generate.py"], lambda part: bench.run(
        [FOLDER / "generate.py", "--events", count, "--rate", rate, "--out", part]))


def measure_query(measures, query):
    path = events(measures, RATE)
    a_out, b_out = measures.folder / "ceiling.jsonl", measures.folder / "millrace.jsonl"

    def ceiling():
        a_out.unlink(missing_ok=True)
        return measures.cost([measures.programs / "ceiling_nexmark", path, "--query", query, "--out", a_out])

    def millrace():
        b_out.unlink(missing_ok=True)
        return measures.cost(measures.millrace(FOLDER / "queries" / f"{query}.json", "lanes=1", f"sources.events.path={path}",
                                               f"sinks.out.path={b_out}"))

    # Which window of the wall clock a bid falls into is not the same in two runs; tests/nexmark checks the sums.
    check = (lambda: None) if query == "q12" else lambda: check_same_rows(a_out, b_out)
    try:
        pairs = measures.alternate(f"nexmark {query}", ceiling, millrace, check)
    except bench.WrongAnswer as wrong:
        if "not in this version" not in str(wrong):
            raise
        print(f"nexmark {query}: refused")
        return
    ceiling_rate, rate = (measures.options.events / min(cost.cpu for cost in side) / 1e6 for side in zip(*pairs))
    print(f"{'':<44} {rate:.2f} million events per second and core in the best run, the hand loop {ceiling_rate:.2f}")


def check_same_rows(expected, got):
    """In any order: hand loops write as their maps have it."""
    a, b = (sorted(path.read_bytes().splitlines()) for path in (expected, got))
    if a != b or not a:
        raise bench.WrongAnswer(f"the hand loop has {len(a)} rows, Millrace {len(b)}, or other ones")
