"""Real servers on free ports, in folders of their own. A server that is not installed skips the tests that need it."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

START_S_MAX = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that can be killed, stopped, continued and started again on the same port and folder."""

    def __init__(self, prefix):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
        self.port = free_port()
        self.process = None

    def launch(self, command):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + START_S_MAX
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError((self.folder / "log").read_text(errors="replace")[-3000:])
            time.sleep(0.02)

    def kill(self, number=signal.SIGKILL):
        """SIGKILL by default; waits until it is gone."""
        if self.process:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def remove(self):
        if self.process:
            self.process.send_signal(signal.SIGCONT)
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def started(test_class, server):
    """The server, until the tests of the class are over. For setUpClass."""
    test_class.addClassCleanup(server.remove)
    server.start()
    return server


def all_there_are(test_class, **kinds):
    """By name, those that are installed; of the others it is said that they are missing."""
    servers = {}
    for name, make in kinds.items():
        try:
            servers[name] = started(test_class, make())
        except unittest.SkipTest as missing:
            print(f"without {name}: {missing}", file=sys.stderr)
    return servers


class Postgres(Server):
    def __init__(self):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            raise unittest.SkipTest("PostgreSQL's server is not installed (postgresql-15)")
        super().__init__("millrace-postgres-")
        self.bin = found[-1].parent
        self.as_owner = []
        if os.getuid() == 0:            # it refuses to run as root
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self.as_owner = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        subprocess.run([*self.as_owner, self.bin / "initdb", "-D", "data", "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8",
                        "--locale=C"], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    @property
    def url(self):
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self):
        self.launch([*self.as_owner, self.bin / "postgres", "-D", "data", "-p", str(self.port), "-k", str(self.folder),
                     "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=16MB"])

    def kill(self, number=signal.SIGKILL):
        super().kill(number)
        # The backends of a postmaster that was killed notice by themselves; until then the folder is in use.
        time.sleep(0.3)

    def query(self, sql, check=True):
        """Rows as lists of texts."""
        done = subprocess.run(["psql", self.url, "-qAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql], capture_output=True, text=True)
        if check and done.returncode != 0:
            raise AssertionError(done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()] if done.returncode == 0 else None

    def answers(self):
        return self.query("select 1", check=False) == [["1"]]


class Redis(Server):
    """`options`: of redis.conf. Everything that was answered is on the disk."""

    def __init__(self, **options):
        if not shutil.which("redis-server"):
            raise unittest.SkipTest("Redis is not installed (redis-server)")
        super().__init__("millrace-redis-")
        self.options = {"appendonly": "yes", "appendfsync": "always", "save": "", **options}

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self):
        options = [part for key, value in self.options.items() for part in (f"--{key.replace('_', '-')}", str(value))]
        self.launch(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), *options])

    def command(self, *words):
        """An answer: text, number, None or a list; errors are exceptions."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            parts = [str(word).encode() for word in words]
            connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
            return self.read(connection.makefile("rb"))

    def read(self, stream):
        line = stream.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else stream.read(int(rest) + 2)[:-2].decode(errors="replace")
        if kind == b"*":
            return None if rest == b"-1" else [self.read(stream) for _ in range(int(rest))]
        return rest.decode()

    def answers(self):
        try:
            return self.command("PING") == "PONG"
        except (OSError, RuntimeError, ValueError):
            return False
