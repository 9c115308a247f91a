"""The two sides of Meetup over one model: /gql-ext with /oauth2/access, and /2/rsvps chunked or as WebSocket."""
import asyncio
import base64
import json

from aiohttp import web

from core.bodies import send_json
from core.service import Service
from core.wire import Ended, Wire

FAULTS = ("answer", "vanish", "gql_error", "gql_limit", "partial", "cursor_refused", "shift", "revoke", "buffer", "blank_lines", "split", "ws_reset")
START_MS = 1_760_000_000_000


class Meetings(Service):
    def __init__(self, options, clock):
        super().__init__(options, clock, extra_kinds=FAULTS)
        self.restart()

    def restart(self):
        self.events = {str(100 + e): {f"r{e}_{i}": {"status": "YES", "guests": i % 3, "updated": i} for i in range(self.options.answers)}
                       for e in range(self.options.events)}
        self.quirks, self.tokens, self.taken, self.changes, self.given = {}, set(), 0, 0, []
        self.sockets = []

    def add_to(self, app):
        app.router.add_post("/oauth2/access", self.guarded(self.access))
        app.router.add_post("/gql-ext", self.guarded(self.graphql))
        app.router.add_get("/2/rsvps", self.guarded(self.stream))

    # Tokens.

    async def access(self, request, entry, fault):
        form = dict(await request.post())
        head, claims, _ = [json.loads(base64.urlsafe_b64decode(part + "==")) if n < 2 else part
                           for n, part in enumerate(form["assertion"].split("."))]
        entry["jwt"] = [head, claims]
        if head["kid"] != "k1" or claims["aud"] != "api.meetup.com":
            return web.json_response({"error": "invalid_grant"}, status=401)
        self.taken += 1
        self.tokens = {f"token-{self.taken}"}
        return await send_json(request, {"access_token": f"token-{self.taken}", "token_type": "bearer", "expires_in": 3600}, fault)

    # GraphQL: matched by operation name.

    async def graphql(self, request, entry, fault):
        if self.options.closed and request.headers.get("Authorization", "")[7:] not in self.tokens:
            return web.json_response({"errors": [{"message": "Unauthorized"}]}, status=401)
        body = await request.json()
        variables = body["variables"]
        entry["operation"] = body["query"].split("(")[0].split()[-1]
        if self.quirks.get("gql_limit", 0) > 0:
            self.quirks["gql_limit"] -= 1
            error = {"message": "Too many requests", "extensions": {"code": "RATE_LIMITED", "consumedPoints": 500, "resetAt": self.quirks["resetAt"]}}
            return await send_json(request, {"data": None, "errors": [error]}, fault)
        if self.quirks.pop("gql_error", None):
            return await send_json(request, {"data": None, "errors": [{"message": "Field 'x' doesn't exist", "path": []}]}, fault)
        if variables.get("after") and self.quirks.pop("cursor_refused", None):
            return web.json_response({"errors": [{"message": "bad cursor"}]}, status=400)
        answer = self.find(variables) if entry["operation"] == "Find" else self.rsvps(variables)
        if self.quirks.pop("partial", None):
            answer["errors"] = [{"message": "venue is broken", "path": ["event"]}]
        return await send_json(request, answer, fault)

    def page(self, things, variables):
        """Cursors are places; "shift" puts a thing in front between two pages."""
        first = int(base64.b64decode(variables["after"])) if variables.get("after") else 0
        part = things[first:first + variables["n"]]
        behind = first + len(part)
        if self.quirks.pop("shift", None):
            behind -= 1    # something was put in before: the last one comes again
        info = {"hasNextPage": behind < len(things), "endCursor": base64.b64encode(str(behind).encode()).decode()}
        return {"totalCount": len(things), "pageInfo": info, "edges": [{"cursor": "x", "node": node} for node in part]}

    def find(self, variables):
        return {"data": {"eventSearch": self.page([{"id": event, "title": f"Event {event}"} for event in self.events], variables)}}

    def rsvps(self, variables):
        answers = self.events.get(variables["id"])
        if answers is None:
            return {"data": {"event": None}}
        nodes = [{"id": name, "status": a["status"], "guestsCount": a["guests"], "updated": f"2025-10-09T09:{a['updated'] // 60 % 60:02}:{a['updated'] % 60:02}+01:00",
                  "isHost": False, "member": {"id": f"m{name}", "name": "Ada \U0001F600"}, "venue": None} for name, a in answers.items()]
        return {"data": {"event": {"id": variables["id"], "title": "T", "dateTime": None, "rsvps": self.page(nodes, variables)}}}

    # The stream: record n exists from start + n / rate on.

    def count(self):
        return len(self.given) + self.options.records + int((self.clock.now_ms() - self.clock.start_ms) * self.options.rate / 1000)

    def record(self, n):
        """Several share a millisecond; every fifth steps back. Those that were given stand behind."""
        if n >= self.options.records and n - self.options.records < len(self.given):
            return {**self.made(n), **self.given[n - self.options.records]}
        return self.made(n)

    def made(self, n):
        mtime = START_MS + (n // 3) * 50 - (40 if n % 5 == 0 else 0)
        return {"venue": {"venue_name": "V", "lon": 13.4, "lat": 52.5, "venue_id": 1}, "visibility": "public", "response": "yes", "guests": n % 3,
                "member": {"member_id": n % 17, "member_name": "Grace \u00fc"}, "rsvp_id": 1000 + n, "mtime": mtime,
                "event": {"event_name": "E", "event_id": f"e{n % 7}"}, "group": {"group_topics": [], "group_city": "Berlin", "group_country": "de", "group_id": 5}}

    def wanted(self, n, request):
        since = request.query.get("since_mtime")
        record = self.record(n)
        return record["mtime"] > int(since) if since and isinstance(record["mtime"], int) else True

    def first(self, request):
        """Without since_mtime: what is new. The buffer reaches back so many records only."""
        if "since_mtime" not in request.query:
            return 0 if "all" in request.query else self.count()
        return max(0, self.count() - self.quirks.get("buffer", 10**9))

    async def stream(self, request, entry, _fault):
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.socket(request)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        wire = Wire(request, response, self.faults.take_stream_faults(), entry)
        self.wires.add(wire)
        at = self.first(request)
        try:
            while True:
                while at < self.count():
                    if self.wanted(at, request):
                        await self.send_line(wire, self.record(at))
                    at += 1
                await wire.idle()
                await self.clock.wait(wall_s_max=0.02)
        except Ended as end:
            self.requests.close(entry, str(end))
        finally:
            self.wires.discard(wire)
        return response

    async def send_line(self, wire, record):
        line = (("\n \n" if "blank_lines" in self.quirks else "") + json.dumps(record, ensure_ascii=False) + "\n").encode()
        if "split" in self.quirks:    # one record in several chunks
            await wire.send(line[:40], is_record=False)
            line = line[40:]
        await wire.send(line)

    async def socket(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        reader = asyncio.ensure_future(socket.receive())
        at = self.first(request)
        while not socket.closed and not reader.done():
            while at < self.count() and not socket.closed:
                if self.wanted(at, request):
                    await socket.send_str(json.dumps(self.record(at), ensure_ascii=False))
                at += 1
            await self.clock.wait(wall_s_max=0.02)
        reader.cancel()
        return socket

    # What the control API asks for.

    def ledger(self, _with_data):
        for n in range(self.count()):
            record = self.record(n)
            yield {"index": n, "id": record["rsvp_id"], "mtime": record["mtime"]}

    def state(self):
        return {"now_ms": self.clock.now_ms(), "tokens": self.taken, "open": len(self.wires)}

    def emit(self, given):
        """A record of the stream, of which `data` says what is not as usual. (Answers are made by the fault `answer`.)"""
        self.given.append(given["data"])
        self.clock.notify()
        return {"index": len(self.given) - 1}

    def post_fault(self, fault):
        kind, args = fault.kind, fault.args
        if kind == "answer":
            self.changes += 1
            self.events[args["event"]][args["id"]] = {"status": args["status"], "guests": args.get("guests", 0), "updated": args.get("updated", 600 + self.changes)}
        elif kind == "vanish":
            del self.events[args["event"]][args["id"]]
        elif kind == "revoke":
            self.tokens = set()
        elif kind == "ws_reset":
            for socket in self.sockets:
                if socket._req and socket._req.transport:
                    socket._req.transport.abort()
        elif kind in FAULTS:
            self.quirks[kind] = args.get("n", True)
            self.quirks.update({k: v for k, v in args.items() if k == "resetAt"})
        super().post_fault(fault)

    def reset(self, body):
        super().reset(body)
        self.restart()
