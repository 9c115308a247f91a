"""What every measure needs: inputs made once, processes and what they cost, pairs played alternately."""
import hashlib
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
GENERATOR = HERE.parents[1] / "configs" / "quickstart" / "generate.py"


class WrongAnswer(Exception):
    pass


class Cost:
    """What one process took, as wait4 tells it."""

    def __init__(self, wall, usage):
        self.wall = wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.user, self.system = usage.ru_utime, usage.ru_stime


class Bench:
    def __init__(self, options):
        self.options = options
        self.programs = options.build / "bin"
        self.folder = options.build / "bench"
        self.folder.mkdir(exist_ok=True)
        self.log = self.folder / "stderr.log"

    # --- input -----------------------------------------------------------------------------------

    def made_once(self, name, makers, make):
        """A file whose name tells what it was made from: of these files. `make(path)` makes it."""
        made_by = hashlib.sha256(b"".join(path.read_bytes() for path in makers)).hexdigest()[:8]
        path = self.folder / f"{name}_{made_by}.jsonl"
        if not path.exists():
            for old in self.folder.glob(f"{name}_*"):
                old.unlink()
            print(f"making {path.name} …", file=sys.stderr)
            part = path.with_suffix(".part")
            make(part)
            part.rename(path)
        return path

    def input(self):
        """Edits of 1 KB."""
        events = self.options.events
        return self.made_once(f"edits_{events}", [GENERATOR, GENERATOR.parent / "vocabulary.py"], lambda part: run(
            [GENERATOR, "--events", events, "--bytes", 1024, "--clean", "--rate", 500, "--out", part]))

    # --- processes -------------------------------------------------------------------------------

    def cost(self, command, **environment):
        with open(self.log, "wb") as log:
            started = time.monotonic()
            process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=log,
                                       env={**os.environ, **{name: str(value) for name, value in environment.items()}})
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        self.check_exit(command, process.returncode)
        return Cost(wall, usage)

    def check_exit(self, command, code):
        if code != 0:
            raise WrongAnswer(f"exit {code}: {' '.join(map(str, command))}\n{self.log.read_text(errors='replace')}")

    def millrace(self, pipeline, *settings):
        """A command that begins anew: no state, nothing written before. `pipeline`: a name in pipelines/, or a path."""
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        path = HERE / "pipelines" / f"{pipeline}.json" if isinstance(pipeline, str) else pipeline
        command = [self.programs / "millrace", "run", path, "--fresh", "--quiet",
                   "--state", self.folder / "state"]
        for setting in settings:
            command += ["--set", setting]
        return command

    def run_ceiling(self, program, threads, out):
        out.unlink(missing_ok=True)
        return self.cost([self.programs / program, self.input(), "--threads", str(threads), "--out", out])

    def run_millrace(self, pipeline, lanes, out):
        out.unlink(missing_ok=True)
        return self.cost(self.millrace(pipeline, f"lanes={lanes}", f"sources.edits.path={self.input()}",
                                       f"sinks.out.path={out}"))

    # --- measures --------------------------------------------------------------------------------

    def alternate(self, title, run_a, run_b, check):
        """A warm-up of each, whose answers must be equal, then A B A B …; gives the pairs of costs."""
        run_a()
        run_b()
        check()
        pairs = []
        for _ in range(self.options.runs):
            pairs.append((run_a(), run_b()))
            check()
        wall = spread([a.wall / b.wall for a, b in pairs])
        cpu = spread([a.cpu / b.cpu for a, b in pairs])
        print(f"{title:<44} wall {wall}   CPU {cpu}")
        if self.options.times:
            for name, costs in (("A", [a for a, _ in pairs]), ("B", [b for _, b in pairs])):
                print("".join(f"    {name} {c.wall:.3f} s (user {c.user:.3f}, system {c.system:.3f})\n"
                              for c in costs), end="")
        return pairs


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def check_equal(expected, got):
    """Byte for byte: the order of rows is part of the contract."""
    a, b = expected.read_bytes(), got.read_bytes()
    if a == b and a:
        return
    a, b = a.splitlines(), b.splitlines()
    for number, (want, have) in enumerate(zip(a, b), 1):
        if want != have:
            same = "the same rows in another order" if sorted(a) == sorted(b) else "other rows"
            raise WrongAnswer(f"{same}; line {number} of {got.name}:\n"
                              f"  ceiling  {want[:300]!r}\n  Millrace {have[:300]!r}")
    raise WrongAnswer(f"{expected.name} has {len(a)} rows, {got.name} {len(b)}")


def run(arguments):
    """A Python program."""
    subprocess.run([sys.executable, *map(str, arguments)], check=True)
