"""Secrets (`${env:…}`, `${file:…}`, values whose schema says x-secret) appear in nothing that the program prints or writes."""
import json
import os
import shutil

from program import Settings, SystemTest, at, counting, main

ENV, FILE, PLAIN, PROXY = "env-s3cret-Zq7", "file-s3cret-Xw9", "plain-s3cret-Kp4", "proxy-s3cret-Jm2"
ODD = 'o"dd\\s3cret-\u00fc\n-Vb5'
SECRETS = (ENV, FILE, PLAIN, PROXY)
ENVIRONMENT = {"MY_SECRET": ENV}


class Secrets(SystemTest):
    def setUp(self):
        super().setUp()
        self.write("in.jsonl", [at(0), at(1, "7"), b"broken", at(61)])
        self.secret_file = self.write("secret.txt", FILE)
        self.outputs = []

    def call(self, *arguments, config="p.json", env=None, code=0):
        """Runs a verb verbosely, and keeps what it said to be searched."""
        done = self.verb("--verbose", arguments[0], *([config] if config else []), *arguments[1:],
                         env=env or ENVIRONMENT, code=code)
        self.outputs.append((" ".join(map(str, arguments)), done.stdout.decode(errors="replace") + done.stderr))
        return done

    def assert_hidden(self, secrets=SECRETS, but=()):
        """Neither in what was said, nor in a report, a dead letter or the name of a file. `but`: files that must have it."""
        for what, text in self.outputs:
            for secret in secrets:
                self.assertNotIn(secret, text, what)
        mine = {"p.json", "in.jsonl", "secret.txt", "stdout.bin", "stderr.txt", *but}
        for place, folders, files in os.walk(self.folder):
            for name in (*folders, *files):
                for secret in secrets:
                    self.assertNotIn(secret, name)
            for name in set(files) - mine:
                if name.endswith((".json", ".jsonl", ".txt")) or name == "owner":
                    with open(os.path.join(place, name), "rb") as content:
                        text = content.read().decode(errors="replace")
                    for secret in secrets:
                        self.assertNotIn(secret, text, os.path.join(place, name))

    def wikipedia(self, **source):
        """A source with x-secret values, at an address where nobody listens."""
        config = counting()
        config["sources"] = {"in": {
            "plugin": "wikipedia", "url": "http://127.0.0.1:9", "contact": "someone@example.org",
            "headers": {"Authorization": "Bearer ${env:MY_SECRET}", "X-Team": PLAIN, "X-File": f"${{file:{self.secret_file}}}"},
            "proxy": f"http://user:{PROXY}@127.0.0.1:9", **source}}
        config["operators"] = {"some": {"from": "in", "filter": "wiki = '${env:MY_SECRET}'"}}
        config["sinks"] = {"out": {"from": "some", "plugin": "file", "path": "out.jsonl"}}
        return config

    def test_in_check(self):
        self.write("p.json", self.wikipedia())
        self.call("check")
        self.call("check", "--explain")
        self.assertIn("***", self.outputs[-1][1])
        self.assert_hidden()

    def test_in_logs_and_reports(self):
        self.write("p.json", self.wikipedia())
        self.call("run", "--for", "1500ms", "--report", "report.json")
        self.assertIn("127.0.0.1", self.outputs[-1][1], "it tells what it tries")
        self.assert_hidden()

    def test_in_faults(self):
        for fault in ({"tls": {"verfy": True}}, {"url": "no address ${env:MY_SECRET}"}, {"start": "${env:MY_SECRET}"},
                      {"wikis": "${env:MY_SECRET}"}, {"${env:MY_SECRET}": 1}, {"proxy": 7}, {"proxy": PROXY},
                      {"headers": {"a b": PLAIN}}, {"headers": {"X": "line\r\n" + PLAIN}}, {"headers": [PLAIN]},
                      {"event_time": {"field": "${env:MY_SECRET}", "unit": f"${{file:{self.secret_file}}}"}}):
            with self.subTest(fault=fault):
                self.outputs = []
                self.write("p.json", self.wikipedia(**fault))
                self.call("check", code=None)
                self.call("run", "--for", "100ms", code=None)
                self.assert_hidden()

    def test_in_overrides(self):
        self.write("p.json", self.wikipedia())
        self.call("check", "--set", "sources.in.headers.X-Other=${env:MY_SECRET}", "--explain")
        self.call("check", "--set", "sources.in.tls.verfy=${env:MY_SECRET}", code=2)
        self.call("check", "--set", "operators.some.filter=wiki = = '${env:MY_SECRET}'", code=2)
        self.assert_hidden()

    def test_in_expressions(self):
        """Errors of expressions show the place, names show what an operator keeps: both without the secret."""
        for operator in ({"filter": "k = = '${env:MY_SECRET}'"}, {"filter": "nothing = '${env:MY_SECRET}'"},
                         {"filter": "'${env:MY_SECRET}'::int8 > k"}, {"group_by": {"k": "k || '${env:MY_SECRET}'"}},
                         {"select": {"n": "max(k || '${env:MY_SECRET}')"}}):
            with self.subTest(operator=operator):
                self.outputs = []
                self.write("p.json", counting(operator=operator))
                self.call("check", "--explain", code=None)
                self.call("run", "--fresh", "--report", "report.json", code=None)
                self.assert_hidden(but=["out.jsonl"])

    def test_in_dead_letters(self):
        self.write("p.json", counting(operator={"filter": "(k || '${env:MY_SECRET}')::int8 > 0"}))
        done = self.call("run", "--report", "report.json", code=None)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(len(self.dead_letters("per_minute.errors")), 3)
        self.assert_hidden()

    def test_in_paths(self):
        """A place that comes from a secret cannot be opened: the sentence does without the value."""
        for config in (counting({"path": "${env:MY_SECRET}.jsonl"}),
                       counting(sinks={"out": {"from": "per_minute", "plugin": "file", "path": "in.jsonl/${env:MY_SECRET}"}}),
                       counting(commit={"dir": "in.jsonl/${env:MY_SECRET}"}),
                       counting(dead_letters=f"in.jsonl/${{file:{self.secret_file}}}")):
            self.write("p.json", config)
            done = self.call("run", "--report", "report.json", code=None)
            self.assertIn(done.code, (1, 2), done)
        self.assert_hidden()

    def test_of_the_run_before(self):
        """The refusal of a changed key shows neither the new secret nor the one that was there before."""
        old = "old-s3cret-Ty6"
        for name in (old, ENV):
            self.write(f"{name}.data", [at(0), at(61)])
        self.write("p.json", counting({"path": "${env:MY_SECRET}.data"}, {"group_by": {"k": "k || '${env:MY_SECRET}'"}}))
        self.call("run", env={"MY_SECRET": old})
        self.call("run", code=2)
        for name in (old, ENV):
            os.unlink(self.folder / f"{name}.data")
        self.assert_hidden((old, ENV), but=["out.jsonl"])

    def test_with_characters_that_are_escaped(self):
        """The escaped spelling of a secret tells it as well as the plain one."""
        self.write("p.json", self.wikipedia(headers={"X": "${env:MY_SECRET}"}) | {"contact": "${env:MY_SECRET}"})
        env = {"MY_SECRET": ODD}
        self.call("check", "--explain", env=env, code=None)
        self.call("run", "--for", "500ms", "--report", "report.json", env=env, code=None)
        self.write("p.json", counting(operator={"filter": "k = = '${env:MY_SECRET}'"}))
        self.call("check", "--explain", env=env, code=2)
        for text in (ODD, json.dumps(ODD)[1:-1], json.dumps(ODD, ensure_ascii=False)[1:-1], *ODD.split("\n")[1:]):
            self.assert_hidden([text])

    def test_a_missing_one_is_named_and_no_other_shown(self):
        self.write("p.json", self.wikipedia(user_agent="${env:NOWHERE}", contact="${file:/nowhere/secret}"))
        done = self.call("check", code=2)
        self.assert_says(done, "NOWHERE", "/nowhere/secret", "/sources/in/user_agent")
        self.assert_hidden()

    def test_defaults_are_used(self):
        self.write("p.json", counting(sinks={"out": {"from": "per_minute", "plugin": "file", "path": "${env:NOWHERE:-out.jsonl}"}}))
        self.call("run")
        self.assertEqual(len(self.lines("out.jsonl")), 3)

    def test_in_a_crash(self):
        if not os.path.exists(os.path.join(Settings.bad_plugins, "misbehave.mrp.so")):
            self.skipTest("the bad plugins are not built")
        shutil.copy(os.path.join(Settings.bad_plugins, "misbehave.mrp.so"), self.folder)
        for how in ("crash", "throws", "abort", "config", "fatal"):
            config = counting({"plugin": "bad_source", "how": how})
            for key in ("path", "schema", "event_time"):
                del config["sources"]["in"][key]
            config["operators"] = {"some": {"from": "in", "filter": "record_key() = '${env:MY_SECRET}'"}}
            config["sinks"] = {"out": {"from": "some", "plugin": "file", "path": "${env:MY_SECRET}/../out.jsonl"}}
            (self.folder / ENV).mkdir(exist_ok=True)
            self.write("p.json", config)
            done = self.call("run", "--report", "report.json", code=None, env={
                **ENVIRONMENT, "MILLRACE_PLUGIN_PATH": f"{Settings.plugins}:{self.folder}"})
            self.assert_says(done, "org.example.bad_source")
            (self.folder / ENV).rmdir()
        self.assert_hidden()


if __name__ == "__main__":
    main()
