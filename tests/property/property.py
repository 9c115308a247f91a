#!/usr/bin/env python3
"""Random streams through the program and through the brute-force oracle (tests/oracle): every output and every ledger
must be equal. A failing case is shrunk and printed in full with its seed; `--seed S --streams N` repeats a run exactly.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import cases    # noqa: E402
import engine    # noqa: E402
import operators    # noqa: E402
import pipeline    # noqa: E402
import shrink    # noqa: E402

# Of the cases; each costs more runs.
SHARES = {"small_batches": 0.3, "lanes": 0.2, "continued": 0.2, "parallel": 0.2, "merged": 0.2, "paused": 0.1, "killed": 0.1}


def answer(case, mode):
    runs = case.halves() if mode == "continued" else [case.in_merged_order()] if mode == "merged" else [case.inputs]
    return pipeline.Answer(case.config, *({name: [line.encode() for line in lines] for name, lines in run.items()} for run in runs))


class Trial:
    """One case in all the ways it is to be run."""

    def __init__(self, options, seed, kinds, folder):
        self.options, self.seed = options, seed
        self.case = cases.case(seed, kinds)
        self.engine = engine.Engine(options.millrace, options.plugins, folder)
        self.skipped, self.failed, self.shown, self.ways = [], set(), [], collections.Counter()

    def play(self):
        rng = random.Random(f"{self.seed}:modes")
        always = self.options.mode or []
        modes = ["plain"] + [mode for mode, share in SHARES.items() if rng.random() < share or mode in always]
        for mode in modes:
            found = self.differences(mode)
            self.ways[mode] += 1
            if found:
                self.fail(mode, found)
                break
        return self

    def differences(self, mode):
        """Without what the program refuses as of a later version."""
        while self.case.kinds:
            case = self.case.fit_for(mode)
            try:
                return engine.complaints(self.engine, case, answer(case, mode), mode, self.seed) if case.kinds else {}
            except engine.Refusal as refusal:
                wanted = [name for name in self.case.kinds if not self.case.reads(name) & refusal.operators]
                self.skipped += [kind for name, kind in self.case.kinds.items() if name not in wanted]
                self.case = self.case.only(wanted)
        return {}

    def fail(self, mode, found):
        """All that differ are counted, the first of them is shrunk and shown."""
        operator, text = next(iter(found.items()))
        self.failed |= {self.owner(name) for name in found}
        if self.options.no_shrink:
            self.shown.append(f"seed {self.seed}, {mode}: {text}")
            return
        def fails(case):
            try:
                return bool(engine.complaints(self.engine, case, answer(case, mode), mode, self.seed))
            except engine.Refusal:
                return False
        small = shrink.Shrinker(fails).smallest(self.case.fit_for(mode), operator)
        found = engine.complaints(self.engine, small, answer(small, mode), mode, self.seed)
        self.shown.append(printed(self.seed, mode, small, "\n".join(found.values()) or text))


    def owner(self, name):
        """The stream that a difference counts for; one of the whole run counts for the first."""
        return next((one for one in self.case.kinds if name in self.case.reads(one)), next(iter(self.case.kinds), ""))


def printed(seed, mode, case, text):
    inputs = "".join(f"--- {name}.jsonl\n" + "".join(line + "\n" for line in lines) for name, lines in case.inputs.items())
    return f"=== seed {seed}, {mode}\n{text}\n--- pipeline.json\n{json.dumps(case.config, indent=1)}\n{inputs}"


def trial(options, number, kinds):
    with tempfile.TemporaryDirectory(prefix="millrace-property-", dir=options.folder) as folder:
        done = Trial(options, f"{options.seed}.{number}", kinds, pathlib.Path(folder) / "work").play()
        done.ways["kills"] = done.engine.kills
        return done


def play(options, kinds):
    """Cases until enough streams were tried. Cases are taken in order, so a seed gives the same ones for any --jobs."""
    tried, skipped, failed, ways = (collections.Counter() for _ in range(4))
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        number = 0
        while tried.total() + skipped.total() < options.streams:
            left = options.streams - tried.total() - skipped.total()
            batch = [pool.submit(trial, options, number + i, kinds) for i in range(max(1, left // cases.OPERATORS[1]))]
            number += len(batch)
            for one in batch:
                done = one.result()
                tried.update(done.case.kinds.values())
                skipped.update(done.skipped)
                failed.update(done.case.kinds.get(name, "(run)") for name in done.failed)
                ways.update(done.ways)
                for text in done.shown:
                    print(text, flush=True)
                if done.failed and options.fail_fast:
                    pool.shutdown(cancel_futures=True)
                    return tried, skipped, failed, ways
    return tried, skipped, failed, ways


def table(tried, skipped, failed, ways):
    print(f"{'kind':<20}{'streams':>9}{'skipped':>9}{'failed':>9}")
    for kind in sorted({*tried, *skipped, *failed}):
        print(f"{kind:<20}{tried[kind]:>9}{skipped[kind]:>9}{failed[kind]:>9}")
    print(f"{'all':<20}{tried.total():>9}{skipped.total():>9}{failed.total():>9}")
    print("runs: " + ", ".join(f"{way} {count}" for way, count in ways.items()))


def in_memory():
    """Every commit is synced, which on a disk takes ten times as long as all the rest of a run."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millrace", required=True)
    parser.add_argument("--plugins", required=True)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--kind", choices=sorted(operators.KINDS), action="append")
    parser.add_argument("--mode", choices=sorted(SHARES), action="append", help="play this way in every case")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--no-shrink", action="store_true", help="print only the first difference of a failing case")
    parser.add_argument("--fail-fast", action="store_true", help="end with the first case that differs")
    parser.add_argument("--folder", default=in_memory(), help="to work in; default: one in memory")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    counts = play(options, options.kind or sorted(operators.KINDS))
    table(*counts)
    return 1 if counts[2] else 0


if __name__ == "__main__":
    sys.exit(main())
