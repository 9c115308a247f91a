"""Answers with a body of the service's own, spoilt as body faults say."""
import asyncio
import gzip
import json

from aiohttp import web

from core.faults import BODY_KINDS


def is_body_fault(fault):
    return fault is not None and fault.kind in BODY_KINDS


async def send_json(request, body, fault=None, headers=None, status=200):
    """`body` as JSON, or as it is if it is bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
    headers = dict(headers or {})
    headers.setdefault("Content-Type", "application/json")
    kind, args = (fault.kind, fault.args) if fault else ("", {})
    if kind == "slow":
        await asyncio.sleep(args.get("ms", 100) / 1000)
    elif kind == "truncated_json":
        data = data[:len(data) * 2 // 3]
    elif kind == "big":
        data = b" " * (args.get("mib", 1) << 20) + data
    elif kind in ("gzip", "bad_gzip", "bomb"):
        if kind == "bomb":
            data = b" " * (args.get("mib", 8) << 20) + data
        data = gzip.compress(data, 9)
        if kind == "bad_gzip":
            data = data[:-8] + bytes(4) + data[-4:]
        headers["Content-Encoding"] = "gzip"
    elif kind == "br":
        import brotli    # Debian: python3-brotli; only where a test asks for it
        data = brotli.compress(data)
        headers["Content-Encoding"] = "br"
    if kind == "trickle":
        return await _trickle(request, headers, status)
    if kind == "cut_body":
        return await _cut(request, data, headers, status, args)
    return web.Response(status=status, body=data, headers=headers)


async def _trickle(request, headers, status):
    response = web.StreamResponse(status=status, headers=headers)
    await response.prepare(request)
    while request.transport is not None and not request.transport.is_closing():
        await response.write(b" ")
        await asyncio.sleep(0.02)
    return response


async def _cut(request, data, headers, status, args):
    response = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(data))})
    await response.prepare(request)
    await response.write(data[:args.get("at", len(data) // 2)])
    request.transport.close()
    return response
