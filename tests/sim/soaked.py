"""The services of soak.py: how fast each is in real life, how it is read, what goes wrong, and how one sees that all came once."""
import time

PARTS = {"dir": "ids", "roll": {"every": "2s"}}
# Filters of repeats are full after two minutes, not after an hour.
QUICK = {"dedupe_horizon": "2m", "retry": {"initial": "100ms", "max": "2s", "reset_after": "5s"}}


class Listed:
    """Records have names, and the simulator's ledger says which there are. Memory holds only what is on its way."""
    may_lose, into = False, PARTS
    faults = ()

    def __init__(self):
        self.asked, self.seen, self.wrong, self.expects = 0, 0, [], True
        self.wanted, self.early = {}, set()

    def came(self, rows):
        for row in rows:
            self.seen += 1
            name = row["id"]
            if self.wanted.pop(name, None) is None:
                if name in self.early:
                    self.wrong.append(f"{name} came twice")
                self.early.add(name)

    def names(self, row):
        return [row["id"]]

    def judge(self, sim, grace_s):
        """What came must be in the ledger; what is in the ledger must come in time."""
        early, now = set(self.early), time.monotonic()
        if self.expects:
            for row in sim.rows(f"ledger?from={self.asked}"):
                if "index" not in row:
                    continue
                self.asked = row["index"] + 1
                for name in self.names(row):
                    if name in self.early:
                        self.early.discard(name)
                    else:
                        self.wanted[name] = now
            # What came before this look at the ledger and is not in it was there before, or never.
            self.wrong += [f"{name} came twice or was never sent" for name in early & self.early]
            self.early -= early
        late = [name for name, since in self.wanted.items() if now - since > grace_s]
        self.wrong += [f"{name} is lost" for name in late]
        for name in late:
            del self.wanted[name]

    def stop_expecting(self):
        """What is sent from now on counts no more."""
        self.expects = False

    def waiting(self):
        return len(self.wanted)

    def complaints(self):
        found = [f"{len(self.wrong)} records: {'; '.join(self.wrong[:5])}"] if self.wrong else []
        if self.wanted:
            found.append(f"{len(self.wanted)} records never came, e.g. {next(iter(self.wanted))}")
        return found + ([] if self.seen else ["nothing came"])


class Wikipedia(Listed):
    """40 changes per second over all wikis."""
    name, simulator, select = "wikipedia", "wikipedia", {"id": "meta.id"}
    faults = (("cut", {"how": "rst", "where": "line", "now": True}), ("cut", {"how": "fin", "now": True}), ("cut", {"how": "fin", "where": "utf8", "now": True}),
              ("silence", {"now": True}), ("switch_over", {}), ("status", {"count": 2, "status": 503}), ("html", {}), ("cut", {"how": "clean", "now": True}))

    def __init__(self):
        super().__init__()
        self.last = None

    def arguments(self, factor):
        return "--rate", 40 * factor, "--forget", "10m", "--cut-after", "2m"

    def source(self, port, _factor):
        return {"plugin": "wikipedia", "url": f"http://127.0.0.1:{port}", "stream": "recentchange", "read_timeout": "10s", "busy_wait": "1s", **QUICK,
                "schema": {"meta.id": "text"}, "start": "2025-10-09T08:53:00Z", "event_time": {"field": "timestamp", "unit": "s", "out_of_orderness": "5s", "max_future": "3650d"}}

    def names(self, row):
        repeats = row["id"] == self.last    # a producer's retry
        self.last = row["id"]
        return [] if repeats or row["kind"] == "canary" else [row["id"]]


class Transactions(Listed):
    """7 transactions per second. What is sent while nobody listens is gone, so only planned reconnections are tried."""
    name, simulator, select = "transactions", "blockchain", {"id": "x.hash"}
    faults = (("unknown_op", {}), ("unknown_op", {"off": True}))

    def arguments(self, factor):
        return "--rate", 7 * factor

    def source(self, port, _factor):
        return {"plugin": "blockchain", "url": f"ws://127.0.0.1:{port}/inv", "rest_url": f"http://127.0.0.1:{port}", "streams": ["tx"], "max_age": "30s", "overlap": "2s",
                **QUICK, "schema": {"x.hash": "text"}, "event_time": {"field": "x.time", "unit": "s", "max_future": "3650d"}}

    def judge(self, sim, grace_s):
        """The first one that came is where it began."""
        if self.asked == 0 and self.early:
            rows = [row["id"] for row in sim.rows("ledger") if "id" in row]
            self.asked = min(rows.index(name) for name in self.early)
        if self.asked or self.seen:
            super().judge(sim, grace_s)


class Blocks:
    """A block in ten minutes, and now and then a fork."""
    name, simulator = "blocks", "blockchain"
    select = {"what": "op", "height": "coalesce(x.height, height)", "hash": "coalesce(x.hash, hash)"}
    may_lose, into = False, {"path": "ids.jsonl"}    # A part is closed by what comes after it, which may be long.
    faults = (*(("mine", {"blocks": 1}),) * 6, ("mine", {"blocks": 12}), ("reorganise", {"depth": 1}), ("reorganise", {"depth": 3}), ("status", {"count": 3, "status": 500}),
              ("truncated_json", {"count": 2}), ("reset", {"count": 2}), ("ws_reset", {"now": True}), ("html", {"count": 2}), ("cut_body", {"count": 2}))

    def __init__(self):
        self.seen, self.held, self.wrong, self.differs_since, self.expects = 0, [], [], None, True

    def arguments(self, _factor):
        return "--rate", 0

    def source(self, port, _factor):
        return {"plugin": "blockchain", "url": f"ws://127.0.0.1:{port}/inv", "rest_url": f"http://127.0.0.1:{port}", "streams": ["block"], "start_height": "-20", "rate": 100,
                "burst": 100, "tip_every": "2s", **QUICK, "schema": {"op": "text", "height": "int8", "hash": "text", "x.height": "int8", "x.hash": "text"},
                "event_time": {"max_future": "36500d"}}

    def came(self, rows):
        for row in rows:
            self.seen += 1
            block = row["height"], row["hash"]
            if row["what"] != "orphan":
                self.held.append(block)
            elif not self.held or self.held.pop() != block:
                self.wrong.append(f"{block} was taken back and was not the last one")

    def judge(self, sim, grace_s):
        chain = [(row["height"], row["block"]) for row in sim.rows("ledger") if "block" in row]
        differs = not self.held or self.held != [block for block in chain if block[0] >= self.held[0][0]]
        self.differs_since = (self.differs_since or time.monotonic()) if differs else None
        if differs and time.monotonic() - self.differs_since > grace_s:
            self.wrong.append(f"the chain ends with {chain[-1]}, here with {self.held[-1:]}")

    def stop_expecting(self):
        pass

    def waiting(self):
        return int(self.differs_since is not None)

    def complaints(self):
        return self.wrong[:5] + ([] if self.seen else ["nothing came"])


class DarkSky:
    """1000 places every half an hour; an interval that is not asked in is lost."""
    name, simulator, select = "darksky", "darksky", {"place": "record_key()", "slot": "source_position() / 1048576"}
    may_lose, into = False, PARTS
    faults = (("status", {"count": 3, "status": 503}), ("html", {"count": 3}), ("truncated_json", {"count": 2}), ("reset", {"count": 3}), ("bad_gzip", {"count": 2}),
              ("slow", {"count": 3, "ms": 500}), ("status", {"count": 1, "status": 429, "retry_after": "1"}))

    def __init__(self):
        self.seen, self.last, self.wrong, self.every_s = 0, {}, [], None

    def arguments(self, _factor):
        return "--quota", 1_000_000_000

    def source(self, port, factor):
        self.every_s = 1800 / factor
        places = [{"name": f"p{n}", "lat": n % 80, "lon": n // 80 * 3} for n in range(1000)]
        return {"plugin": "darksky", "url": f"http://127.0.0.1:{port}", "api_key": "sesame", "targets": places, "every": f"{int(self.every_s * 1000)}ms", "quota": "unlimited",
                "rate": 500, "burst": 50, **QUICK, "event_time": {"field": "currently.time", "unit": "s", "max_future": "3650d"}, "schema": {"currently.time": "int8"}}

    def came(self, rows):
        now = time.monotonic()
        for row in rows:
            self.seen += 1
            before = self.last.get(row["place"])
            if before and row["slot"] != before[0] + 1:
                self.wrong.append(f"{row['place']}: interval {row['slot']} after {before[0]}")
            self.last[row["place"]] = row["slot"], now

    def judge(self, _sim, grace_s):
        overdue = [place for place, (_, at) in self.last.items() if time.monotonic() - at > 2 * self.every_s + grace_s]
        self.wrong += [f"{place} is asked no more" for place in overdue]

    def stop_expecting(self):
        pass

    def waiting(self):
        return 0

    def complaints(self):
        found = [f"{len(self.wrong)} intervals: {'; '.join(self.wrong[:5])}"] if self.wrong else []
        return found + ([] if len(self.last) == 1000 else [f"{len(self.last)} of 1000 places came"])


class Meetup(Listed):
    """5 answers per second."""
    name, simulator, select = "meetup", "meetup", {"id": "rsvp_id"}
    faults = (("cut", {"how": "rst", "where": "line", "now": True}), ("cut", {"how": "fin", "now": True}), ("silence", {"now": True}), ("status", {"count": 2, "status": 503}),
              ("html", {}), ("reset", {"count": 2}))

    def arguments(self, factor):
        return "--rate", 5 * factor

    def source(self, port, _factor):
        return {"plugin": "meetup", "mode": "stream", "stream_url": f"http://127.0.0.1:{port}/2/rsvps?all", "read_timeout": "5s", **QUICK, "schema": {"rsvp_id": "int8"},
                "event_time": {"field": "mtime", "unit": "ms", "max_future": "3650d"}}


class Http(Listed):
    """10 new items per second, asked for by `since`."""
    name, simulator, select = "http", "generic", {"id": "id"}
    faults = (("status", {"count": 2, "status": 500}), ("truncated_json", {"count": 2}), ("cut_body", {"count": 2}), ("reset", {"count": 2}), ("html", {}), ("gzip", {"count": 3}))

    def arguments(self, factor):
        return "--rate", 10 * factor

    def source(self, port, _factor):
        return {"plugin": "http", "url": f"http://127.0.0.1:{port}/json", "every": "5s", "since": {"param": "since", "field": "updated_at", "start": "0"}, "key": "id",
                "dedupe_key": "id", **QUICK, "schema": {"id": "int8"}, "event_time": {"field": "updated_at", "unit": "s", "max_future": "3650d"}}


class Sse(Http):
    """10 events per second, resumed by id."""
    name = "sse"
    faults = (("cut", {"how": "rst", "where": "line", "now": True}), ("cut", {"how": "fin", "now": True}), ("silence", {"now": True}), ("status", {"count": 2, "status": 503}),
              ("reset", {"count": 2}))

    def source(self, port, _factor):
        return {"plugin": "sse", "url": f"http://127.0.0.1:{port}/sse?all", "key": "id", "dedupe_key": "id", "read_timeout": "5s", **QUICK, "schema": {"id": "int8"},
                "event_time": {"field": "updated_at", "unit": "s", "max_future": "3650d"}}


SERVICES = (Wikipedia, Transactions, Blocks, DarkSky, Meetup, Http, Sse)
