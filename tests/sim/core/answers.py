"""Answers of request faults, the same for every service that speaks HTTP."""
import asyncio
import gzip
import time
from email.utils import formatdate

from aiohttp import web

from core.faults import retry_after_text
from core.wire import reset

PORTAL = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Welcome to the network</h1></body></html>"

ENDLESS = 10 << 30


def http_date(in_s, skew_s=0):
    return formatdate(time.time() + in_s + skew_s, usegmt=True)


def problem(status, kind, title, detail, headers=None):
    """An error document as the service writes it."""
    body = {"type": kind, "title": title, "status": status, "detail": detail}
    return web.json_response(body, status=status, headers=headers)


async def answer(fault, request, skew_s=0):
    """The response that a request fault gives, already sent where it never ends. The server's clock is off by `skew_s`."""
    kind, args = fault.kind, fault.args
    if kind == "redirect_loop":
        return web.Response(status=args.get("status", 301), headers={"Location": str(request.rel_url)})
    if kind == "redirect":
        return web.Response(status=args.get("status", 307), headers={"Location": args["to"]})
    if kind == "html":
        return web.Response(text=PORTAL, content_type="text/html")
    if kind == "empty":
        return web.Response(body=b"", content_type=args.get("type", "text/event-stream"))
    if kind == "status":
        return _status(args, skew_s)
    if kind == "reset":
        reset(request.transport)
        return web.Response()
    if kind == "endless":
        return await _endless(args, request)
    if kind == "packed":
        return web.Response(body=gzip.compress(bytes(args["mib"] << 20).replace(b"\0", b" "), 9),
                            headers={"Content-Type": _wanted_type(request), "Content-Encoding": "gzip"})
    return await _hold(kind, request)


def _status(args, skew_s):
    headers = dict(args.get("headers", {}))
    if "retry_after" in args:
        headers["Retry-After"] = retry_after_text(args["retry_after"], lambda in_s: http_date(in_s, skew_s))
    status = args["status"]
    if status in (204, 304):
        return web.Response(status=status, headers=headers)
    if "body" in args:
        return web.Response(status=status, text=args["body"], content_type=args.get("content_type", "text/plain"),
                            headers=headers)
    return problem(status, "simulated", f"status {status}", "asked for by a test", headers)


def _wanted_type(request):
    return request.headers.get("Accept", "application/json").split(",")[0].replace("*/*", "application/json")


async def _endless(args, request):
    """The log's entry tells how much the client took."""
    headers = {"Content-Type": _wanted_type(request), **({"Content-Length": str(ENDLESS)} if args.get("declared") else {})}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    piece = args.get("piece", " ").encode() * (1 << 16)
    taken = len(piece)
    try:
        await response.write(args.get("first", "").encode() + piece)
        while taken < ENDLESS and request.transport is not None and not request.transport.is_closing():
            await response.write(piece)
            taken += len(piece)
    except (ConnectionError, RuntimeError):
        pass
    request["taken"] = taken
    return response


async def _hold(kind, request):
    """never_answer and headers_only: keeps the connection until the client gives up."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    if kind == "headers_only":
        await response.prepare(request)
    while request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.05)
    return response
