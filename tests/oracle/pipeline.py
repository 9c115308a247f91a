"""What a whole pipeline must write: every sink's bytes and the ledger. Understands the part of the configuration that
random pipelines use; inputs are lines of bytes per source. Operators stand behind what they read."""
from dataclasses import dataclass

import marks
import rows
import tables
from completed import completed
from deduped import Deduped
from joined import Joined
from lookups import Latest, Lookup
from lookups import Table as LookedUp
from ranked import is_ranked, ranked
from retimed import Retimed
from sessions import Sessions
from sliding import Sliding
from stateless import Stateless
from updated import updated
from windowed import Windowed


class Answer:
    """`runs` are the inputs of one run after the other; what comes later continues the same logs (R20)."""

    def __init__(self, config, *runs):
        self.sources = [source_of(name, one, [run[name] for run in runs]).read() for name, one in config["sources"].items()]
        steps = marks.merged(self.sources)
        self.streams = {source.name: marks.stream_of(source, steps) for source in self.sources}
        self.config, self.operators = config, {}
        for name, operator in config["operators"].items():
            decided = self.operators[name] = self.decider(operator, steps)
            inputs = [marks.union([self.streams[one] for one in names(operator["from"])])]
            if "join" in operator:
                inputs.append(self.streams[operator["join"]["with"]])
            self.streams[name] = decided.run(*inputs)
        self.outputs = {name: self.written(names(sink["from"])) for name, sink in config["sinks"].items()}

    def decider(self, operator, steps):
        if "event_time" in operator:
            return Retimed(operator, self.made_by(names(operator["from"])[0]), steps, self.sources_above(names(operator["from"])))
        if "join" in operator:
            join = operator["join"]
            if "within" in join:
                return Joined(operator)
            return (Latest if join["as_of"] == "latest" else Lookup)(operator, self.operators[join["with"]])
        if "dedupe" in operator:
            return Deduped(operator)
        if "table" in operator and self.is_looked_up(operator):
            return LookedUp(operator)
        return decider(operator, self.made_by(names(operator["from"])[0]))

    def is_looked_up(self, operator):
        """Versions of such a table go by event time, so what makes them is asked by the join alone."""
        name = next(name for name, one in self.config["operators"].items() if one is operator)
        return any(one.get("join", {}).get("with") == name for one in self.config["operators"].values())

    def sources_above(self, inputs):
        above = [names(self.config["operators"][one]["from"]) if one in self.config["operators"] else None for one in inputs]
        return {one for one, more in zip(inputs, above) if more is None}.union(
            *(self.sources_above(more) for more in above if more is not None))

    def made_by(self, name):
        """What rows of that name are: their fields, whether they pass as they came, their key if they are a table's."""
        if name in self.operators:
            return self.operators[name]
        return Made(list(self.config["sources"][name].get("schema", {})), True, None)

    def written(self, inputs):
        """R50: rows in the order of the step that released them, then order in `from`, then the operator's own."""
        if inputs[0].endswith(".late"):
            rows_out = self.operators[inputs[0].removesuffix(".late")].late
        else:
            rows_out = [row for step in marks.union([self.streams[one] for one in inputs]).rows for row in step]
        return b"".join(row.line + b"\n" for row in rows_out)

    def ledger(self):
        return {"sources": {source.name: source.ledger() for source in self.sources},
                "operators": {name: one.ledger for name, one in self.operators.items()},
                "sinks": {name: {"records": data.count(b"\n")} for name, data in self.outputs.items()}}


@dataclass
class Made:
    names: list
    raw: bool
    key_names: object


def names(given):
    return [given] if isinstance(given, str) else given


def source_of(name, config, lines):
    time_of = config["event_time"]
    return marks.Source(name, time_of["field"], time_of["unit"], rows.duration_us(time_of.get("out_of_orderness", "0s")), lines)


def decider(operator, upstream):
    table = tables.decider(operator, upstream)
    if table:
        return table
    return windowed(operator) if "window" in operator else Stateless(operator, upstream)


def windowed(operator):
    if "complete" in str(operator.get("emit")):
        return completed(operator["window"])(operator)
    if "update" in str(operator.get("emit")):
        return updated(operator["window"])(operator)
    special = [kind for name, kind in (("session", Sessions), ("sliding_by_record", Sliding)) if name in operator["window"]]
    kind = (special or [Windowed])[0]
    return (ranked(kind) if is_ranked(operator) else kind)(operator)
