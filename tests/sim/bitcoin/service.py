"""WebSocket /inv and the REST paths over one chain; the ledger has every transaction and who got it."""
import asyncio
import json

from aiohttp import WSMsgType, web

from bitcoin.chain import START_S, Chain, transaction
from core.bodies import send_json
from core.service import Service

FAULTS = ("mine", "reorganise", "edge_page", "ping_unanswered", "ws_close", "ws_reset", "ws_silence", "subscription_ignored", "unknown_op",
          "lagging_tip", "again", "big_message", "ws_text")


class Bitcoin(Service):
    def __init__(self, options, clock):
        super().__init__(options, clock, extra_kinds=FAULTS)
        self.restart()

    def restart(self):
        self.chain = Chain(self.options.seed, self.options.height, self.options.blocks)
        self.sockets, self.quirks, self.branch = [], set(), 0
        self.served, self.given, self.asked = {}, [], []

    def add_to(self, app):
        app.router.add_get("/inv", self.guarded(self.inv))
        for path, handler in (("/latestblock", self.latest), ("/block-height/{n}", self.by_height), ("/ticker", self.ticker)):
            app.router.add_get(path, self.guarded(handler))

    # Transactions: number n exists from start + n / rate on.

    def count(self):
        return len(self.given) + int((self.clock.now_ms() - self.clock.start_ms) * self.options.rate / 1000)

    def tx(self, n):
        return transaction(self.options.seed, n, START_S + n)

    async def inv(self, request, entry, _fault):
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        session = Session(self, socket, entry)
        self.sockets.append(session)
        try:
            await session.run()
        finally:
            if session in self.sockets:
                self.sockets.remove(session)
        return socket

    # REST.

    async def rest(self, request, body, fault):
        if "edge_page" in self.quirks:
            return web.Response(text="error code: 1015", content_type="text/plain")
        return await send_json(request, body, fault)

    async def latest(self, request, _entry, fault):
        block = self.chain.tip()
        if "lagging_tip" in self.quirks:
            block = self.chain.blocks[self.chain.main[-3]]
        return await self.rest(request, {k: block[k] for k in ("hash", "time", "block_index", "height")} | {"txIndexes": []}, fault)

    async def by_height(self, request, _entry, fault):
        height = int(request.match_info["n"])
        self.asked.append(height)
        found = self.chain.at(height)
        if not found:
            return web.json_response({"error": "not-found-or-invalid-arg", "message": "Block Not Found"}, status=404)
        return await self.rest(request, {"blocks": found}, fault)

    async def ticker(self, request, _entry, fault):
        return await self.rest(request, {"USD": {"15m": 1.5, "last": 1.5, "buy": 1.5, "sell": 1.5, "symbol": "USD"}}, fault)

    # What the control API asks for.

    def ledger(self, _with_data):
        for n in range(self.count()):
            yield {"index": n, "id": self.tx(n)["hash"], "times_served": self.served.get(n, 0)}
        for height, name in enumerate(self.chain.main, self.chain.first):
            yield {"height": height, "block": name, "time": self.chain.blocks[name]["time"]}

    def state(self):
        return {"now_ms": self.clock.now_ms(), "height": self.chain.height(), "open": len(self.sockets), "asked": self.asked}

    def emit(self, given):
        self.given.append(given)
        self.clock.notify()
        return {"index": len(self.given) - 1}

    def post_fault(self, fault):
        kind, args = fault.kind, fault.args
        if kind == "mine":
            for _ in range(args.get("blocks", 1)):
                self.announce(self.chain.mine(time_s=args.get("time")))
        elif kind == "reorganise":
            self.branch += 1
            self.chain.reorganise(args.get("depth", 1), self.branch)
            self.announce(self.chain.tip())
        elif kind in FAULTS:
            for session in list(self.sockets) if args.get("now") else []:
                asyncio.ensure_future(session.suffer(kind, args))
            if not args.get("now"):
                (self.quirks.discard if args.get("off") else self.quirks.add)(kind)
        super().post_fault(fault)

    def announce(self, block):
        for session in self.sockets:
            session.blocks.append(block)

    def reset(self, body):
        super().reset(body)
        for session in list(self.sockets):
            session.drop()
        self.restart()


class Session:
    """One WebSocket client."""

    def __init__(self, service, socket, entry):
        self.service, self.socket, self.entry = service, socket, entry
        self.subscriptions, self.blocks, self.at, self.silent = set(), [], 0, False
        self.heard = entry["heard"] = []

    async def run(self):
        reader = asyncio.ensure_future(self.read())
        try:
            while not self.socket.closed and not reader.done():
                await self.write()
                await self.service.clock.wait(wall_s_max=0.01)
        except ConnectionError:
            pass
        finally:
            reader.cancel()

    async def read(self):
        async for message in self.socket:
            if message.type == WSMsgType.PING:
                await self.socket.pong(message.data)
            if message.type != WSMsgType.TEXT:
                continue
            body = json.loads(message.data)
            self.heard.append(body)
            if body["op"] == "ping" and "ping_unanswered" not in self.service.quirks:
                await self.socket.send_str('{"op":"pong"}')
            elif body["op"] == "unconfirmed_sub" and "subscription_ignored" not in self.service.quirks:
                self.at = max(0, self.service.count() - (5 if "again" in self.service.quirks else 0))
                self.subscriptions.add("tx")
            elif body["op"] == "blocks_sub":
                self.blocks.clear()
                self.subscriptions.add("block")

    async def write(self):
        while "tx" in self.subscriptions and self.at < self.service.count() and not self.silent:
            n, self.at = self.at, self.at + 1
            if "unknown_op" in self.service.quirks:
                await self.socket.send_str('{"op":"status","msg":"busy"}')
            self.service.served[n] = self.service.served.get(n, 0) + 1
            await self.socket.send_str(json.dumps({"op": "utx", "x": self.service.tx(n)}, separators=(",", ":")))
        while "block" in self.subscriptions and self.blocks:
            block = self.blocks.pop(0)
            await self.socket.send_str(json.dumps({"op": "block", "x": {"hash": block["hash"], "height": block["height"], "time": block["time"]}}))

    async def suffer(self, kind, args):
        if kind == "ws_close":
            await self.socket.close(code=args.get("code", 1001))
        elif kind == "ws_reset":
            self.drop()
        elif kind == "ws_silence":
            self.silent = True
        elif kind == "ws_text":
            for text in args["texts"]:
                await self.socket.send_str(text)
        elif kind == "big_message":
            await self.socket.send_str('{"op":"utx","x":{"hash":"' + "f" * args["bytes"] + '"}}')

    def drop(self):
        transport = self.socket._req.transport if self.socket._req else None
        if transport:
            transport.abort()
