"""Random operators, one function per kind. A kind that the program refuses as of a later version is skipped, not failed,
so a kind may be listed here before the engine knows it, as soon as the oracle does."""
import expressions

AGGREGATES = ("count(*)", "count(v)", "sum(v)", "min(v)", "max(v)", "avg(v)", "sum(x)", "min(x)", "min(k)", "max(k)", "count(k)")
FILTERS = tuple(text for text in expressions.FILTERS if "final" not in text)    # that field only windows have
GROUPS = ([], ["k"], ["k"], ["n"], ["k", "n"], {"key": "coalesce(k, 'none')"}, {"p": "v is null", "k": "k"})
TABLE_SELECTIONS = (["n", "k", "v", "x"], {"v": "v", "k": "k", "n": "n", "x": "x", "w": "v + 1", "c": "coalesce(v, 0)"})
SELECTIONS = (["k", "v"], {"k": "k", "w": "v + 1", "d": "v - n"}, {"x": "x", "q": "coalesce(v, 0)"})


WINDOWS = ("tumbling", "hopping", "cumulative", "session", "sliding_by_record", "calendar")
# Midnights that are skipped or come twice, a day that is missing, half and quarter hours.
ZONES = ("Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
         "America/St_Johns", "UTC")


def names(given):
    """`from` as a list."""
    return [given] if isinstance(given, str) else given


class Builder:
    """Collects operators and sinks over the sources of one case."""

    def __init__(self, rng, sources):
        self.rng, self.sources = rng, sources
        self.operators, self.sinks, self.kinds, self.used = {}, {}, {}, set()

    def add(self, kind):
        name = f"o{len(self.operators)}"
        self.operators[name] = KINDS[kind](self)
        self.kinds[name] = kind
        self.sink(name, name)
        if self.operators[name].keys() & {"window", "join", "dedupe"}:
            self.sink(f"{name}_late", f"{name}.late")

    def sink(self, name, what):
        self.sinks[name] = {"from": what, "plugin": "file", "path": f"out/{name}.jsonl"}

    def source(self, name="a"):
        self.used.add(name)
        return name

    def ticks(self, count, source="a"):
        return f"{count}{self.sources[source]['unit']}"

    def sink_of_several(self):
        """R50 across operators: of one source only, since the page gives ends of several sources no place in the order."""
        mine = [name for name, one in self.operators.items() if one["from"] == "a" and name in self.kinds and "join" not in one
                and self.kinds[name] != "complete"]
        if len(mine) > 1:
            self.sink("several", self.rng.sample(mine, min(3, len(mine))))


def size(build):
    return build.rng.choice((1, 2, 7, 10, 30, 60, 1000))


def window(build, kind):
    """A window of the kind in ticks of the source's unit; at most some dozens of windows per record."""
    length = size(build)
    if kind == "tumbling":
        found = {"tumbling": build.ticks(length)}
    elif kind == "calendar":
        return {"calendar": build.rng.choice(("day", "day", "week", "month", "year")), "zone": build.rng.choice(ZONES)}
    elif kind in ("session", "sliding_by_record"):
        return {kind: build.ticks(length)}
    elif kind == "hopping":
        every = build.rng.randint(max(1, length // 12), length)
        found = {"hopping": build.ticks(length), "every": build.ticks(every)}
    else:
        every = build.rng.choice((1, 3, 10, 50))
        length = every * build.rng.randint(1, 8)
        found = {"cumulative": build.ticks(length), "every": build.ticks(every)}
    if build.rng.random() < 0.4:
        found["offset"] = build.ticks(build.rng.randint(1 - length, length - 1))
    return found


def aggregates(build, among=AGGREGATES):
    chosen = build.rng.sample(among, build.rng.randint(1, min(4, len(among))))
    return {f"r{number}": text for number, text in enumerate(chosen)}


def windowed(build, kind, inputs):
    found = {"from": inputs, "window": window(build, kind), "select": aggregates(build)}
    groups = build.rng.choice(GROUPS)
    if groups:
        found["group_by"] = groups
    if build.rng.random() < 0.3:
        found["filter"] = build.rng.choice(FILTERS)
    return with_lateness(build, found)


def of_source(kind):
    return lambda build: windowed(build, kind, build.source())


def update(*kinds):
    """R25, R28: records that change nothing in their row are among them. R7: sessions that merge."""
    def made(build):
        found = windowed(build, build.rng.choice(kinds), build.source())
        every = {"update": {"every": build.ticks(build.rng.choice((1, 3, 10, 50, 200)))}}
        return {**found, "emit": every if build.rng.random() < 0.4 else "update"}
    return made


def ranked(build):
    """Contract §3: what is left of the rows of one window, and in which order."""
    found = windowed(build, build.rng.choice(WINDOWS), build.source())
    found["select"] = {**found["select"], "c": "count(*)", "s": "sum(v)"}
    columns = [*found.get("group_by", []), "c", "s"]
    if build.rng.random() < 0.4:
        found["having"] = build.rng.choice(tuple(expressions.HAVINGS))
    if build.rng.random() < 0.8:
        ways = ("", " asc", " desc", " desc", " nulls first", " asc nulls first", " desc nulls last")
        found["order_by"] = [column + build.rng.choice(ways) for column in build.rng.sample(columns, build.rng.randint(1, 2))]
    if build.rng.random() < 0.4:
        found["select"] = {"place": "row_number()", **found["select"]}
    if build.rng.random() < 0.7:
        found["limit"] = build.rng.randint(1, 3)
        if build.rng.random() < 0.5:
            found["limit_by"] = build.rng.sample(columns, build.rng.randint(1, 2))
    return found


def complete(build):
    """R26: whole results, of which each record would send one more if it triggers by itself."""
    by_record = build.rng.random() < 0.3
    found = windowed(build, build.rng.choice(("tumbling", "session") if by_record else WINDOWS), build.source())
    if by_record:
        return {**found, "emit": "complete"}
    emit = {"every": build.ticks(build.rng.choice((10, 50, 200)))}
    if build.rng.random() < 0.5:
        emit["retain"] = build.ticks(build.rng.choice((0, 1, 20, 300)))
    return {**found, "emit": {"complete": emit}}


def stateless(build):
    found = {"from": build.source()}
    if build.rng.random() < 0.7:
        found["filter"] = build.rng.choice(FILTERS)
    if build.rng.random() < 0.6 or "filter" not in found:
        found["select"] = build.rng.choice(SELECTIONS)
    return found


def before(build, operator):
    """Puts an operator in front of another one."""
    name = f"u{len(build.operators)}"
    build.operators[name] = operator
    return name


def upstream(build, kind):
    """A window operator with aggregates that the next can use by name."""
    return before(build, {**windowed(build, kind, build.source()), "group_by": ["k"],
                          "select": {"c": "count(*)", "s": "sum(v)", "m": "max(x)"}})


def chained(build):
    """R19: a window over the rows of a window, sometimes with a filter between."""
    last = upstream(build, build.rng.choice(("tumbling", "hopping", "cumulative")))
    if build.rng.random() < 0.3:
        last = before(build, {"from": last, "filter": build.rng.choice(("k is not null", "k = 'a'"))})
    return second(build, last)


def chained_behind(kind):
    """R19: the row of a session has the time window_end, any other window_end - 1 us."""
    return lambda build: second(build, upstream(build, kind))


def second(build, inputs):
    found = {"from": inputs, "window": window(build, build.rng.choice(("tumbling", "hopping", "cumulative"))),
             "select": aggregates(build, ("sum(c)", "sum(s)", "min(s)", "max(m)", "count(*)", "max(window_start)"))}
    if build.rng.random() < 0.6:
        found["group_by"] = build.rng.choice((["k"], {"ends": "window_end"}, {"k": "k", "starts": "window_start"}, ["window_end"], ["window_start", "k"]))
    if build.rng.random() < 0.3:
        found["allowed_lateness"] = build.ticks(build.rng.choice((1, 30)))
    return found


def union_of_sources(build):
    """R22: two files merged by event time."""
    inputs = [build.source("a"), build.source("b")]
    if build.rng.random() < 0.3:
        return {"from": inputs, **{key: value for key, value in stateless(build).items() if key != "from"}}
    return windowed(build, build.rng.choice(("tumbling", "hopping", "cumulative")), inputs)


def union_of_windows(build):
    """Several window operators read by one window operator: W_out is the smaller one."""
    return second(build, [upstream(build, build.rng.choice(("tumbling", "hopping"))) for _ in range(2)])


def after_filter(build):
    """Filtered records move the watermark, in a stateless operator as well (R9)."""
    return windowed(build, build.rng.choice(("tumbling", "hopping", "cumulative")),
                    before(build, {"from": build.source(), "filter": build.rng.choice(FILTERS)}))


def sides(build):
    """The two sources, either of them on the left."""
    return build.rng.sample([build.source("a"), build.source("b")], 2)


def of_sides(left, right):
    """Columns that another operator can use by name, half of them from the right."""
    return {"k": f"{left}.k", "n": f"{left}.n", "v": f"{right}.v", "x": f"{right}.x", "at": "event_time()"}


def of_left(left):
    return {**{name: f"{left}.{name}" for name in ("k", "n", "v", "x")}, "at": "event_time()"}


def join(build):
    """R32."""
    left, right = sides(build)
    kind = build.rng.choice(("inner", "left", "right", "full", "semi", "anti"))
    on = ["k"] if build.rng.random() < 0.6 else f"{left}.k = {right}.k and {build.rng.choice(tuple(expressions.RESTS))}"
    within = {side: build.ticks(build.rng.choice((0, 1, 3, 8, 40))) for side in ("before", "after")}
    found = {"from": left, "join": {"with": right, "on": on, "type": kind, "within": within},
             "select": of_left(left) if kind in ("semi", "anti") else of_sides(left, right)}
    return with_lateness(build, found)


def with_lateness(build, found):
    if build.rng.random() < 0.4:
        found["allowed_lateness"] = build.ticks(build.rng.choice((1, 5, 30, 200)))
    return found


def dedupe(build):
    """R33."""
    found = {"from": build.source(), "dedupe": {"by": build.rng.choice((["k"], ["n"], ["k", "n"])), "keep": build.ticks(size(build)),
                                                "which": build.rng.choice(("first", "last"))}}
    if build.rng.random() < 0.5:
        found["select"] = {"k": "k", "n": "n", "v": "v", "x": "x", "at": "event_time()"}
    return with_lateness(build, found)


def lookup(build):
    """R29, R31: as of the event time, in a table that also deletes."""
    stream, changes = sides(build)
    table = before(build, {"from": changes, "table": {"key": ["k"], "delete": "n = 0"}})
    kind = build.rng.choice(("inner", "left", "semi", "anti"))
    return {"from": stream, "join": {"with": table, "on": ["k"], "as_of": "event_time", "keep": build.ticks(build.rng.choice((3, 20, 100_000))),
                                     "type": kind},
            "select": of_left(stream) if kind in ("semi", "anti") else of_sides(stream, table)}


def latest(build):
    """R31: what the table holds as a row comes; of two files merged by event time that is a function of the files."""
    stream, changes = sides(build)
    table = before(build, {"from": changes, "table": {"key": ["k"], "delete": "n = 0"}})
    kind = build.rng.choice(("inner", "left", "semi", "anti"))
    return {"from": stream, "join": {"with": table, "on": ["k"], "as_of": "latest", "type": kind},
            "select": of_left(stream) if kind in ("semi", "anti") else of_sides(stream, table)}


def behind(kind):
    """R19: windows behind a join, a dedupe or a lookup, whose W_out holds until they have told all."""
    return lambda build: windowed(build, build.rng.choice(("tumbling", "hopping", "cumulative")), before(build, kind(build)))


def new_time(build):
    """R41: a window over rows whose time is another one; half of the time over two sources."""
    inputs = [build.source("a")] + ([build.source("b")] if build.rng.random() < 0.4 else [])
    unit = build.sources["a"]["unit"]
    found = {"from": inputs, "select": {"t": build.rng.choice(("t + v", "t - n", "t")), "k": "k", "n": "n", "v": "v", "x": "x"},
                             "event_time": {"field": "t", "unit": unit, "out_of_orderness": build.ticks(build.rng.choice((0, 3, 20)))}}
    if build.rng.random() < 0.3:
        found["filter"] = build.rng.choice(FILTERS)
    return windowed(build, build.rng.choice(("tumbling", "hopping", "cumulative")), before(build, found))


def table(build):
    """R29: upserts by key, with deletes, unknown keys and NULL ones among them."""
    found = {"from": build.source(), "table": {"key": build.rng.choice((["k"], ["n"], ["k", "n"]))}}
    if build.rng.random() < 0.7:
        found["table"]["delete"] = build.rng.choice(("v > 2", "v % 2 = 0", "v is null", "n >= 2"))
    if build.rng.random() < 0.3:
        found["filter"] = build.rng.choice(FILTERS)
    if build.rng.random() < 0.3:
        found["select"] = build.rng.choice(TABLE_SELECTIONS)
    return found


def filter_of(build, inputs, selections=TABLE_SELECTIONS):
    found = {"from": inputs, "filter": build.rng.choice(FILTERS)}
    if build.rng.random() < 0.4:
        found["select"] = build.rng.choice(selections)
    return found


def some_table(build):
    """A table, sometimes behind a filter."""
    made = before(build, table(build))
    return made if build.rng.random() < 0.6 else before(build, filter_of(build, made))


def table_filter(build):
    return filter_of(build, some_table(build))


def table_groups(build):
    """R30 over tables: remove and add, in each output mode."""
    found = {"from": some_table(build), "select": aggregates(build)}
    groups = build.rng.choice(GROUPS)
    if groups:
        found["group_by"] = groups
    if build.rng.random() < 0.3:
        found["filter"] = build.rng.choice(FILTERS)
    emit = build.rng.choice((None, None, "update", "append", "every"))
    if emit:
        found["emit"] = {"update": {"every": build.ticks(build.rng.choice((1, 7, 50)))}} if emit == "every" else emit
    return found


def table_rekeyed(build):
    found = {"from": some_table(build), "table": {"key": build.rng.choice((["n"], ["k"], ["n", "k"]))}}
    if build.rng.random() < 0.3:
        found["table"]["delete"] = build.rng.choice(("v > 2", "v is null"))
    if build.rng.random() < 0.3:
        found["filter"] = build.rng.choice(FILTERS)
    return found


def table_chain(build):
    """Results over a table are a table again: filtered, grouped once more, given another key."""
    inner = before(build, {"from": some_table(build), "group_by": ["k", "n"], "select": {"v": "sum(v)", "x": "max(x)"}})
    if build.rng.random() < 0.5:
        inner = before(build, filter_of(build, inner, (["n", "k", "v", "x"],)))
    last = build.rng.choice(("groups", "table", "filter"))
    if last == "filter":
        return filter_of(build, inner, ({"v": "v", "k": "k", "m": "n"},))
    if last == "table":
        return {"from": inner, "table": {"key": build.rng.choice((["k"], ["n"]))}}
    return {"from": inner, "group_by": build.rng.choice((["n"], ["k"])), "select": aggregates(build)}


def of_update(build):
    """E17: the output of an update operator is a table: final rows end their key."""
    inner = windowed(build, build.rng.choice(("tumbling", "cumulative")), build.source())
    inner = before(build, {**inner, "emit": "update", "group_by": ["k"], "select": {"n": "count(*)", "v": "sum(v)", "x": "max(x)"}})
    last = build.rng.choice(("filter", "filter", "groups", "table"))
    if last == "filter":
        found = {"from": inner, "filter": build.rng.choice((*FILTERS, "final", "not final"))}
        return found if build.rng.random() < 0.7 else {**found, "select": ["window_end", "window_start", "k", "v"] if "tumbling" in
                                                       build.operators[inner]["window"] else ["v", "k", "window_start", "window_end"]}
    if last == "table":
        return {"from": inner, "table": {"key": ["window_start"]}}
    return {"from": inner, "group_by": build.rng.choice((["k"], {"starts": "window_start"})), "select": aggregates(build)}


KINDS = {**{kind: of_source(kind) for kind in WINDOWS},
         "update": update("tumbling", "hopping", "cumulative"), "session_update": update("session"),
         "sliding_update": update("sliding_by_record"), "complete": complete, "ranked": ranked, "stateless": stateless, "chained": chained,
         "session_chained": chained_behind("session"), "sliding_chained": chained_behind("sliding_by_record"),
         "table": table, "table_filter": table_filter, "table_groups": table_groups, "table_rekeyed": table_rekeyed,
         "table_chain": table_chain, "of_update": of_update,
         "after_filter": after_filter, "new_time": new_time, "union_of_sources": union_of_sources, "union_of_windows": union_of_windows,
         "join": join, "dedupe": dedupe, "lookup": lookup, "latest": latest, "join_chained": behind(join), "dedupe_chained": behind(dedupe),
         "lookup_chained": behind(lookup)}
