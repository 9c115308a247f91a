"""Makes a failing case small: fewer operators, then fewer records, then fewer keys, as long as it still fails."""
import copy

RUNS_MAX = 150
DROPPED_KEYS = ("filter", "allowed_lateness", "group_by")


class Shrinker:
    def __init__(self, fails):
        self.fails, self.runs = fails, 0

    def still(self, case):
        self.runs += 1
        return self.runs <= RUNS_MAX and self.fails(case)

    def smallest(self, case, operator):
        alone = case.only([operator]) if operator else case
        case = alone if operator and self.still(alone) else self.fewer_operators(case)
        case = self.fewer_keys(self.fewer_records(case))
        return self.fewer_records(case)

    def fewer_operators(self, case):
        for name in list(case.kinds):
            smaller = case.only([one for one in case.kinds if one != name])
            if smaller.kinds and self.still(smaller):
                case = smaller
        return case

    def fewer_records(self, case):
        """Cuts out runs of records, from halves down to single ones."""
        for source in case.inputs:
            width = max(1, len(case.inputs[source]) // 2)
            while width:
                case = self.without_runs(case, source, width)
                width //= 2
        return case

    def without_runs(self, case, source, width):
        start = 0
        while start < len(case.inputs[source]):
            lines = case.inputs[source]
            smaller = case.with_inputs({**case.inputs, source: lines[:start] + lines[start + width:]})
            if self.still(smaller):
                case = smaller
            else:
                start += width
        return case

    def fewer_keys(self, case):
        for name in list(case.config["operators"]):
            for key in DROPPED_KEYS:
                if key in case.config["operators"][name]:
                    case = self.without_key(case, name, key)
        return case

    def without_key(self, case, name, key):
        smaller = copy.deepcopy(case)
        del smaller.config["operators"][name][key]
        try:
            return smaller if self.still(smaller) else case
        except (ValueError, KeyError, TypeError):    # what read that key's column is left without it
            return case
