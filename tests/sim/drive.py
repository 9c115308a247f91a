"""A source plugin under test: plugin_drive as a child process, and the host's duplicate filter.

The programs' places come from the environment: MILLRACE_PLUGIN_DRIVE and MILLRACE_PLUGIN_DIR.
"""
import json
import os
import pathlib
import subprocess


class Drive:
    """`with Drive("source_wikipedia", "wikipedia", {...}) as source: source.open()`."""

    def __init__(self, file, name, config, env=None):
        plugin = pathlib.Path(os.environ["MILLRACE_PLUGIN_DIR"]) / f"{file}.mrp.so"
        self.command = [os.environ["MILLRACE_PLUGIN_DRIVE"], str(plugin), name, json.dumps(config)]
        self.env = {**os.environ, **(env or {})}
        self.rows, self.gaps, self.rejects, self.errors = [], [], [], []

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.env)
        return self

    def __exit__(self, *_):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait(20)
        self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.process.wait(10)

    def call(self, line):
        """The last line of the answer; rows and the like are sorted into the lists."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        self.logs = []
        while True:
            answer = json.loads(self.process.stdout.readline().decode("utf-8"))
            if "done" in answer:
                return answer
            if "fatal" in answer or "fault" in answer:
                raise RuntimeError(str(answer))
            for key, to in (("value", self.rows), ("gap", self.gaps), ("reject", self.rejects),
                            ("error", self.errors), ("log", self.logs)):
                if key in answer:
                    to.append(answer)

    def open(self, state="", flags=""):
        return self.call(f"open {flags} {state}".rstrip())

    def poll(self, rows=1, seconds=5.0, max_records=1000, max_bytes=1 << 20):
        return self.call(f"poll {rows} {int(seconds * 1000)} {max_records} {max_bytes}")

    def state(self):
        return self.call("snapshot")["state"]

    def metric(self, name):
        return self.call(f"metrics {name}")[name]

    def log(self):
        self.call("logs")
        return "\n".join(line["log"] for line in self.logs)


class Filter:
    """What the host does with the duplicate columns: drop equal hashes within the horizon of their group."""

    def __init__(self, horizon_us=120_000_000, other=None):
        self.horizon_us = horizon_us
        self.seen = dict(other.seen) if other else {}
        self.newest = dict(other.newest) if other else {}

    def passes(self, row):
        if row["hash"] == 0:
            return True
        group, at = row["group"], row["dedupe_us"]
        self.newest[group] = max(at, self.newest.get(group, at))
        known = self.seen.get(row["hash"])
        if known and known[1] >= self.newest[known[0]] - self.horizon_us:
            return False
        self.seen[row["hash"]] = (group, at)
        return True

    def keep(self, rows):
        return [row for row in rows if self.passes(row)]
