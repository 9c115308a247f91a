"""The program under test, run in a folder of the test's own.

A module is run as `test_X.py [--program P] [--plugins DIR] [--bad-plugins DIR] [--test-sinks DIR] [--test-plugins DIR]
[--power-loss LIBRARY] [unittest's arguments]`; without these the environment's MILLRACE_PROGRAM, MILLRACE_PLUGIN_PATH, MILLRACE_BAD_PLUGINS,
MILLRACE_TEST_SINKS, MILLRACE_TEST_PLUGINS and MILLRACE_POWER_LOSS count. It exits 77 when all was skipped.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
WAIT_S_MAX = 120
START_S = 1760000400          # 2025-10-09T09:00:00Z, a whole minute


class Settings:
    program = os.environ.get("MILLRACE_PROGRAM", "")
    plugins = os.environ.get("MILLRACE_PLUGIN_PATH", "")
    bad_plugins = os.environ.get("MILLRACE_BAD_PLUGINS", "")
    test_plugins = os.environ.get("MILLRACE_TEST_PLUGINS", "")     # the source that does what a script says
    test_sinks = os.environ.get("MILLRACE_TEST_SINKS", "")
    power_loss = os.environ.get("MILLRACE_POWER_LOSS", "")         # a shim that makes a disk forget


def environment(extra=None):
    """What a child sees: nothing of ours but the plugins' place, so that no setting leaks in from outside; and what
    tests/mutation asks."""
    out = {key: value for key, value in os.environ.items() if not key.startswith("MILLRACE_") or key.startswith("MILLRACE_MUTANT")}
    if Settings.plugins:
        out["MILLRACE_PLUGIN_PATH"] = Settings.plugins
    return {**out, **(extra or {})}


class Finished:
    """How a run ended and what it said. `stdout` is bytes; `stderr` is text."""

    def __init__(self, code, stdout, stderr, report_path):
        self.code, self.stdout, self.stderr = code, stdout, stderr
        self.report_path = report_path

    @property
    def report(self):
        return json.loads(self.report_path.read_text(encoding="utf-8"))

    def __str__(self):
        return f"exit {self.code}\n--- stderr\n{self.stderr}\n--- stdout\n{self.stdout[-2000:]!r}"


class Started:
    """A run in progress. `stdout` may be handed in, e.g. a pipe that nobody reads."""

    def __init__(self, command, folder, env, stdout=None):
        self.stdout_path, self.stderr_path = folder / "stdout.bin", folder / "stderr.txt"
        self.report_path = folder / "report.json"
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as errors:
            self.process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                            stdout=out if stdout is None else stdout, stderr=errors)

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def errors(self):
        return self.stderr_path.read_text(encoding="utf-8", errors="replace")

    def signal(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def wait(self, seconds=WAIT_S_MAX):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running after {seconds} s\n{self.errors()}") from None
        return Finished(code, self.stdout_path.read_bytes(), self.errors(), self.report_path)


class SystemTest(unittest.TestCase):
    """Each test has an empty folder, `self.folder`, where its runs happen."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-system-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.started = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for run in self.started:
            if run.running():
                run.process.kill()
                run.process.wait()

    def write(self, name, content):
        """`content`: bytes, text, a list of records (ndjson), or anything else as JSON."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, list):
            content = rows(content)
        elif not isinstance(content, (bytes, str)):
            content = json.dumps(content, indent=1)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def append(self, name, content):
        with open(self.folder / name, "ab") as out:
            out.write(rows(content) if isinstance(content, list) else content)

    def read(self, name):
        return (self.folder / name).read_bytes()

    def lines(self, name):
        return [json.loads(line) for line in self.read(name).splitlines()]

    def dead_letters(self, name, pipeline="p"):
        path = f".millrace/{pipeline}/dead_letters/{name}.jsonl"
        return self.lines(path) if (self.folder / path).exists() else []

    def clear(self):
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    def command(self, *arguments):
        return [wait_for_program(), *map(str, arguments)]

    def start(self, *arguments, env=None, stdout=None, config="p.json"):
        """`millrace run` with a report, not waited for."""
        report = [] if "--report" in arguments else ["--report", "report.json"]
        run = Started(self.command("run", config, *report, *arguments), self.folder, environment(env), stdout)
        self.started.append(run)
        return run

    def run_to_end(self, *arguments, env=None, config="p.json", code=0):
        """`millrace run` to its end; fails unless it exits with `code` (None: any)."""
        (self.folder / "report.json").unlink(missing_ok=True)
        done = self.start(*arguments, env=env, config=config).wait()
        if code is not None:
            self.assertEqual(done.code, code, done)
        return done

    def verb(self, *arguments, env=None, code=0):
        """Any verb, waited for."""
        done = Started(self.command(*arguments), self.folder, environment(env)).wait()
        if code is not None:
            self.assertEqual(done.code, code, done)
        return done

    def wait_until(self, what, condition, run=None):
        """Polls until `condition` holds; fails when `run` ends before, or after WAIT_S_MAX."""
        end = time.monotonic() + WAIT_S_MAX
        while not condition():
            if run is not None and not run.running() and not condition():
                self.fail(f"ended before {what}: {run.wait()}")
            if time.monotonic() > end:
                self.fail(f"waited in vain for {what}" + (f"\n{run.errors()}" if run else ""))
            time.sleep(0.02)

    def size(self, name):
        path = self.folder / name
        return path.stat().st_size if path.exists() else 0

    def assert_says(self, done, *texts):
        for text in texts:
            self.assertIn(text, done.stderr)


def rows(records):
    """ndjson of records; bytes among them stay as they are."""
    return b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in records)


def at(second, key="a", **more):
    """A record `second` seconds after START_S."""
    return {"t": START_S + second, "k": key, **more}


def counting(source=None, operator=None, sinks=None, **top):
    """Counts per key and minute, file to file."""
    return {
        "pipeline": "p", "commit": {"every": "50ms"},
        "sources": {"in": {"plugin": "file", "path": "in.jsonl", "schema": {"k": "text"},
                           "event_time": {"field": "t", "unit": "s"}, **(source or {})}},
        "operators": {"per_minute": {"from": "in", "window": {"tumbling": "1m"}, "group_by": ["k"],
                                     "select": {"n": "count(*)"}, **(operator or {})}},
        "sinks": sinks or {"out": {"from": "per_minute", "plugin": "file", "path": "out.jsonl"}}, **top}


def passing(**source):
    """Every record goes to the sink as it came."""
    config = counting(source)
    config["operators"] = {}
    config["sinks"] = {"out": {"from": "in", "plugin": "file", "path": "out.jsonl"}}
    return config


def paced(speed):
    """Source keys that let records come at `speed` times their event time."""
    return {"replay": {"speed": speed, "time_field": "t", "unit": "s"}}


def wait_for_program():
    """The program's path; it may be missing for a moment while it is being linked."""
    for _ in range(100):
        if os.access(Settings.program, os.X_OK):
            return os.path.abspath(Settings.program)
        time.sleep(0.1)
    raise AssertionError(f"no program at {Settings.program!r}; name it with --program or MILLRACE_PROGRAM")


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--program", default=Settings.program)
    parser.add_argument("--plugins", default=Settings.plugins)
    parser.add_argument("--bad-plugins", default=Settings.bad_plugins)
    parser.add_argument("--test-sinks", default=Settings.test_sinks)
    parser.add_argument("--test-plugins", default=Settings.test_plugins)
    parser.add_argument("--power-loss", default=Settings.power_loss)
    options, rest = parser.parse_known_args()
    Settings.program, Settings.plugins, Settings.bad_plugins = options.program, options.plugins, options.bad_plugins
    Settings.test_sinks, Settings.test_plugins = options.test_sinks, options.test_plugins
    Settings.power_loss = options.power_loss and os.path.abspath(options.power_loss)
    result = unittest.main(argv=[sys.argv[0], *rest], exit=False, verbosity=2).result
    if result.wasSuccessful() and result.testsRun and len(result.skipped) == result.testsRun:
        sys.exit(77)
    sys.exit(not result.wasSuccessful())
