#!/usr/bin/python3
"""A stand-in for Dark Sky and Pirate Weather: /forecast, quotas and headers, the time machine.

Controlled through /_sim as all simulators. Prints `port N` on standard output.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from core import run    # noqa: E402  (the path must be set first)
from weather.service import Weather    # noqa: E402

if __name__ == "__main__":
    parser = run.parser(__doc__)
    parser.add_argument("--dialect", choices=("pirate", "darksky"), default="pirate")
    parser.add_argument("--key", default="sesame")
    parser.add_argument("--quota", type=int, default=10_000)
    parser.add_argument("--reset-s", type=int, default=86_400, help="seconds until the quota is renewed")
    parser.add_argument("--model-s", type=int, default=1, help="seconds between two runs of the model")
    parser.add_argument("--etag", action="store_true")
    run.run(parser.parse_args(), Weather)
