#!/usr/bin/python3
"""A stand-in for any JSON service: /json, /json/{cursor,link,page,offset,lines}, /secure with /token, /sse, /sink.

Controlled through /_sim as all simulators. Prints `port N` on standard output.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from core import run    # noqa: E402  (the path must be set first)
from general.service import Items    # noqa: E402

if __name__ == "__main__":
    parser = run.parser(__doc__)
    parser.add_argument("--token-life", type=int, default=3600, help="expires_in of tokens")
    run.run(parser.parse_args(), Items)
