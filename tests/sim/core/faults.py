"""The fault book: what POST /_sim/fault {"kind", "after", "count", "args"} asked for, handed out as it is due.

A *request* fault answers instead of the service: `after` requests pass first, then `count` are hit.
A *body* fault is one that spoils the service's own answer. A *stream* fault shapes a connection that was accepted: it is given to the next `count` connections, and acts
once `after` records (or bytes, with args.unit "bytes") went out on one of them. count -1 = until reset.
With args.now a stream fault is given to the connections open now instead, counted from now.
"""

REQUEST_KINDS = {
    "status": "answer args.status with args.body, args.content_type, args.headers, args.retry_after",
    "redirect": "307 (or args.status) to args.to",
    "redirect_loop": "301 to the same place, for ever",
    "html": "200 with an error page of a captive portal",
    "empty": "200, right type, body ends without a byte",
    "never_answer": "accept, read, never answer",
    "headers_only": "status line and headers, then nothing",
    "reset": "RST instead of an answer",
    "endless": "200, then args.first and 10 GiB of args.piece, as long as somebody reads; with args.declared Content-Length says so",
    "packed": "200 with args.mib MiB of blanks, packed by gzip",
}
BODY_KINDS = {
    "cut_body": "Content-Length tells more than comes; args.at is where it ends",
    "truncated_json": "the body itself ends in the middle, properly",
    "gzip": "packed", "br": "packed by brotli", "bad_gzip": "packed, with a wrong checksum",
    "bomb": "args.mib MiB of blanks, packed",
    "big": "args.mib MiB of blanks before the body",
    "slow": "the answer after args.ms",
    "trickle": "blanks, one every 20 ms, and never the end",
}
STREAM_KINDS = {
    "cut": "end; args.how: clean (last chunk) | fin | rst | half | truncate (TLS without goodbye); args.where: boundary | line | utf8 | chunk",
    "silence": "nothing more; args.comments: true sends a comment every args.every_ms",
    "error_event": "`event: error` with args.data, then the end of the body",
    "drip": "one byte per write, args.delay_ms between them",
    "delay": "args.ms before each record",
    "one_write": "args.records records gathered into one write",
    "line_ends": "args.eol: lf | crlf | cr | mixed",
    "bom": "args.count byte order marks first",
    "comments": "a comment before each record and inside it",
    "retry": "`retry: args.ms` before each record",
    "id_only": "a block with only an id after each record",
    "no_space": "no blank after the colon",
    "unknown_fields": "fields and names that no reader knows",
    "nul_id": "a NUL character inside the id",
    "wrong_type": "the stream under args.type instead of its media type",
    "invalid_utf8": "bytes that are no UTF-8 inside the data",
}
SERVER_KINDS = {"clock_skew": "Date and the dates of Retry-After are off by args.s, until reset"}


def retry_after_text(value, http_date):
    """The header as given; {"in_s": n} becomes an HTTP date (in the past if n is negative)."""
    return http_date(value["in_s"]) if isinstance(value, dict) else str(value)


class Fault:
    def __init__(self, kind, after=0, count=1, args=None):
        self.kind, self.after, self.count, self.args = kind, int(after), int(count), dict(args or {})

    def spend(self):
        if self.count > 0:
            self.count -= 1

    def describe(self):
        return {"kind": self.kind, "after": self.after, "count": self.count, "args": self.args}


class FaultBook:
    """Faults that still wait for their request or connection, in the order they were posted."""

    def __init__(self, extra_kinds=()):
        self.extra_kinds = set(extra_kinds) | SERVER_KINDS.keys()
        self.waiting = []

    def post(self, body):
        """Adds a fault; ValueError names an unknown kind or key."""
        unknown = set(body) - {"kind", "after", "count", "args"}
        kind = body.get("kind")
        known = REQUEST_KINDS.keys() | BODY_KINDS.keys() | STREAM_KINDS.keys() | self.extra_kinds
        if unknown or kind not in known:
            raise ValueError(f"unknown key {sorted(unknown)}" if unknown else f"unknown kind {kind!r}")
        fault = Fault(**body)
        if not (fault.args.get("now") or kind in self.extra_kinds):
            self.waiting.append(fault)
        return fault

    def take_request_fault(self):
        """The fault that answers this request, or None. Counts the request for those that wait."""
        hit = None
        for fault in self.waiting:
            if fault.kind not in REQUEST_KINDS and fault.kind not in BODY_KINDS:
                continue
            if fault.after > 0:
                fault.after -= 1
            elif hit is None:
                hit = fault
        if hit:
            self._spend(hit)
        return hit

    def take_stream_faults(self):
        """Copies of all stream faults that this new connection gets."""
        taken = [fault for fault in self.waiting if fault.kind in STREAM_KINDS]
        for fault in taken:
            self._spend(fault)
        return [Fault(f.kind, f.after, 1, f.args) for f in taken]

    def _spend(self, fault):
        fault.spend()
        if fault.count == 0:
            self.waiting.remove(fault)

    def clear(self):
        self.waiting.clear()
