"""Random pipelines: a case is a configuration that `millrace run` takes as it is, its inputs, and the kind of each operator.

Each operator with its sinks counts as one stream; a case packs several over the same sources into one process.
"""
import random
from dataclasses import dataclass, field

import inputs as records
import operators

SCHEMA = {"t": "int8", "k": "text", "n": "int8", "v": "int8", "x": "float8"}

PARTS_MAX = 8
OPERATORS = (8, 16)    # per case: many share what the start of a process costs
ORDER_FREE = {"tumbling", "hopping", "cumulative", "session", "sliding_by_record", "chained", "session_chained", "sliding_chained",
              "after_filter", "union_of_sources", "union_of_windows"}


@dataclass
class Case:
    seed: str
    config: dict
    inputs: dict                                  # source -> list of lines
    kinds: dict = field(default_factory=dict)     # operator -> kind; helpers in front of one have none

    def reads(self, name):
        """The operators and sources that `name` reads, directly or through others, and itself."""
        operator = self.config["operators"].get(name)
        if operator is None:
            return {name}
        given = operator["from"]
        inputs = [*operators.names(given), *([operator["join"]["with"]] if "join" in operator else [])]
        return {name}.union(*map(self.reads, inputs))

    def only(self, wanted):
        """The same case with these operators and what they read."""
        keep = set().union(*(self.reads(name) for name in wanted)) if wanted else set()
        config = {**self.config, "sources": {n: s for n, s in self.config["sources"].items() if n in keep},
                  "operators": {n: o for n, o in self.config["operators"].items() if n in keep},
                  "sinks": {n: s for n, s in self.config["sinks"].items() if operators_of(s) <= keep}}
        inputs = {name: lines for name, lines in self.inputs.items() if name in keep}
        return Case(self.seed, config, inputs, {n: k for n, k in self.kinds.items() if n in wanted})

    def halves(self):
        """The inputs of two runs, the second on what was appended after the first."""
        cuts = {name: len(lines) // 2 for name, lines in self.inputs.items()}
        return [{name: lines[:cuts[name]] for name, lines in self.inputs.items()},
                {name: lines[cuts[name]:] for name, lines in self.inputs.items()}]

    def records(self):
        return sum(map(len, self.inputs.values()))

    def fit_for(self, mode):
        """What of it says the same when played in this way."""
        return self.order_free() if mode == "parallel" else self

    def order_free(self):
        """R43: windows in append mode over records of which none is late, each with a sink of its own."""
        keep = [name for name, kind in self.kinds.items() if kind in ORDER_FREE and "window" in self.config["operators"][name]]
        kept = self.only(keep)
        kept.config["sinks"] = {name: sink for name, sink in kept.config["sinks"].items() if isinstance(sink["from"], str)}
        b = {name: int(source["event_time"]["out_of_orderness"].rstrip("smu")) for name, source in kept.config["sources"].items()}
        return kept.with_inputs({name: records.on_time(lines, b[name]) for name, lines in kept.inputs.items()})

    def parts(self):
        """The records of each source dealt out to files that are to be merged."""
        rng = random.Random(f"{self.seed}:parts")
        return {name: records.dealt(rng, lines, PARTS_MAX) for name, lines in self.inputs.items()}

    def in_merged_order(self):
        """What the parts are together."""
        return {name: records.merged(parts) for name, parts in self.parts().items()}

    def with_inputs(self, inputs):
        return Case(self.seed, self.config, inputs, self.kinds)

    def with_config(self, config):
        return Case(self.seed, config, self.inputs, self.kinds)


def operators_of(sink):
    given = operators.names(sink["from"])
    return {name.removesuffix(".late") for name in given}


def case(seed, kinds):
    """A case of some operators of the given kinds. Mostly both sources move through the same time."""
    rng = random.Random(seed)
    first = records.source(rng)
    made = operators.Builder(rng, {"a": first, "b": records.source(rng, first if rng.random() < 0.8 else None)})
    for _ in range(rng.randint(*OPERATORS)):
        made.add(rng.choice(kinds))
    if rng.random() < 0.3:
        made.sink_of_several()
    inputs = {name: one["lines"] for name, one in made.sources.items() if name in made.used}
    config = {"pipeline": "streams", "sources": {name: source_config(name, made.sources[name]) for name in sorted(made.used)},
              "operators": made.operators, "sinks": made.sinks}
    return Case(seed, config, inputs, made.kinds)


def source_config(name, one):
    return {"plugin": "file", "path": f"{name}.jsonl", "schema": SCHEMA,
            "event_time": {"field": "t", "unit": one["unit"], "out_of_orderness": f"{one['b']}{one['unit']}"}}
