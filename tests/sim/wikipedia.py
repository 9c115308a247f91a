#!/usr/bin/python3
"""A stand-in for Wikimedia EventStreams, for tests: /v2/stream/{names} and /?spec, controlled through /_sim.

Content is a pure function of (--seed, index); the ledger tells what was produced and who got it. It shares
no code with the plugin and trusts nothing it says. Prints `port N` on standard output.
Faults and their arguments: core/faults.py. Certificates: core/tls.py DIR.
"""
import argparse
import asyncio
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from aiohttp import web    # noqa: E402  (the path must be set first)

from core.clock import LogicalClock, duration_ms    # noqa: E402
from core.control import Control    # noqa: E402
from core.serve import serve    # noqa: E402
from core.tls import server_context    # noqa: E402
from wiki.resume import since_ms    # noqa: E402
from wiki.service import Wikipedia, read_script    # noqa: E402


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0: any free one")
    add("--seed", type=int, default=1)
    add("--rate", type=float, default=40, help="records per logical second")
    add("--speed", type=float, default=1, help="logical seconds per second; 0: only /_sim/clock moves it")
    add("--start-time", default="2025-10-09T08:53:20Z", help="logical time at start: ISO 8601 or epoch ms")
    add("--records", type=int, default=0, help="produce so many, then fall silent; 0: no end")
    add("--history", default="0s", help="records reach back so far before the start time")
    add("--retention", default="7d", help="older records are gone")
    add("--forget", default="0s", help="older records are dropped from memory, for long runs; 0: none")
    add("--script", metavar="FILE", help="JSON lines of records with logical send times, instead of made ones")
    add("--streams", default="recentchange", help="comma list of streams that get records, in turns")
    add("--active", choices=("eqiad", "codfw"), default="eqiad")
    add("--switch-at", type=int, action="append", default=[], metavar="INDEX", help="switch-over before this record")
    add("--canary-every", type=int, default=500, metavar="N", help="of N records two are canaries; 0: none")
    add("--clusters", type=int, default=2, help="connections land on them in turns")
    add("--cut-after", default="15m", help="logical age at which the edge cuts; 0: never")
    add("--limit", type=int, default=2, help="connections per address")
    add("--ghost", type=float, default=0, metavar="S", help="seconds for which a closed connection still counts")
    add("--strict-agent", action="store_true", help="403 unless the User-Agent names a contact")
    add("--tls", nargs=2, metavar=("CERT", "KEY"))
    add("--tls-variant", choices=("normal", "tls1.0", "sni"), default="normal")
    options = parser.parse_args(arguments)
    options.stream_names = options.streams.split(",")
    options.script_records = read_script(options.script) if options.script else []
    options.history_ms, options.retention_ms = duration_ms(options.history), duration_ms(options.retention)
    options.forget_ms = duration_ms(options.forget)
    options.cut_ms, options.ghost_s = duration_ms(options.cut_after), options.ghost
    return options


async def run(options):
    clock = LogicalClock(since_ms(options.start_time), options.speed)
    service = Wikipedia(options, clock)
    app = web.Application()
    service.add_to(app)
    Control(service).add_to(app)
    tls = server_context(*options.tls, options.tls_variant) if options.tls else None
    await serve(app, options.host, options.port, tls)


if __name__ == "__main__":
    asyncio.run(run(parse()))
