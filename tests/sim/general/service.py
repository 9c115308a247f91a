"""Items that come into being over time, as pages of JSON and as server-sent events; and OAuth2 tokens."""
import json

from aiohttp import web

from core.bodies import send_json
from core.service import Service
from core.wire import Ended, Wire


class Items(Service):
    """Item n exists from start + n / rate on; `emit` adds others. A pure function of (seed, n)."""

    def __init__(self, options, clock):
        super().__init__(options, clock, extra_kinds=("tokens",))
        self.restart()

    def restart(self):
        self.given, self.served, self.tokens, self.taken_tokens = [], {}, set(), 0

    def add_to(self, app):
        for path, handler in (("/json", self.plain), ("/json/{kind}", self.page), ("/secure", self.secure),
                              ("/token", self.token), ("/sse", self.sse), ("/sink", self.sink)):
            app.router.add_route("*", path, self.guarded(handler))

    # The model.

    def count(self):
        made = int((self.clock.now_ms() - self.clock.start_ms) * self.options.rate / 1000) + self.options.records
        return made + len(self.given)

    def item(self, n):
        if n < len(self.given):
            return self.given[n]
        value = (n * 2654435761 + self.options.seed * 97) % 1000
        return {"id": n, "value": value, "name": f"item {n} \u00fc", "updated_at": 1_760_000_000 + n}

    def items(self, first=0, behind=None):
        behind = min(self.count() if behind is None else behind, self.count())
        for n in range(first, behind):
            self.served[n] = self.served.get(n, 0) + 1
            yield self.item(n)

    # Polling.

    async def plain(self, request, _entry, fault):
        """All items, with validators; ?since=N only those after updated_at N."""
        tag = f'W/"{self.count()}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        since = int(request.query.get("since", 0))
        first = 0 if self.given else max(0, since - 1_760_000_000 + 1)
        found = [item for item in self.items(first) if item.get("updated_at", since + 1) > since]
        return await send_json(request, found, fault, {"ETag": tag})

    async def page(self, request, _entry, fault):
        """Pages of `size`: by cursor, by Link header, by page number, by offset; lines; inside an object."""
        kind, size = request.match_info["kind"], int(request.query.get("size", 4))
        if kind == "lines":
            return await send_json(request, "".join(json.dumps(i) + "\n" for i in self.items()).encode(), fault)
        first = {"cursor": lambda q: int(q.get("after", "c0")[1:]), "link": lambda q: int(q.get("from", 0)),
                 "page": lambda q: (int(q["page"]) - 1) * size, "offset": lambda q: int(q["offset"])}[kind](request.query)
        more = first + size < self.count()
        body = {"data": {"items": list(self.items(first, first + size))}, "next": f"c{first + size}" if more else None}
        headers = {}
        if kind == "link" and more:
            headers["Link"] = f'</json/link?from={first + size}&size={size}>; rel="next", </json>; rel="first"'
        return await send_json(request, body, fault, headers)

    # Credentials.

    async def token(self, request, entry, fault):
        form = dict(await request.post())
        entry["form"] = form
        if form.get("client_secret") != "good secret" and "assertion" not in form:
            return web.json_response({"error": "invalid_client"}, status=401)
        self.taken_tokens += 1
        token = f"token-{self.taken_tokens}"
        self.tokens = {token}
        return await send_json(request, {"access_token": token, "token_type": "bearer", "expires_in": self.options.token_life}, fault)

    async def secure(self, request, entry, fault):
        if request.headers.get("Authorization", "")[7:] not in self.tokens:
            return web.json_response({"error": "invalid_token"}, status=401)
        return await self.plain(request, entry, fault)

    # What sinks send.

    async def sink(self, request, entry, fault):
        entry["body"] = (await request.read()).decode("utf-8", "replace")
        return await send_json(request, {"ok": True}, fault)

    # Events.

    async def sse(self, request, entry, _fault):
        """One event per item: ?ids=0 without ids. Resumes after Last-Event-ID, or ?lastEventId."""
        wire = Wire(request, await self.opened(request), self.faults.take_stream_faults(), entry)
        last = request.headers.get("Last-Event-ID") or request.query.get("lastEventId")
        at = int(last) + 1 if last else (0 if "all" in request.query else self.count())
        self.wires.add(wire)
        try:
            await wire.send(b":ok\n\n", is_record=False)
            while True:
                at = await self.send_events(wire, at, request.query)
                await wire.idle()
                await self.clock.wait(wall_s_max=0.02)
        except Ended as end:
            self.requests.close(entry, str(end))
        finally:
            self.wires.discard(wire)
        return wire.response

    async def opened(self, request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        return response

    async def send_events(self, wire, at, query):
        while at < self.count():
            item = next(self.items(at, at + 1))
            ident = f"id: {at}\n" if query.get("ids") != "0" else ""
            kind = "event: odd\n" if query.get("kinds") == "2" and at % 2 else ""
            await wire.send(f"{kind}{ident}data: {json.dumps(item, ensure_ascii=False)}\n\n".encode())
            at += 1
        return at

    # What the control API asks for.

    def ledger(self, _with_data, first=0):
        for n in range(first, self.count()):
            yield {"index": n, "id": self.item(n).get("id"), "times_served": self.served.get(n, 0)}

    def state(self):
        return {"now_ms": self.clock.now_ms(), "records": self.count(), "open": len(self.wires)}

    def emit(self, given):
        self.given.append(given["data"])
        self.clock.notify()
        return {"index": len(self.given) - 1}

    def post_fault(self, fault):
        if fault.kind == "tokens":
            self.tokens = set()    # all are revoked
        super().post_fault(fault)

    def reset(self, body):
        super().reset(body)
        self.restart()
