"""The service: routes, limits and the ledger."""
import json
import time

from aiohttp import web

from core.answers import answer, problem
from core.faults import FaultBook
from core.requests import RequestLog
from wiki import resume
from wiki.stream import Connection
from wiki.topics import CENTRES, STREAMS, Model


class Wikipedia:
    """Owns clock, model, fault book and logs; everything runs on the event loop's thread."""

    def __init__(self, options, clock):
        self.options, self.clock = options, clock
        self.faults = FaultBook(extra_kinds=("switch_over", "connections", "retention"))
        self.requests = RequestLog(clock)
        self.limit, self.ghost_s, self.retention_ms = options.limit, options.ghost_s, options.retention_ms
        self.connections, self.ghosts, self.opened, self.skew_s = set(), [], 0, 0
        self.model = Model(options, clock)

    def add_to(self, app):
        app.router.add_get("/v2/stream/{names}", self.stream)
        app.router.add_get("/", self.root)

    async def root(self, request):
        """/?spec lists the streams as OpenAPI; anything else is the human page."""
        if "spec" not in request.query:
            return web.Response(text="<html><body>EventStreams</body></html>", content_type="text/html")
        paths = {f"/v2/stream/{name}": {"get": {"produces": ["text/event-stream"]}} for name in STREAMS}
        return web.json_response({"openapi": "3.0.0", "info": {"title": "eventstreams", "version": "2"}, "paths": paths})

    async def stream(self, request):
        entry = self.requests.open(request)
        try:
            response = await self.respond(request, entry)
        except resume.Refused as refused:
            response = problem(*refused.answer)
        entry["status"] = response.status
        self.requests.close(entry, "answered")
        return response

    async def respond(self, request, entry):
        fault = self.faults.take_request_fault()
        if fault:
            response = await answer(fault, request, self.skew_s)
            entry["bytes"] = request.get("taken", 0)
            return response
        refusal = self.refusal(request)
        if refusal is not None:    # an empty response is false
            return refusal
        topics = self.topics_of(request.match_info["names"])
        self.model.produce()
        cluster = self.opened % self.options.clusters
        keep_from = self.clock.now_ms() - self.retention_ms
        header = request.headers.get("Last-Event-ID", "")
        places = resume.start_places(topics, cluster, header, request.query.get("since", ""), keep_from)
        self.opened += 1
        entry["cluster"] = cluster
        connection = Connection(self, request, entry, topics, places, cluster, self.opened)
        self.connections.add(connection)
        try:
            return await connection.run()
        finally:
            self.connections.discard(connection)
            self.ghosts.append((request.remote, time.monotonic() + self.ghost_s))

    def refusal(self, request):
        """Manners: a User-Agent with a contact, and at most `limit` connections per address."""
        agent = request.headers.get("User-Agent", "")
        if self.options.strict_agent and not ("@" in agent or "http" in agent):
            return web.Response(status=403, text="Please set a user-agent and respect our robot policy\n")
        now = time.monotonic()
        self.ghosts = [ghost for ghost in self.ghosts if ghost[1] > now]
        alive = sum(not c.wire or not c.wire.gone() for c in self.connections if c.request.remote == request.remote)
        if alive + sum(ghost[0] == request.remote for ghost in self.ghosts) >= self.limit:
            return problem(429, "too_many_requests", "Too Many Requests",
                           f"Your HTTP client is likely opening too many concurrent connections; at most {self.limit}.")
        return None

    def topics_of(self, names):
        unknown = [name for name in names.split(",") if name not in STREAMS]
        if unknown:
            raise resume.Refused(400, "not_found", "Stream Not Found", f"{','.join(unknown)} is not a stream")
        bases = dict.fromkeys(STREAMS[name] for name in names.split(","))
        wanted = [f"{centre}.{base}" for base in bases for centre in CENTRES]
        return {name: self.model.topics[name] for name in wanted}

    # What the control API asks for.

    def ledger(self, with_data):
        self.model.produce()
        for r in self.model.log:
            topic = self.model.topics[r.topic]
            row = {"index": r.index, "id": r.uid, "kind": r.kind, "topic": r.topic, "event_time": r.event_s,
                   "kafka_ms": r.kafka_ms, "sent_ms": r.sent_ms, "same_as": r.same_as,
                   "position": [topic.offset(c, r.place) for c in range(self.options.clusters)],
                   "first_served": r.served[0][0] if r.served else None, "times_served": len(r.served),
                   "connections": [number for _, number in r.served]}
            if with_data:
                body = r.make()
                row["data"] = body if isinstance(body, dict) else body.decode("utf-8", "replace")
            yield row

    def state(self):
        self.model.produce()
        return {"now_ms": self.clock.now_ms(), "records": len(self.model.log), "open": len(self.connections),
                "active": CENTRES[self.model.active], "faults": [f.describe() for f in self.faults.waiting]}

    def emit(self, given):
        self.model.produce()
        record = self.model.add_given(given, self.clock.now_ms())
        self.clock.notify()
        return {"index": record.index, "id": record.uid, "topic": record.topic, "kafka_ms": record.kafka_ms}

    def post_fault(self, fault):
        """Faults of the model act at once; args.now gives the others to the connections that are open."""
        self.model.produce()
        if fault.kind == "switch_over":
            self.model.switch_at.add(self.model.next_index + fault.after) if fault.after else self.model.switch_over()
        elif fault.kind == "connections":
            self.limit = fault.args.get("limit", self.limit)
            self.ghost_s = fault.args.get("ghost_s", self.ghost_s)
        elif fault.kind == "retention":
            self.retention_ms = fault.args["ms"]
        elif fault.args.get("now"):
            for connection in self.connections:
                if connection.wire:
                    connection.wire.add_now(type(fault)(fault.kind, fault.after, 1, fault.args))
        self.clock.notify()

    def reset(self, body):
        """Back to the start: records, ledger, requests, faults, clock. {"seed": n} takes another seed."""
        self.options.seed = body.get("seed", self.options.seed)
        for connection in list(self.connections):
            if connection.request.transport:
                connection.request.transport.close()
        self.clock.reset()
        self.faults.clear()
        self.requests.clear()
        self.limit, self.ghost_s, self.retention_ms = self.options.limit, self.options.ghost_s, self.options.retention_ms
        self.ghosts, self.opened = [], 0
        self.model = Model(self.options, self.clock)


def read_script(path):
    """JSON lines {"at_ms", "stream"?, "centre"?, "kafka_ms"?, "data" | "raw"}; at_ms counts from the start time."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]
