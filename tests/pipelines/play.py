"""Plays one case in one mode inside a folder of its own. Each function returns a list of complaints."""
import os
import random
import shutil
import signal
import subprocess
import time

from compare import differences

KILLS_MIN = 5
ATTEMPTS_MAX = 40
RUN_S_MAX = 120
# Where the program kills itself when asked by MILLRACE_KILL_AT=<point>:<n>; a point it does not know never comes.
KILL_POINTS = ('commit.begin', 'commit.prepared', 'commit.logged', 'commit.sink', 'commit.done')


class Program:
    """The program under test and the environment every run gets."""

    def __init__(self, path, plugins):
        self.path = os.path.abspath(path)
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith("MILLRACE_") or key.startswith("MILLRACE_MUTANT")}
        if plugins:
            self.environment["MILLRACE_PLUGIN_PATH"] = os.path.abspath(plugins)

    def start(self, work, *arguments, **environment):
        """`millrace run` in `work`, with its output kept in files there."""
        command = [self.path, "run", "pipeline.json", "--quiet", "--report", "report.json", *arguments]
        with open(work / "stderr.txt", "wb") as errors:
            return subprocess.Popen(command, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                                    env={**self.environment, **environment})


def lay_out(case, work):
    """A fresh copy of the case's configuration and inputs, with the folder that its sinks write to."""
    shutil.rmtree(work, ignore_errors=True)
    (work / "out").mkdir(parents=True)
    for path in [case / "pipeline.json", *case.glob("input*")]:
        shutil.copy(path, work / path.name)


def wait(process):
    try:
        return process.wait(RUN_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "timeout"


def failure(work, code):
    text = (work / "stderr.txt").read_text(encoding="utf-8", errors="replace").strip()
    return f"exit {code}: " + "\n    ".join(text.splitlines()[-15:])


def undisturbed(program, case, work, *arguments, **environment):
    """One run from nothing to the end."""
    lay_out(case, work)
    code = wait(program.start(work, "--fresh", *arguments, **environment))
    return [failure(work, code)] if code != 0 else differences(case, work, totals=False)


def plain(program, case, work, _seed):
    return undisturbed(program, case, work)


def batch1(program, case, work, _seed):
    return undisturbed(program, case, work, MILLRACE_BATCH_RECORDS="1")


def lanes(program, case, work, _seed):
    return undisturbed(program, case, work, "--set", "lanes=3")


class KilledRuns:
    """Runs that die at random moments and at named points, until enough have died; then one that may finish."""

    def __init__(self, program, case, work, seed):
        self.program, self.case, self.work = program, case, work
        self.rng = random.Random(f"{seed}:{case.name}")
        self.kills = 0

    def play(self):
        began = time.monotonic()
        complaints = undisturbed(self.program, self.case, self.work, MILLRACE_COMMIT_RECORDS="1")
        if complaints:
            return complaints
        usual_s = time.monotonic() - began
        lay_out(self.case, self.work)
        for _ in range(ATTEMPTS_MAX):
            code = self.one(usual_s)
            if code == 0:
                complaints = differences(self.case, self.work, totals=True)
                if complaints or self.kills >= KILLS_MIN:
                    return complaints
                lay_out(self.case, self.work)    # at its end there is nothing left to kill
            elif code != -signal.SIGKILL:
                return [failure(self.work, code)]
            elif self.kills >= 2 * KILLS_MIN:
                break
        return self.finish()

    def one(self, usual_s):
        """A run with a random commit interval, killed from inside or from outside, or by luck not at all."""
        environment = {"MILLRACE_COMMIT_RECORDS": str(self.rng.randint(1, 4))}
        inside = self.rng.random() < 0.5
        if inside:
            environment["MILLRACE_KILL_AT"] = f"{self.rng.choice(KILL_POINTS)}:{self.rng.randint(1, 4)}"
        delay_s = self.rng.random() * usual_s
        process = self.program.start(self.work, **environment)
        if not inside:
            try:
                process.wait(delay_s)
            except subprocess.TimeoutExpired:
                process.kill()
        code = wait(process)
        self.kills += code == -signal.SIGKILL
        return code

    def finish(self):
        if self.kills < KILLS_MIN:
            return [f"only {self.kills} of {KILLS_MIN} kills hit a running program"]
        code = wait(self.program.start(self.work))
        return [failure(self.work, code)] if code != 0 else differences(self.case, self.work, totals=True)


def killed(program, case, work, seed):
    return KilledRuns(program, case, work, seed).play()


MODES = {"plain": plain, "batch1": batch1, "lanes": lanes, "killed": killed}
