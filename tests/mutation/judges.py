"""What may notice a flipped comparison: unit tests, random streams against the oracle, pipeline cases, whole runs. Each judge is a list of
trials with a name; a trial is played alone, and knows which sites it reaches, so that a flip costs only what can see it.
"""
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("property", "oracle", "pipelines"):
    sys.path.insert(0, str(TESTS / folder))

import cases        # noqa: E402
import engine       # noqa: E402
import operators    # noqa: E402
import pipeline     # noqa: E402
import play         # noqa: E402

HUNG_S = 20         # A trial takes well below one second.
TRACE, MUTANT = "MILLRACE_MUTANT_TRACE", "MILLRACE_MUTANT"


class Judge:
    """`trials` in order of their cost; `passes(trial, environment)` plays one."""

    def __init__(self, folder):
        self.folder, self.reached = folder, {}

    def look(self):
        """Plays all without a flip. What fails then is nobody's witness: the names of those."""
        failing = []
        for trial in self.trials:
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix="reached-") as trace:
                passed = self.passes(trial, {TRACE: trace.name})
                self.reached[trial] = {int(line) for line in trace.read().split()}
            if not passed:
                failing.append(f"{self.name}: {trial}")
        return failing

    def killer(self, number):
        """The trial that fails with this comparison flipped; None: none does."""
        witnesses = [trial for trial in self.trials if number in self.reached[trial]]
        return next((trial for trial in witnesses if not self.passes(trial, {MUTANT: str(number)})), None)

    def reaches(self, number):
        return any(number in sites for sites in self.reached.values())


class UnitTests(Judge):
    """The tests of one gtest program; those that reach the site are played in one process."""

    def __init__(self, program, folder):
        super().__init__(folder)
        self.program, self.name = program, program.name
        listed = subprocess.run([program, "--gtest_list_tests"], check=True, capture_output=True, text=True).stdout
        self.trials = list(names_in(listed))

    def passes(self, trial, environment):
        return self.play([trial], environment)

    def play(self, trials, environment):
        command = [self.program, "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={':'.join(trials)}"]
        try:
            return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=HUNG_S,
                                  env={**os.environ, **environment}).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def killer(self, number):
        witnesses = [trial for trial in self.trials if number in self.reached[trial]]
        return self.name if witnesses and not self.play(witnesses, {MUTANT: str(number)}) else None


def names_in(listed):
    suite = ""
    for line in listed.splitlines():
        name = line.split("#")[0].strip()
        if line.startswith("  "):
            yield suite + name
        elif name.endswith("."):
            suite = name


class Streams(Judge):
    """Random streams as tests/property plays them. What the oracle says of each is asked once."""
    name = "property"
    MODES = ("plain", "small_batches", "continued", "paused")

    def __init__(self, program, plugins, folder, seed, count):
        super().__init__(folder)
        self.engine = engine.Engine(program, plugins, folder / "streams")
        engine.RUN_S_MAX = HUNG_S
        self.known, streams = {}, 0
        for number in range(count):
            if streams >= count:
                break
            case = cases.case(f"{seed}.{number}", sorted(operators.KINDS))
            streams += len(case.kinds)
            for mode in self.MODES[:1] + self.MODES[1 + number % 3:2 + number % 3]:
                self.known[f"{case.seed}, {mode}"] = (case, mode, answer(case, mode))
        self.trials = sorted(self.known, key=lambda trial: self.known[trial][1] != "plain")

    def passes(self, trial, environment):
        case, mode, expected = self.known[trial]
        usual = self.engine.environment
        self.engine.environment = {**usual, **environment}
        try:
            return not engine.complaints(self.engine, case, expected, mode, case.seed)
        except (engine.Failure, engine.Refusal, OSError, ValueError, KeyError):
            return False
        finally:
            self.engine.environment = usual


def answer(case, mode):
    runs = case.halves() if mode == "continued" else [case.inputs]
    return pipeline.Answer(case.config, *({name: [line.encode() for line in lines] for name, lines in run.items()} for run in runs))


class Pipelines(Judge):
    """The cases of tests/pipelines, in batches of one record and plain."""
    name = "pipelines"

    def __init__(self, program, plugins, folder):
        super().__init__(folder)
        self.program = play.Program(program, plugins)
        play.RUN_S_MAX = HUNG_S
        names = sorted(path.parent.name for path in (TESTS / "pipelines").glob("*/pipeline.json"))
        self.trials = [f"{name}, {mode}" for mode in ("batch1", "plain") for name in names]

    def passes(self, trial, environment):
        name, mode = trial.split(", ")
        usual = self.program.environment
        self.program.environment = {**usual, **environment}
        try:
            return not play.MODES[mode](self.program, TESTS / "pipelines" / name, self.folder / "case", 0)
        except (OSError, ValueError, KeyError):
            return False
        finally:
            self.program.environment = usual


class SystemTests(Judge):
    """Those modules of tests/system that are about time and state, one by one: they take seconds."""
    name = "system"
    HUNG_S = 120

    def __init__(self, bin_, plugins, folder):
        super().__init__(folder)
        build = bin_.parent
        self.options = ["--program", bin_ / "millrace", "--plugins", plugins, "--test-plugins", build / "test_plugins",
                        "--test-sinks", build / "test_sinks", "--failfast"]
        self.trials = ["test_tables", "test_lateness", "test_watermarks", "test_explanations", "test_max_task_idle", "test_state", "test_report",
                       "test_restart", "test_changed_configuration", "test_time", "test_kept:Kept.test_R39_open_windows_of_several_runs_are_made_again"]

    def passes(self, trial, environment):
        module, _, case = trial.partition(":")
        command = ["/usr/bin/python3", "-B", TESTS / "system" / f"{module}.py", *self.options, *([case] if case else [])]
        # What a test that fails leaves running goes with it.
        played = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                  env={**os.environ, **environment})
        try:
            return played.wait(self.HUNG_S) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            try:
                os.killpg(played.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            played.wait()


class ManyStreams:
    """All of tests/property, with every way to disturb a run: for what nobody else has noticed."""
    name = "many streams"

    def __init__(self, program, plugins, streams):
        self.command = ["/usr/bin/python3", "-B", TESTS / "property/property.py", "--millrace", program, "--plugins", plugins,
                        "--streams", str(streams), "--seed", str(random.randrange(10**6)), "--no-shrink", "--fail-fast"]

    def passes(self, environment):
        return subprocess.run(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env={**os.environ, **environment}).returncode == 0

    def look(self):
        """As Judge.look(): a fault that they find by themselves must not count as a kill."""
        return [] if self.passes({}) else [f"{self.name}: {' '.join(map(str, self.command))}"]

    def killer(self, number):
        return None if self.passes({MUTANT: str(number)}) else self.name
