"""One connection to /v2/stream: from the request to the end of its body."""
import asyncio

from aiohttp import web

from core.wire import Ended, Wire
from wiki import content, framing


class Feed:
    """The cursors of a connection: hands out its topics' records in the order they were produced."""

    def __init__(self, topics, places):
        self.topics, self.places = topics, dict(places)

    def next(self):
        """The next record that exists, or None. The cursor moves."""
        best = None
        for name, place in self.places.items():
            records = self.topics[name].records
            if place < len(records) and (best is None or records[place].index < best.index):
                best = records[place]
        if best:
            self.places[best.topic] += 1
        return best


class Connection:
    def __init__(self, service, request, entry, topics, places, cluster, number):
        self.service, self.request, self.entry = service, request, entry
        self.feed, self.cluster, self.number = Feed(topics, places), cluster, number
        self.names = list(topics)
        self.seen = {}
        self.opened_ms = service.clock.now_ms()
        self.sse = "application/json" not in request.headers.get("Accept", "")
        self.wire = None

    async def run(self):
        """Serves until somebody ends it; returns the response for aiohttp to finish (or not)."""
        faults = self.service.faults.take_stream_faults()
        kind = "text/event-stream" if self.sse else "application/json"
        kind = next((f.args["type"] for f in faults if f.kind == "wrong_type"), f"{kind}; charset=utf-8")
        response = web.StreamResponse(headers={"Content-Type": kind, "Cache-Control": "no-cache",
                                               "X-Sim-Cluster": str(self.cluster)})
        response.enable_chunked_encoding()
        await response.prepare(self.request)
        self.entry["status"] = 200
        self.wire = Wire(self.request, response, faults, self.entry)
        ended = "shutdown"
        try:
            await self.wire.send(self.opening(), is_record=False)
            while True:
                await self.step()
        except Ended as end:
            ended = str(end)
        finally:
            self.service.requests.close(self.entry, ended)
        return response

    def opening(self):
        bom = self.wire.has("bom")
        marks = b"" if bom is None else b"\xef\xbb\xbf" * bom.get("count", 1)
        if not self.sse:
            return marks + b"\n"
        return marks + framing.join([b":ok", b""], (self.wire.has("line_ends") or {}).get("eol", "lf"))

    async def step(self):
        """Sends one record, or waits for one."""
        self.service.model.produce()
        await self.cut_by_age()
        record = self.feed.next()
        if record is None:
            await self.wire.flush()
            await self.wire.idle()
            await self.service.clock.wait(self.service.model.due_ms())
            return
        await self.wire.send(self.frame(record))
        record.served.append((self.service.clock.now_ms(), self.number))
        await asyncio.sleep(0)    # a write that fits the buffer does not yield, and a client may have left

    def frame(self, record):
        topic = self.feed.topics[record.topic]
        data = framing.payload(record, topic, self.cluster)
        if not self.sse:
            return data + b"\n"
        # Kafka times step back, and the id follows the last message, not the largest time.
        self.seen[record.topic] = record.kafka_ms
        reverse = content.mix(self.service.options.seed, "order", self.number, record.index) % 2 == 1
        return framing.event(data, framing.event_id(self.seen, self.names, reverse), self.wire)

    async def cut_by_age(self):
        """The edge closes after 15 minutes, every second time in the middle of an event."""
        limit = self.service.options.cut_ms
        if not limit or self.service.clock.now_ms() - self.opened_ms < limit:
            return
        record = self.feed.next() if self.number % 2 else None
        if record is not None:
            frame = self.frame(record)
            await self.wire.send(frame[:len(frame) // 2], is_record=False)
        self.request.transport.close()
        raise Ended("age")
