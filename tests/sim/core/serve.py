"""Starts a simulator: binds loopback, prints `port N`, serves until SIGINT or SIGTERM."""
import asyncio
import signal
import socket

from aiohttp import web


async def serve(app, host, port, tls=None):
    """`tls` is an ssl.SSLContext or None. The port line is flushed before the first request is possible to miss."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    sock = socket.create_server((host, port))
    site = web.SockSite(runner, sock, ssl_context=tls, shutdown_timeout=0.2)
    await site.start()
    print(f"port {sock.getsockname()[1]}", flush=True)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    await runner.cleanup()
