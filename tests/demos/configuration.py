"""The configurations of configs/, as Python's json reads them: comments there are lines of their own."""
import json
import pathlib
import re

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / "configs"


def load(path):
    return json.loads(re.sub(r"^\s*//.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE))


def sinks_of(path, plugin):
    return [name for name, sink in load(path)["sinks"].items() if sink["plugin"] == plugin]
