"""The control API under /_sim, the same for every simulator.

GET ledger, requests, state; POST fault, emit, clock, reset. The service behind it offers `clock`, `faults`,
`requests`, `skew_s`, and the methods ledger(with_data), state(), emit(body), post_fault(fault), reset(body).
"""
import json

from aiohttp import web

from core.answers import http_date
from core.clock import duration_ms


def ndjson(rows):
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return web.Response(text=text, content_type="application/x-ndjson")


class Control:
    def __init__(self, service):
        self.service = service

    def add_to(self, app):
        app.on_response_prepare.append(self.date)
        app.router.add_get("/_sim/ledger", self.ledger)
        app.router.add_get("/_sim/requests", self.requests)
        app.router.add_get("/_sim/state", self.state)
        for name in ("fault", "emit", "clock", "reset"):
            app.router.add_post(f"/_sim/{name}", self.guarded(getattr(self, name)))

    def guarded(self, action):
        """Turns a bad body into 400 with the reason, so that a test's typing error is not a silent pass."""
        async def handler(request):
            try:
                text = await request.text()
                body = json.loads(text) if text.strip() else {}
                return web.json_response(action(body))
            except (ValueError, KeyError, TypeError) as error:
                return web.json_response({"error": str(error)}, status=400)
        return handler

    async def date(self, _request, response):
        """The server's clock, which a fault may have put wrong."""
        if self.service.skew_s:
            response.headers["Date"] = http_date(0, self.service.skew_s)

    async def ledger(self, request):
        """With ?data the bodies, too."""
        return ndjson(self.service.ledger("data" in request.query))

    async def requests(self, _request):
        return ndjson(self.service.requests.entries)

    async def state(self, _request):
        return web.json_response(self.service.state())

    def fault(self, body):
        fault = self.service.faults.post(body)
        if fault.kind == "clock_skew":
            self.service.skew_s = fault.args["s"]
        self.service.post_fault(fault)
        return fault.describe()

    def emit(self, body):
        return {"emitted": [self.service.emit(one) for one in (body if isinstance(body, list) else [body])]}

    def clock(self, body):
        if "speed" in body:
            self.service.clock.set_speed(float(body["speed"]))
        if "advance" in body:
            self.service.clock.advance(duration_ms(body["advance"]))
        return {"now_ms": self.service.clock.now_ms()}

    def reset(self, body):
        self.service.skew_s = 0
        self.service.reset(body)
        return self.service.state()
