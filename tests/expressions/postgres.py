"""A PostgreSQL of our own: made in a temporary directory, reached through a socket there, gone afterwards."""
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

PLACES = ("/usr/lib/postgresql/15/bin", *os.environ.get("PATH", "").split(":"))


def find_binaries():
    for place in PLACES:
        if all((pathlib.Path(place) / name).exists() for name in ("initdb", "pg_ctl", "psql")):
            return pathlib.Path(place)
    return None


class Postgres:
    """`with Postgres(binaries) as database: database.run(sql)`"""

    def __init__(self, binaries):
        self.binaries = binaries
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace-pg-"))
        # PostgreSQL refuses to run as root.
        self.user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        if self.user:
            os.chown(self.directory, pwd.getpwnam("nobody").pw_uid, -1)

    def __enter__(self):
        data = self.directory / "data"
        self.call("initdb", "-D", data, "-U", "test", "-E", "UTF8", "--locale=C", "-A", "trust", "--no-sync")
        options = (f"-k {self.directory} -c listen_addresses= -c fsync=off -c full_page_writes=off -c timezone=UTC "
                   "-c jit=off -c max_parallel_workers_per_gather=0 -c intervalstyle=postgres -c datestyle=ISO")
        self.call("pg_ctl", "-D", data, "-w", "-l", self.directory / "log", "-o", options, "start")
        return self

    def __exit__(self, *_):
        self.call("pg_ctl", "-D", self.directory / "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)

    def call(self, program, *arguments):
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C", "HOME": str(self.directory)}
        done = subprocess.run([*self.user, str(self.binaries / program), *map(str, arguments)], capture_output=True,
                              text=True, env=environment, cwd=self.directory)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}")

    def run(self, sql):
        """The output of `psql`, rows without alignment, fields apart by tabs."""
        command = [str(self.binaries / "psql"), "-h", str(self.directory), "-U", "test", "-d", "postgres", "-X", "-q", "-A", "-t",
                   "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        done = subprocess.run(command, input=sql.encode(), capture_output=True, env={"PATH": "/usr/bin:/bin", "PGCLIENTENCODING": "UTF8"})
        if done.returncode:
            raise RuntimeError(done.stderr.decode()[-2000:])
        return done.stdout.decode()
