"""What tests need to talk to a simulator: start it, call its control API, read a stream as raw bytes.

The stream client is a socket on purpose: cuts and resets must be seen as they come, not as a library
would explain them.
"""
import http.client
import json
import pathlib
import socket
import subprocess
import sys
import time

FOLDER = pathlib.Path(__file__).resolve().parent


class Simulator:
    """`with Simulator("wikipedia", "--rate", "5") as sim:` runs it on a free port of loopback."""

    def __init__(self, name, *arguments):
        self.command = [sys.executable, str(FOLDER / f"{name}.py"), "--port", "0", *map(str, arguments)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("port "):
            raise RuntimeError(f"{self.command} did not start")
        self.port = int(line.split()[1])
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:    # One that holds gigabytes takes its time.
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def call(self, method, path, body=None):
        """(status, headers, text) of one plain request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)    # A loaded machine answers late, too.
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        result = answer.status, answer.headers, answer.read().decode("utf-8", "replace")
        connection.close()
        return result

    def post(self, what, **body):
        status, _, text = self.call("POST", f"/_sim/{what}", body)
        if status != 200:
            raise RuntimeError(text)
        return json.loads(text)

    def fault(self, kind, after=0, count=1, **args):
        return self.post("fault", kind=kind, after=after, count=count, args=args)

    def rows(self, what):
        return [json.loads(line) for line in self.call("GET", f"/_sim/{what}")[2].splitlines()]

    def stream(self, path="/v2/stream/recentchange", **headers):
        return Stream(self.port, path, headers)


class Stream:
    """An open GET. `status` and `headers` are read at once; `ended` is how the body ended, when it has."""

    def __init__(self, port, path, headers, wrap=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        if wrap:
            self.socket = wrap(self.socket)
        headers = {"accept": "text/event-stream", **headers}
        lines = [f"GET {path} HTTP/1.1", "Host: localhost"]
        names = {"last_event_id": "Last-Event-ID", "user_agent": "User-Agent", "accept": "Accept"}
        lines += [f"{names[key]}: {value}" for key, value in headers.items()]
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.raw, self.ended = b"", None
        while b"\r\n\r\n" not in self.raw and self._more(5):
            pass
        head, _, self.raw = self.raw.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1]) if first else None
        self.headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in rest)}

    def _more(self, seconds):
        self.socket.settimeout(max(seconds, 0.001))
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            self.ended = "reset"
            return False
        except TimeoutError:
            return False
        if not data:
            self.ended = "closed"
            return False
        self.raw += data
        return True

    def body(self):
        """What came so far, without the chunks' frames."""
        out, rest = b"", self.raw
        while b"\r\n" in rest:
            size, _, rest = rest.partition(b"\r\n")
            size = int(size, 16)
            if size == 0:
                self.ended = "complete"
                break
            out += rest[:size]
            rest = rest[size + 2:]
        return out

    def whole(self):
        """The body of an answer that tells its length."""
        while len(self.raw) < int(self.headers["content-length"]) and self._more(5):
            pass
        return self.raw

    def read(self, seconds=5.0, until=None):
        """The body after `seconds`, at its end, or when `until(body)` holds."""
        deadline = time.monotonic() + seconds
        while not (until and until(self.body())) and time.monotonic() < deadline:
            if not self._more(min(0.3, deadline - time.monotonic())) and self.ended:
                break
            if self.raw.endswith(b"\r\n0\r\n\r\n"):
                break
        return self.body()

    def records(self, count, seconds=5.0):
        """[(id list, data object)] of the first `count` events; fewer when time or stream ends."""
        return events(self.read(seconds, lambda body: len(events(body)) >= count))[:count]

    def close(self):
        self.socket.close()


def events(body):
    """Plain blocks only (LF, one data line): enough for the simulator's own tests."""
    found = []
    for block in body.split(b"\n\n")[:-1]:
        fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line and line[:1] != b":")
        if b"data" in fields and fields.get(b"event") == b"message":
            found.append((json.loads(fields[b"id"]), json.loads(fields[b"data"])))
    return found
