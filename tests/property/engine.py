"""Runs the program over a case in a folder of its own and says what it wrote; one function per way to disturb a run."""
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess

from cases import PARTS_MAX
from operators import names

RUN_S_MAX = 120
KILLS = 3
PAUSES = 3
ATTEMPTS_MAX = 12
NOT_YET = "not in this version"
# Where a build with fault points dies when asked by MILLRACE_KILL_AT=<point>:<n>; others are killed by the clock only.
KILL_POINTS = ("chunk.applied", "commit.begin", "commit.prepared", "commit.logged", "commit.sink", "commit.done")


class Refusal(Exception):
    """The program says that some operators come later; `operators` are their names."""

    def __init__(self, operators):
        super().__init__(", ".join(sorted(operators)))
        self.operators = operators


class Failure(Exception):
    """The run did not end as it should."""


class Engine:
    def __init__(self, program, plugins, folder):
        self.program, self.folder = os.path.abspath(program), pathlib.Path(folder)
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith("MILLRACE_") or key.startswith("MILLRACE_MUTANT")}
        self.kills = 0    # how many runs died as asked
        self.environment["MILLRACE_PLUGIN_PATH"] = os.path.abspath(plugins)

    def lay_out(self, case, inputs=None):
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "out").mkdir(parents=True)
        (self.folder / "pipeline.json").write_text(json.dumps(case.config, indent=1), encoding="utf-8")
        self.append(case.inputs if inputs is None else inputs)

    def append(self, inputs):
        for name, lines in inputs.items():
            with open(self.folder / f"{name}.jsonl", "ab") as file:
                file.writelines(line.encode() + b"\n" for line in lines)

    def run(self, arguments=(), environment=None, kill_after_s=None):
        """The exit code; a run still going after `kill_after_s` is killed."""
        command = [self.program, "run", "pipeline.json", "--quiet", "--report", "report.json", *arguments]
        with open(self.folder / "stderr.txt", "wb") as errors:
            process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=errors, env={**self.environment, **(environment or {})})
        try:
            return process.wait(RUN_S_MAX if kill_after_s is None else kill_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
            if kill_after_s is None:
                raise Failure(f"no end within {RUN_S_MAX} s") from None
            return code

    def check(self, code):
        if code == 0:
            return
        text = (self.folder / "stderr.txt").read_text(encoding="utf-8", errors="replace")
        refused = {match[1] for line in text.splitlines() if NOT_YET in line
                   for match in [re.search(r"/operators/(\w+)", line)] if match}
        if code == 2 and refused:
            raise Refusal(refused)
        raise Failure(f"exit {code}: " + "\n  ".join(text.strip().splitlines()[-10:]))

    def written(self, case):
        """({sink: bytes}, the ledger since --fresh)."""
        files = {name: self.folder / sink["path"] for name, sink in case.config["sinks"].items()}
        outputs = {name: path.read_bytes() if path.exists() else None for name, path in files.items()}
        report = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return outputs, {**report["total"], "sources": whole(report["total"]["sources"])}, report["balanced"]


def whole(sources):
    """The ledger of sources, those of the parts of one summed."""
    found = {}
    for name, counts in sources.items():
        mine = found.setdefault(name.partition("_")[0], dict.fromkeys(counts, 0))
        for key, count in counts.items():
            mine[key] += count
    return found


def plain(engine, case, _rng):
    engine.lay_out(case)
    engine.check(engine.run(["--fresh"]))


def small_batches(engine, case, rng):
    engine.lay_out(case)
    engine.check(engine.run(["--fresh"], {"MILLRACE_BATCH_RECORDS": str(rng.choice((1, 1, 2, 3, 7, 16)))}))


def lanes(engine, case, rng):
    engine.lay_out(case)
    engine.check(engine.run(["--fresh", "--set", f"lanes={rng.randint(1, 4)}"],
                            {"MILLRACE_BATCH_RECORDS": str(rng.choice((1, 5, 65536)))}))


def continued(engine, case, _rng):
    """R20: run to the end, then again on the longer input."""
    first, more = case.halves()
    engine.lay_out(case, first)
    engine.check(engine.run(["--fresh"]))
    engine.append(more)
    engine.check(engine.run())


def paused(engine, case, rng):
    """Stopped in order somewhere, as by a signal, and resumed: windows stay open over it."""
    engine.lay_out(case)
    for _ in range(PAUSES):
        point = f"chunk.applied:{rng.randint(1, max(1, case.records() // PAUSES))}"
        engine.check(engine.run((), {"MILLRACE_BATCH_RECORDS": "1", "MILLRACE_STOP_AT": point}))
    engine.check(engine.run())


def parallel(engine, case, rng):
    """R43: the records dealt out to several sources that are merged by event time; nobody is late."""
    parts = {name: [f"{name}_{number}" for number in range(rng.randint(1, PARTS_MAX))] for name in case.inputs}
    dealt = {part: [] for named in parts.values() for part in named}
    for name, lines in case.inputs.items():
        for line in lines:
            dealt[rng.choice(parts[name])].append(line)
    sources = {part: {**case.config["sources"][name], "path": f"{part}.jsonl"} for name, named in parts.items() for part in named}
    operators = {name: {**one, "from": [part for given in names(one["from"]) for part in parts.get(given, [given])]}
                 for name, one in case.config["operators"].items()}
    engine.lay_out(case.with_config({**case.config, "sources": sources, "operators": operators}), dealt)
    engine.check(engine.run(["--fresh"]))


def merged(engine, case, rng):
    """R22, R42: the records dealt out to several files of one source, whose order is a function of the files alone."""
    sources = {name: {**source, "path": f"{name}_*.jsonl", "parallel": True} for name, source in case.config["sources"].items()}
    files = {f"{name}_{number}": lines for name, parts in case.parts().items() for number, lines in enumerate(parts)}
    engine.lay_out(case.with_config({**case.config, "sources": sources}), files)
    every = str(rng.choice((1, 3, 10)))
    code = engine.run((), {"MILLRACE_COMMIT_RECORDS": every, "MILLRACE_BATCH_RECORDS": every,
                           "MILLRACE_KILL_AT": f"chunk.applied:{rng.randint(1, max(1, case.records() // int(every)))}"})
    engine.check(engine.run() if code == -signal.SIGKILL else code)


def killed(engine, case, rng):
    """Killed at random records, places of a commit and moments, each time going on with what the last commit left."""
    engine.lay_out(case)
    kills, records = 0, case.records()
    for _ in range(ATTEMPTS_MAX):
        every = rng.choice((1, 3, 10))
        point = f"{rng.choice(KILL_POINTS)}:{rng.randint(1, max(1, records // every))}"
        code = engine.run((), {"MILLRACE_COMMIT_RECORDS": str(every), "MILLRACE_BATCH_RECORDS": str(every), "MILLRACE_KILL_AT": point},
                          kill_after_s=rng.uniform(0.01, 0.25))
        if code != -signal.SIGKILL:
            return engine.check(code)
        kills += 1
        engine.kills += 1
        if kills >= KILLS:
            break
    return engine.check(engine.run())


MODES = {"plain": plain, "small_batches": small_batches, "lanes": lanes, "continued": continued, "paused": paused,
         "parallel": parallel, "merged": merged, "killed": killed}


def complaints(engine, case, expected, mode, seed):
    """Differences between the run and the oracle's answer, as {operator: text}; operator "" is the whole run."""
    try:
        MODES[mode](engine, case, random.Random(f"{seed}:{mode}"))
    except Failure as failure:
        return {"": str(failure)}
    outputs, ledger, balanced = engine.written(case)
    found = {} if balanced else {"": "the report is not balanced"}
    for name, wanted in expected.outputs.items():
        if outputs[name] != wanted:
            found[owner(case, name)] = first_difference(name, wanted, outputs[name])
    for part, members in expected.ledger().items():
        for name, counts in members.items():
            have = {key: ledger[part].get(name, {}).get(key) for key in counts}
            if have != counts:
                found.setdefault(owner(case, name) if part != "sources" else "", f"{part}.{name}: expected {counts}, is {have}")
    return found


def owner(case, name):
    """The operator whose rows a sink got; "" for a sink of several."""
    if name in case.config["operators"]:
        return name
    given = case.config["sinks"][name]["from"]
    return given.removesuffix(".late") if isinstance(given, str) else ""


def first_difference(name, wanted, have):
    if have is None:
        return f"{name}: not written"
    want, got = wanted.splitlines(), have.splitlines()
    at = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), min(len(want), len(got)))
    def shown(lines):
        return lines[at].decode(errors="replace") if at < len(lines) else "(no more rows)"
    return f"{name}, row {at + 1} of {len(want)} expected, {len(got)} written:\n    expected {shown(want)}\n    written  {shown(got)}"
