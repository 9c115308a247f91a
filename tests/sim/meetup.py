#!/usr/bin/python3
"""A stand-in for Meetup: GraphQL with tokens and points, and the RSVP stream of old, chunked and as WebSocket.

Controlled through /_sim as all simulators. Prints `port N` on standard output.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from core import run    # noqa: E402  (the path must be set first)
from gatherings.service import Meetings    # noqa: E402

if __name__ == "__main__":
    parser = run.parser(__doc__)
    parser.add_argument("--events", type=int, default=2)
    parser.add_argument("--answers", type=int, default=7, help="of each event at the start")
    parser.add_argument("--closed", action="store_true", help="GraphQL wants a token")
    run.run(parser.parse_args(), Meetings)
