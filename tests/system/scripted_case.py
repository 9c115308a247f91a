"""Runs whose source does what a script says (scripted/source.cc)."""
import json

from program import Settings, SystemTest, at, counting


def scripted(script, bounded=False, **event_time):
    """Source keys that do what `script` says, instead of a file's."""
    return {"plugin": "scripted", "path": script, "bounded": bounded,
            "event_time": {"field": "t", "unit": "s", **event_time}}


def record(partition, second, **more):
    return f"R {partition} " + json.dumps(at(second, **more))


class ScriptedTest(SystemTest):
    def setUp(self):
        super().setUp()
        if not Settings.test_plugins:
            self.skipTest("no --test-plugins")

    def script(self, *steps, name="script"):
        self.write(name, "\n".join(steps) + "\n")

    def config(self, source, **operator):
        self.write("p.json", counting(source, operator))

    def start(self, *arguments, **keywords):
        return super().start("--plugins", Settings.test_plugins, *arguments, **keywords)

    def rows(self):
        return [(row["window_start"][14:16], row["n"]) for row in self.lines("out.jsonl")] if self.size("out.jsonl") else []

    def run_script(self, *steps, code=0, **event_time):
        self.script(*steps)
        self.config(scripted("script", bounded=True, **event_time))
        return self.run_to_end("--fresh", code=code)
