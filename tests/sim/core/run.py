"""The command line of the simulators that need no more than these options."""
import argparse
import asyncio

from aiohttp import web

from core.clock import LogicalClock
from core.control import Control
from core.serve import serve
from core.tls import server_context


def parser(description):
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = made.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0: any free one")
    add("--seed", type=int, default=1)
    add("--rate", type=float, default=0, help="records per logical second")
    add("--records", type=int, default=0, help="so many exist at the start")
    add("--speed", type=float, default=1, help="logical seconds per second; 0: only /_sim/clock moves it")
    add("--start-ms", type=int, default=1_760_000_000_000, help="logical time at start")
    add("--tls", nargs=2, metavar=("CERT", "KEY"))
    add("--tls-variant", choices=("normal", "tls1.0", "sni"), default="normal")
    return made


def run(options, make_service):
    async def go():
        service = make_service(options, LogicalClock(options.start_ms, options.speed))
        app = web.Application(client_max_size=1 << 28)
        service.add_to(app)
        Control(service).add_to(app)
        await serve(app, options.host, options.port, server_context(*options.tls, options.tls_variant) if options.tls else None)
    asyncio.run(go())
