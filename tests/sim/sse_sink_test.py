"""The sse sink under the whole program, killed and run again: what a reader that comes back gets."""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request


class Page(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        source = {"plugin": "generate", "records": 0, "rate": 100, "fields": {"n": {"sequence": {}}}}
        (self.folder / "c.json").write_text(json.dumps({"pipeline": "p", "sources": {"in": source}, "commit": {"every": "50ms"}, "sinks": {
            "out": {"from": "in", "plugin": "sse", "listen": f"127.0.0.1:{self.port}", "history": 100000}}}))

    def started(self):
        command = [os.environ["MILLRACE_PROGRAM"], "run", "c.json", "--plugins", os.environ["MILLRACE_PLUGIN_DIR"]]
        process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def stream(self, last=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/events", headers={"Last-Event-ID": last} if last else {})
        deadline = time.monotonic() + 60
        while True:
            try:
                return urllib.request.urlopen(request, timeout=60)
            except urllib.error.URLError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def events(self, count, last=None):
        """(id, n) of the first events; the page may have to come up first."""
        found, ident = [], ""
        with self.stream(last) as stream:
            while len(found) < count:
                line = stream.readline().decode()
                self.assertTrue(line, "the stream ended")
                if line.startswith("id: "):
                    ident = line[4:].strip()
                elif line.startswith("data: "):
                    found.append((ident, json.loads(line[6:])["n"]))
        return found

    def test_the_id_of_an_earlier_process_hides_no_rows_of_this_one(self):
        process = self.started()
        seen = self.events(20)
        again = self.events(5, seen[9][0])    # The same process: it goes on behind the tenth.
        self.assertEqual(again, seen[10:15])
        process.kill()
        process.wait()
        self.started()
        whole = self.events(20)    # As many as were there, so that their numbers are taken again.
        self.assertEqual(self.events(5, seen[9][0]), whole[:5])


if __name__ == "__main__":
    unittest.main(verbosity=2)
