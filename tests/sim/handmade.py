"""An HTTP server whose answers are written by hand, byte for byte, where aiohttp would not say what a test wants said.

`with HandMade(answer) as server`: `answer(request)` returns the bytes of the answer, or a list of bytes and of seconds to wait; the
connection is closed behind it. `server.requests` is what came: dictionaries of method, target, headers (lower case) and body.
"""
import json
import socket
import threading
import time


def answer(body=b"", status="200 OK", kind="application/json", headers=()):
    """`body` as JSON unless it is bytes; `headers`: lines."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(data)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


class HandMade:
    def __init__(self, answer):
        self.answer, self.requests = answer, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def url(self, path="/", host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def targets(self):
        return [request["target"] for request in self.requests]

    def _serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection:
            try:
                request = self._read(connection)
                if request is None:
                    return
                self.requests.append(request)
                parts = self.answer(request)
                for part in [parts] if isinstance(parts, bytes) else parts:
                    if isinstance(part, bytes):
                        connection.sendall(part)
                    else:
                        time.sleep(part)
            except OSError:
                pass    # It hung up: that is for the test to judge.

    def _read(self, connection):
        text = b""
        while b"\r\n\r\n" not in text:
            piece = connection.recv(65536)
            if not piece:
                return None
            text += piece
        head, _, body = text.partition(b"\r\n\r\n")
        first, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        method, target, _ = first.split(" ")
        return {"method": method, "target": target, "headers": headers, "body": body.decode()}
