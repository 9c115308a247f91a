"""One connection's way out: writes frames, and breaks them the way its faults say.

A cut inside a line or a character needs the frame, one inside a chunk header or a reset needs the socket
below the HTTP server; both are here so that services only say "send this frame".
"""
import asyncio
import socket
import struct


class Ended(Exception):
    """The connection is over; the text says why."""


class Wire:
    """Not thread-safe; one per connection. `faults` may grow while the connection is open."""

    def __init__(self, request, response, faults, entry):
        self.request, self.response, self.faults, self.entry = request, response, faults, entry
        self.frames = self.bytes = 0
        self.gathered = []

    def gone(self):
        """True once the peer has closed; aiohttp does not cancel the handler then."""
        transport = self.request.transport
        return transport is None or transport.is_closing()

    def has(self, kind):
        """The arguments of the stream fault `kind` once it is due, else None."""
        for fault in self.faults:
            if fault.kind == kind and self._due(fault):
                return fault.args
        return None

    def add_now(self, fault):
        """A fault for this connection, counted from here."""
        fault.after += self.bytes if fault.args.get("unit") == "bytes" else self.frames
        self.faults.append(fault)

    def _due(self, fault):
        if fault.args.get("unit") == "bytes":
            return False    # cut by bytes is decided in the middle of a frame
        return self.frames >= fault.after

    async def send(self, frame, is_record=True):
        """Writes one frame. True: every byte of it was handed to the socket. Raises Ended."""
        await self.idle()
        if is_record:
            await self._before(frame)
        await self._cut_by_bytes(frame)
        one_write = self.has("one_write")
        if one_write is not None:
            self.gathered.append(frame)
            if len(self.gathered) < one_write.get("records", 10):
                self._count(frame, is_record)
                return True
            frame, counted = b"".join(self.gathered), frame
            self.gathered = []
        else:
            counted = frame
        await self._write(frame)
        self._count(counted, is_record)
        return True

    async def idle(self):
        """The faults that act even when no frame is at hand. Called also while waiting for the next."""
        if self.gone():
            raise Ended("client closed")
        silence = self.has("silence")
        if silence is not None:
            await self._be_silent(silence)
        error = self.has("error_event")
        if error is not None:
            await self._write(b"event: error\ndata: " + error.get("data", '{"message":"broker gone"}').encode() + b"\n\n")
            raise Ended("error event")
        cut = self.has("cut")
        if cut is not None and cut.get("where", "boundary") in ("boundary", "chunk"):
            await self._cut(cut, b"")

    async def _before(self, frame):
        delay = self.has("delay")
        if delay is not None:
            await asyncio.sleep(delay.get("ms", 1) / 1000)
        cut = self.has("cut")
        if cut is not None:
            await self._cut(cut, half(frame, cut["where"]))

    async def _cut_by_bytes(self, frame):
        for fault in self.faults:
            if fault.kind == "cut" and fault.args.get("unit") == "bytes" and self.bytes + len(frame) > fault.after:
                await self._cut(fault.args, frame[:max(0, fault.after - self.bytes)])

    async def _cut(self, args, rest):
        if rest:
            await self._write(rest)
        if self.gone():
            raise Ended("client closed")
        how = args.get("how", "fin")
        if args.get("where") == "chunk":
            self.request.transport.write(b"1f")    # a chunk size that never ends
        if how == "rst":
            reset(self.request.transport)
        elif how == "half":
            self.request.transport.write_eof()
            await self._until_gone(args.get("for_s", 30))
        elif how == "truncate":
            self.request.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        elif how == "fin":
            await asyncio.sleep(0.01)
            if not self.gone():
                self.request.transport.close()
        raise Ended(f"cut {how}")

    async def _be_silent(self, args):
        every_s = args.get("every_ms", 200) / 1000
        waited = 0.0
        while not self.gone() and waited < args.get("for_s", 3600):
            if args.get("comments"):
                await self._write(b": still here\n\n")
            await asyncio.sleep(every_s)
            waited += every_s
        raise Ended("silence")

    async def _until_gone(self, seconds):
        for _ in range(int(seconds * 20)):
            if self.gone():
                return
            await asyncio.sleep(0.05)

    async def _write(self, data):
        try:
            drip = self.has("drip")
            if drip is None:
                await self.response.write(data)
                return
            for at in range(len(data)):
                if self.gone():
                    raise Ended("client closed")
                await self.response.write(data[at:at + 1])
                await asyncio.sleep(drip.get("delay_ms", 0) / 1000)
        except (ConnectionError, RuntimeError) as error:
            raise Ended("client closed") from error

    async def flush(self):
        if self.gathered:
            frame, self.gathered = b"".join(self.gathered), []
            await self._write(frame)

    def _count(self, frame, is_record):
        self.frames += is_record
        self.bytes += len(frame)
        self.entry.update(records=self.frames, bytes=self.bytes)


def half(frame, where):
    """The first part of a frame, ending inside a line, or inside a character when it has a long one."""
    if where == "utf8":
        for at, byte in enumerate(frame):
            if byte >= 0xC2:
                return frame[:at + 1]
    return frame[:len(frame) * 2 // 3]


def reset(transport):
    """Closes with RST: zero linger throws away what is not yet sent."""
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
