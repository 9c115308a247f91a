#!/usr/bin/python3
"""A WebSocket server that sends hand-made frames: the path names a case, /_log tells what each client did. Prints `port N`.

Every case sends `{"n":1}` properly first, so that a test sees that the connection stood, then what the case is about, then `{"n":2}`.
"""
import asyncio
import base64
import hashlib
import json
import struct

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(opcode, payload=b"", fin=True, rsv=0, mask=None, length=None):
    """One frame; `mask` masks it as only clients may, `length` (7 | 16 | 64) chooses a longer form than needed."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    size, bit = len(payload), 0x80 if mask else 0
    form = length or (7 if size < 126 else 16 if size < 65536 else 64)
    head += bytes([bit | size]) if form == 7 else bytes([bit | 126]) + struct.pack(">H", size) if form == 16 else bytes([bit | 127]) + struct.pack(">Q", size)
    if mask:
        payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return head + (mask or b"") + payload


def text(n):
    return frame(1, json.dumps({"n": n}).encode())


LONG = json.dumps({"n": 1.5, "text": "\u00e4" * 100_000}, ensure_ascii=False).encode()
CASES = {
    # What must be taken (W3, W4, W5).
    "fragments": frame(1, b'{"n":', fin=False) + frame(9, b"in between") + frame(0, b"1.", fin=False) + frame(0, b"5}"),
    "split_character": frame(1, b'{"n":1.5,"t":"\xc3', fin=False) + frame(0, b'\xa4"}'),
    "empty_fragments": frame(1, b"", fin=False) + frame(0, b'{"n":1.5}', fin=False) + frame(0, b""),
    "long": frame(1, LONG),
    "binary": frame(2, b'{"n":1.5}'),
    "pong_unasked": frame(10, b"hello") + frame(1, b'{"n":1.5}'),
    "ping_125": frame(9, b"x" * 125) + frame(1, b'{"n":1.5}'),
    "two_pings": frame(9, b"one") + frame(9, b"two") + frame(1, b'{"n":1.5}'),
    # What must end the connection, before {"n":2} is taken (W2, W3, W5).
    "masked": frame(1, b'{"n":1.5}', mask=b"abcd"),
    "rsv1": frame(1, b'{"n":1.5}', rsv=4), "rsv2": frame(1, b'{"n":1.5}', rsv=2), "rsv3": frame(1, b'{"n":1.5}', rsv=1),
    "opcode_3": frame(3, b"x"), "opcode_11": frame(11, b"x"),
    "fragmented_ping": frame(9, b"x", fin=False),
    "ping_126": frame(9, b"x" * 126),
    "lone_continuation": frame(0, b"x"),
    "text_inside_text": frame(1, b"x", fin=False) + frame(1, b"y"),
    "bad_utf8": frame(1, b'{"n":"\xff"}'), "overlong_utf8": frame(1, b'{"n":"\xc0\xaf"}'), "surrogate_utf8": frame(1, b'{"n":"\xed\xa0\x80"}'),
    "cut_utf8": frame(1, b'{"n":"\xc3'),
    "long_form": frame(1, b'{"n":1.5}', length=16), "longer_form": frame(1, b'{"n":1.5}', length=64),
    "top_bit": b"\x81\x7f" + struct.pack(">Q", 1 << 63),
    "close_1_byte": frame(8, b"\x03"), "close_1005": frame(8, struct.pack(">H", 1005)), "close_2999": frame(8, struct.pack(">H", 2999)),
    "close_bad_reason": frame(8, struct.pack(">H", 1000) + b"\xff"),
    **{f"close_{code}": frame(8, struct.pack(">H", code) + b"bye") for code in (1000, 1001, 1003, 1008, 1011, 3000, 4000)},
    "close_empty": frame(8),
    "list": frame(1, b'{"data":[{"n":1.5},{"n":1.6}]}'),
}
# More than sockets hold back, numbered from 2 on, with a ping among them; "flooded" is told in the log when all is sent.
FLOOD = 16_000
LOG = []


async def serve(reader, writer):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    path = head.split(" ")[1]
    if path == "/_log":
        body = json.dumps(LOG).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()
        return
    entry = {"case": path[1:], "head": head, "frames": []}
    LOG.append(entry)
    key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
    lines = {"wrong_accept": accept[::-1], "subprotocol": accept + "\r\nSec-WebSocket-Protocol: p2", "deflate": accept + "\r\nSec-WebSocket-Extensions: permessage-deflate"}
    writer.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {lines.get(path[1:], accept)}\r\n\r\n".encode())
    writer.write(text(1) + (b"" if path == "/flood" else CASES.get(path[1:], b"") + text(2)))
    listener = asyncio.ensure_future(listen(reader, entry))
    try:
        await writer.drain()
        if path == "/flood":
            await flood(writer)
            entry["flooded"] = True
        await asyncio.wait_for(listener, 60 if path == "/flood" else 20)
    except (ConnectionError, asyncio.TimeoutError, asyncio.IncompleteReadError):
        pass
    writer.close()


async def flood(writer):
    for n in range(2, FLOOD + 1):
        writer.write(frame(1, json.dumps({"n": n, "text": "x" * 1000}).encode()) + (frame(9, b"are you there") if n == 3 else b""))
        await writer.drain()


async def listen(reader, entry):
    """Notes the client's frames: (opcode, masked, payload)."""
    while True:
        first, second = await reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack(">H", await reader.readexactly(2))[0]
        mask = await reader.readexactly(4) if second & 0x80 else None
        payload = await reader.readexactly(size)
        if mask:
            payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        entry["frames"].append([first & 0x0F, bool(mask), payload.decode("latin-1")])


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
