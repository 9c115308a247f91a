#!/usr/bin/env python3
"""Plays the pipeline cases beside this file and compares what they write with what they expect.

  run.py --millrace build/bin/millrace --plugins build/plugins [--mode plain|batch1|lanes|killed|all] [--case NAME]…

Modes: plain; batch1 = batches of one record; lanes = three lanes; killed = SIGKILL at least five times at random
moments and named points, resumed each time. Every mode must give the same bytes. Exit 1 if a case fails.
"""
import argparse
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import play    # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millrace", required=True, help="the program")
    parser.add_argument("--plugins", help="directory of plugins; default: those beside the program")
    parser.add_argument("--mode", choices=(*play.MODES, "all"), default="plain")
    parser.add_argument("--case", action="append", help="only this one; may be given again")
    parser.add_argument("--seed", type=int, help="of the kills; default: from the clock, printed")
    parser.add_argument("--keep", metavar="DIR", help="work here and leave everything, instead of a temporary folder")
    return parser.parse_args()


def cases(names):
    found = {path.parent.name: path.parent for path in sorted(FOLDER.glob("*/pipeline.json"))}
    unknown = set(names or ()) - found.keys()
    if unknown:
        sys.exit(f"no such case: {', '.join(sorted(unknown))}")
    return [found[name] for name in names or found]


def play_all(program, modes, chosen, folder, seed):
    """Number of failures; each is printed as it happens."""
    failed = 0
    for mode in modes:
        for case in chosen:
            complaints = play.MODES[mode](program, case, folder / mode / case.name, seed)
            failed += bool(complaints)
            if complaints:
                print(f"FAILED {case.name} ({mode}): {(case / 'why.md').read_text(encoding='utf-8').strip()}")
                print("".join(f"  {text}\n" for text in complaints), end="", flush=True)
    return failed


def main():
    options = parse()
    modes = list(play.MODES) if options.mode == "all" else [options.mode]
    seed = options.seed if options.seed is not None else time.time_ns() % 10**9
    if "killed" in modes:
        print(f"seed {seed}", flush=True)
    program, chosen = play.Program(options.millrace, options.plugins), cases(options.case)
    with tempfile.TemporaryDirectory(prefix="millrace-pipelines-") as temporary:
        failed = play_all(program, modes, chosen, pathlib.Path(options.keep or temporary).resolve(), seed)
    print(f"{len(chosen) * len(modes)} runs of {len(chosen)} cases ({', '.join(modes)}): {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
