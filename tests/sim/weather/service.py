"""/forecast/{key}/{lat},{lon}[,{time}] in both dialects, with quotas that are counted and manners that are judged."""
import math
import re

from aiohttp import web

from core.bodies import send_json
from core.service import Service


class Weather(Service):
    """The weather of a place at a time is a pure function of (seed, place, time)."""

    def __init__(self, options, clock):
        super().__init__(options, clock, extra_kinds=("quota", "missing", "no_block", "step_back"))
        self.restart()

    def restart(self):
        self.calls, self.used, self.quirks = [], 0, {}
        self.quota, self.reset_s = self.options.quota, self.options.reset_s

    def add_to(self, app):
        app.router.add_get("/forecast/{key}/{place}", self.guarded(self.forecast))

    async def forecast(self, request, entry, fault):
        match = re.fullmatch(r"(-?[\d.]+),(-?[\d.]+)(?:,(-?\d+))?", request.match_info["place"])
        key = request.headers.get("apikey") or request.match_info["key"]
        if key != self.options.key:
            return web.Response(status=401 if self.options.dialect == "pirate" else 403, text="<html>no</html>", content_type="text/html")
        if not match:
            return self.refused(400, "The given location is invalid.")
        if self.used >= self.quota:
            return web.Response(status=429, text="<html>API rate limit exceeded</html>", content_type="text/html", headers=self.budget())
        self.used += 1
        lat, lon, time = float(match[1]), float(match[2]), match[3]
        if abs(lat) > 90:
            return self.refused(400, "The given location is invalid.")
        time_s = int(time) if time else self.clock.now_ms() // 1000
        self.calls.append({"lat": lat, "lon": lon, "time": int(time) if time else None, "at_ms": self.clock.now_ms()})
        body = self.answer(lat, lon, time_s, request.query, bool(time))
        headers = self.budget() if self.options.dialect == "pirate" else {"X-Forecast-API-Calls": str(self.used)}
        if self.options.etag:
            headers["ETag"] = f'W/"{self.minute(time_s)}"'
            if request.headers.get("If-None-Match") == headers["ETag"]:
                return web.Response(status=304, headers=headers)
        return await send_json(request, body, fault, headers)

    def refused(self, status, text):
        body = {"detail": text} if self.options.dialect == "pirate" else {"code": status, "error": text}
        return web.json_response(body, status=status)

    def budget(self):
        return {"Ratelimit-Limit": str(self.quota), "Ratelimit-Remaining": str(max(0, self.quota - self.used)),
                "Ratelimit-Reset": str(self.reset_s)}

    # The model.

    def minute(self, time_s):
        """Models are run now and then: the observation's time is that of the last run."""
        return time_s - time_s % self.options.model_s - self.quirks.pop("step_back", 0)

    def point(self, lat, lon, time_s):
        x = math.sin(time_s / 3600 + lat + lon * 2 + self.options.seed)
        missing = -999 if "missing" in self.quirks else 30 * x
        return {"time": time_s, "summary": "It's -999, \"they\" say", "icon": "clear-day", "precipIntensity": 0, "precipType": "none",
                "temperature": round(12 + 10 * x, 2), "windGust": missing if missing == -999 else round(missing, 2), "humidity": 0.5}

    def answer(self, lat, lon, time_s, query, past):
        at = self.minute(time_s)
        hour, day = at - at % 3600, at - at % 86400
        hours = 24 if past else 168 if query.get("extend") == "hourly" else 48
        blocks = {"currently": self.point(lat, lon, at),
                  "hourly": {"data": [self.point(lat, lon, hour + 3600 * i) for i in range(hours)]},
                  "daily": {"data": [{"time": day + 86400 * i, "temperatureHigh": 20.5} for i in range(1 if past else 8)]},
                  "alerts": [], "flags": {"units": query.get("units", "us"), "nearest-station": -999}}
        left_out = set(query.get("exclude", "").split(",")) | self.quirks.get("no_block", set())
        return {"latitude": lat, "longitude": lon, "timezone": "Etc/UTC", "offset": 0,
                **{name: block for name, block in blocks.items() if name not in left_out}}

    # What the control API asks for.

    def ledger(self, _with_data, first=0):
        return self.calls[first:]

    def state(self):
        return {"now_ms": self.clock.now_ms(), "used": self.used}

    def emit(self, given):
        raise ValueError("weather cannot be made")

    def post_fault(self, fault):
        if fault.kind == "quota":
            self.quota, self.reset_s = fault.args["limit"], fault.args.get("reset_s", self.reset_s)
        elif fault.kind == "no_block":
            self.quirks["no_block"] = set(fault.args["blocks"])
        elif fault.kind in ("missing", "step_back"):
            self.quirks[fault.kind] = fault.args.get("s", 0)
        super().post_fault(fault)

    def reset(self, body):
        super().reset(body)
        self.restart()
