"""The logical clock: wall time times `speed` from a fixed start, moved by hand through POST /_sim/clock.

Speed 0 stands still, so a test that only advances it by hand sees the same run every time. Nothing in a
simulator sleeps for logical time: it waits here, and every change of the clock or of the records wakes it.
"""
import asyncio
import re
import time

UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def duration_ms(text):
    """'250ms', '15m', '2h' or a bare number of seconds, in milliseconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?", str(text))
    if not match:
        raise ValueError(f"not a duration: {text!r}")
    return int(float(match[1]) * UNITS_MS[match[2] or "s"])


class LogicalClock:
    """All methods are for the event loop's thread."""

    def __init__(self, start_ms, speed):
        self.start_ms, self.speed = start_ms, speed
        self.reset()

    def reset(self):
        self.base_ms, self.since = float(self.start_ms), time.monotonic()
        self.woken = asyncio.Event()

    def now_ms(self):
        return int(self.base_ms + (time.monotonic() - self.since) * 1000 * self.speed)

    def advance(self, by_ms):
        self.base_ms += by_ms
        self.notify()

    def set_speed(self, speed):
        self.base_ms, self.since, self.speed = float(self.now_ms()), time.monotonic(), speed
        self.notify()

    def notify(self):
        """Wakes all who wait, e.g. because a record was added."""
        self.woken.set()
        self.woken = asyncio.Event()

    async def wait(self, until_ms=None, wall_s_max=0.2):
        """Returns at `until_ms`, at a notification, or after `wall_s_max`; the caller looks again."""
        wall_s = wall_s_max
        if until_ms is not None and self.speed > 0:
            wall_s = min(wall_s, max(0.0, (until_ms - self.now_ms()) / 1000 / self.speed))
        try:
            await asyncio.wait_for(self.woken.wait(), max(wall_s, 0.001))
        except asyncio.TimeoutError:
            pass
