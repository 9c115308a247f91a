#!/usr/bin/python3
"""A stand-in for blockchain.info: WebSocket /inv, /latestblock, /block-height/N, /ticker, over a chain that forks on command.

Controlled through /_sim as all simulators. Prints `port N` on standard output.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from bitcoin.service import Bitcoin    # noqa: E402  (the path must be set first)
from core import run    # noqa: E402

if __name__ == "__main__":
    parser = run.parser(__doc__)
    parser.add_argument("--height", type=int, default=900_000, help="of the tip at the start")
    parser.add_argument("--blocks", type=int, default=200, help="that exist at the start")
    run.run(parser.parse_args(), Bitcoin)
