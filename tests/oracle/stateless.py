"""filter and select (contract §3): records pass one by one, nothing is late, W goes through unchanged."""
import expressions
import marks


class Stateless:
    def __init__(self, config, upstream):
        self.filter = expressions.value_of(config.get("filter", "true")) if "filter" in config else lambda row: True
        self.select = expressions.columns(config["select"]) if "select" in config else None
        self.names, self.raw, self.key_names = list(self.select or upstream.names), upstream.raw and self.select is None, None  
        self.late, self.ledger = [], {}

    def run(self, inputs):
        came = [row for step in inputs.rows for row in step]
        out = marks.Stream([[self.passed(row) for row in step if self.filter(row.values) is True] for step in inputs.rows],
                           list(inputs.marks))
        used = sum(map(len, out.rows))
        self.ledger = {"in": len(came), "rows": len(came), "used": used, "late": 0, "late_partial": 0,
                       "filtered": len(came) - used, "duplicates": 0, "errors": 0, "out": used}
        return out

    def passed(self, row):
        """As it came without `select`; else a row of what was selected, at the same time."""
        if self.select is None:
            return row
        return expressions.selected(self.select, row.values, row.at)
