"""Random operators, one function per kind. A kind that the program refuses as of a later version is skipped, not failed,
so a kind may be listed here before the engine knows it, as soon as the oracle does."""
import expressions

AGGREGATES = ("count(*)", "count(v)", "sum(v)", "min(v)", "max(v)", "avg(v)", "sum(x)", "min(x)", "min(k)", "max(k)", "count(k)")
FILTERS = tuple(text for text in expressions.FILTERS if "final" not in text)    # that field only windows have
GROUPS = ([], ["k"], ["k"], ["n"], ["k", "n"], {"key": "coalesce(k, 'none')"}, {"p": "v is null", "k": "k"})
TABLE_SELECTIONS = (["n", "k", "v", "x"], {"v": "v", "k": "k", "n": "n", "x": "x", "w": "v + 1", "c": "coalesce(v, 0)"})
SELECTIONS = (["k", "v"], {"k": "k", "w": "v + 1", "d": "v - n"}, {"x": "x", "q": "coalesce(v, 0)"})


# Midnights that are skipped or come twice, a day that is missing, half and quarter hours.
ZONES = ("Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
         "America/St_Johns", "UTC")


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
        if "window" in self.operators[name]:
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
        mine = [name for name, one in self.operators.items() if one["from"] == "a"]
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
    if build.rng.random() < 0.4:
        found["allowed_lateness"] = build.ticks(build.rng.choice((1, 5, 30, 200)))
    return found


def of_source(kind):
    return lambda build: windowed(build, kind, build.source())


def update(*kinds):
    """R25, R28: records that change nothing in their row are among them. R7: sessions that merge."""
    def made(build):
        found = windowed(build, build.rng.choice(kinds), build.source())
        every = {"update": {"every": build.ticks(build.rng.choice((1, 3, 10, 50, 200)))}}
        return {**found, "emit": every if build.rng.random() < 0.4 else "update"}
    return made


def stateless(build):
    found = {"from": build.source()}
    if build.rng.random() < 0.7:
        found["filter"] = build.rng.choice(FILTERS)
    if build.rng.random() < 0.6 or "filter" not in found:
        found["select"] = build.rng.choice(SELECTIONS)
    return found


def upstream(build, kind):
    """A window operator in front of another one, with aggregates that the next can use by name."""
    name = f"u{len(build.operators)}"
    found = windowed(build, kind, build.source())
    found["select"] = {"c": "count(*)", "s": "sum(v)", "m": "max(x)"}
    found["group_by"] = ["k"]
    build.operators[name] = found
    return name


def chained(build):
    """R19: a window over the rows of a window, sometimes with a filter between."""
    last = upstream(build, build.rng.choice(("tumbling", "hopping", "cumulative")))
    if build.rng.random() < 0.3:
        name = f"u{len(build.operators)}"
        build.operators[name] = {"from": last, "filter": build.rng.choice(("k is not null", "k = 'a'"))}
        last = name
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
    name = f"u{len(build.operators)}"
    build.operators[name] = {"from": build.source(), "filter": build.rng.choice(FILTERS)}
    return windowed(build, build.rng.choice(("tumbling", "hopping", "cumulative")), name)


def new_time(build):
    """R41: a window over rows whose time is another one; half of the time over two sources."""
    name = f"u{len(build.operators)}"
    inputs = [build.source("a")] + ([build.source("b")] if build.rng.random() < 0.4 else [])
    unit = build.sources["a"]["unit"]
    build.operators[name] = {"from": inputs, "select": {"t": build.rng.choice(("t + v", "t - n", "t")), "k": "k", "n": "n", "v": "v", "x": "x"},
                             "event_time": {"field": "t", "unit": unit, "out_of_orderness": build.ticks(build.rng.choice((0, 3, 20)))}}
    if build.rng.random() < 0.3:
        build.operators[name]["filter"] = build.rng.choice(FILTERS)
    return windowed(build, build.rng.choice(("tumbling", "hopping", "cumulative")), name)


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


def in_front(build, operator):
    name = f"u{len(build.operators)}"
    build.operators[name] = operator
    return name


def filter_of(build, inputs, selections=TABLE_SELECTIONS):
    found = {"from": inputs, "filter": build.rng.choice(FILTERS)}
    if build.rng.random() < 0.4:
        found["select"] = build.rng.choice(selections)
    return found


def some_table(build):
    """A table, sometimes behind a filter."""
    made = in_front(build, table(build))
    return made if build.rng.random() < 0.6 else in_front(build, filter_of(build, made))


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
    inner = in_front(build, {"from": some_table(build), "group_by": ["k", "n"], "select": {"v": "sum(v)", "x": "max(x)"}})
    if build.rng.random() < 0.5:
        inner = in_front(build, filter_of(build, inner, (["n", "k", "v", "x"],)))
    last = build.rng.choice(("groups", "table", "filter"))
    if last == "filter":
        return filter_of(build, inner, ({"v": "v", "k": "k", "m": "n"},))
    if last == "table":
        return {"from": inner, "table": {"key": build.rng.choice((["k"], ["n"]))}}
    return {"from": inner, "group_by": build.rng.choice((["n"], ["k"])), "select": aggregates(build)}


def of_update(build):
    """E17: the output of an update operator is a table: final rows end their key."""
    inner = windowed(build, build.rng.choice(("tumbling", "cumulative")), build.source())
    inner = in_front(build, {**inner, "emit": "update", "group_by": ["k"], "select": {"n": "count(*)", "v": "sum(v)", "x": "max(x)"}})
    last = build.rng.choice(("filter", "filter", "groups", "table"))
    if last == "filter":
        found = {"from": inner, "filter": build.rng.choice((*FILTERS, "final", "not final"))}
        return found if build.rng.random() < 0.7 else {**found, "select": ["window_end", "window_start", "k", "v"] if "tumbling" in
                                                       build.operators[inner]["window"] else ["v", "k", "window_start", "window_end"]}
    if last == "table":
        return {"from": inner, "table": {"key": ["window_start"]}}
    return {"from": inner, "group_by": build.rng.choice((["k"], {"starts": "window_start"})), "select": aggregates(build)}


KINDS = {**{kind: of_source(kind) for kind in ("tumbling", "hopping", "cumulative", "session", "sliding_by_record", "calendar")},
         "update": update("tumbling", "hopping", "cumulative"), "session_update": update("session"),
         "sliding_update": update("sliding_by_record"), "stateless": stateless, "chained": chained,
         "session_chained": chained_behind("session"), "sliding_chained": chained_behind("sliding_by_record"),
         "table": table, "table_filter": table_filter, "table_groups": table_groups, "table_rekeyed": table_rekeyed,
         "table_chain": table_chain, "of_update": of_update, "after_filter": after_filter, "new_time": new_time,
         "union_of_sources": union_of_sources, "union_of_windows": union_of_windows}
