"""Every network source takes the keys that all of them share, described once in plugins/common; the program says so of each.

The network sources are those whose schema includes the shared keys of common/http.
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INCLUDE = re.compile(r'"x-include": *"([^"]+)"')
SHARED = {"headers": {"X-Team": "a"}, "user_agent": "me/1", "connect_timeout": "5s", "tls_timeout": "5s", "header_timeout": "20s",
          "retry": {"max": "5m"}, "max": {"message": "4MiB"}, "auth_grace": {"attempts": 5}, "proxy": "", "tls": {"min": "1.3"}}
PUSHED = {"buffer": "1MiB", "overflow": "block", "stall_limit": "10s"}
# These have defaults of their own in each plugin, so each describes them.
OWN = {"url": None, "read_timeout": "20s", "silence_timeout": "10m", "max_age": "2h"}
OF_THE_HOST = {"key": "id", "on_gap": "fail", "dedupe_key": "id", "dedupe_horizon": "1h", "dedupe_max": 1000,
               "event_time": {"field": "t", "unit": "s"}, "journal": {"path": "journal"}}


def text_of(folder):
    return (folder / "schema.json").read_text()


def sources():
    found = [folder for folder in sorted((ROOT / "plugins").glob("source_*")) if "common/http/keys.json" in text_of(folder)]
    assert len(found) >= 7, found
    return found


def members(path):
    return set(json.loads(path.read_text()))


class NetworkKeys(unittest.TestCase):
    def test_shared_keys_are_described_once(self):
        for folder in sources():
            own = set(json.loads(text_of(folder))["properties"])
            included = set().union(*(members((folder / name).resolve()) for name in INCLUDE.findall(text_of(folder))))
            with self.subTest(source=folder.name):
                self.assertEqual(set(SHARED | PUSHED) - included, set())
                self.assertEqual(own & set(SHARED | PUSHED), set())
                self.assertEqual(set(OWN) - own - included, set())

    def test_every_source_takes_them_all(self):
        for folder in sources():
            name = folder.name.removeprefix("source_")
            base = json.loads((folder / "testdata" / "conformance.json").read_text())
            keys = SHARED | PUSHED | {key: value for key, value in OWN.items() if value} | OF_THE_HOST
            config = {"pipeline": "p", "contact": "me@example.org", "sources": {"s": {
                "plugin": name, "schema": {"id": "text", "t": "int8"}, **base, **{key: value for key, value in keys.items() if key not in base}}},
                "sinks": {"out": {"from": "s", "plugin": "file", "path": "out.jsonl"}}}
            with self.subTest(source=name), tempfile.TemporaryDirectory() as work:
                path = pathlib.Path(work) / "c.json"
                path.write_text(json.dumps(config))
                done = subprocess.run([os.environ["MILLRACE_PROGRAM"], "check", str(path)], capture_output=True, text=True, cwd=work, timeout=120)
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
