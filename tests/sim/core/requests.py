"""The log behind GET /_sim/requests: who asked what, when, with which headers, and how it ended.

Tests judge manners from it: the User-Agent, one connection at a time, waits of at least Retry-After.
"""
import collections
import time


class RequestLog:
    def __init__(self, clock):
        self.clock = clock
        self.entries, self.count = collections.deque(maxlen=20_000), 0    # A soak asks for ever.

    def open(self, request):
        entry = {"number": self.count, "method": request.method, "path": request.path,
                 "query": request.query_string, "remote": request.remote, "port": (request.transport.get_extra_info("peername") or (None, None))[1],
                 "headers": [[name.decode("latin-1"), value.decode("utf-8", "replace")]
                             for name, value in request.raw_headers],
                 "status": None, "opened_ms": self.clock.now_ms(), "opened_wall": time.time(),
                 "closed_ms": None, "closed_wall": None, "records": 0, "bytes": 0, "ended": None}
        self.entries.append(entry)
        self.count += 1
        return entry

    def close(self, entry, ended):
        if entry["closed_ms"] is None:
            entry.update(closed_ms=self.clock.now_ms(), closed_wall=time.time(), ended=ended)

    def clear(self):
        self.entries.clear()
        self.count = 0
