"""Verbs, exit codes and what is said where: everything a user or a script relies on."""
import json
import os
import pty
import re
import subprocess

from program import CHECKOUT, SystemTest, at, counting, environment, main, passing

VERBS = ("run", "check", "plugins", "inspect", "docs", "infer", "schema")
PLACED = re.compile(r"^(p\.json:\d+:\d+|--set [^:]*): (/[^:]*: )?\S")
QUICKSTART = CHECKOUT / "configs/quickstart/wikipedia_edits_per_minute.json"


class Verbs(SystemTest):
    def text(self, *arguments):
        done = self.verb(*arguments)
        self.assertEqual(done.stderr, "")
        return done.stdout.decode()

    def test_help(self):
        text = self.text("--help")
        for verb in VERBS:
            self.assertIn(f"\n  {verb} ", text)
            about = self.text(verb, "--help")
            self.assertIn("Usage: millrace", about)
            self.assertIn("millrace " + verb, about + text, "an example")
        for flag in ("--set", "--until-end", "--drain", "--for", "--fresh", "--forget", "--report", "--state", "--quiet"):
            self.assertIn(flag, self.text("run", "--help"))
        self.assertRegex(self.text("--version"), r"\d+\.\d+\.\d+")

    def test_plugins(self):
        listed = json.loads(self.text("plugins", "--json"))["plugins"]
        kinds = {(plugin["kind"], plugin["name"]) for plugin in listed}
        self.assertLessEqual({("source", "file"), ("source", "wikipedia"), ("sink", "file"), ("sink", "stdout")}, kinds)
        for plugin in listed:
            self.assertEqual(plugin["id"].rpartition(".")[2], plugin["name"], "the last label of the id")
            self.assertIn(plugin["id"], self.text("inspect", plugin["id"]))
            if plugin["name"] == "kafka":
                self.assertEqual(plugin["file"], "built in", "E47")
            else:
                self.assertTrue(os.path.isabs(plugin["file"]))
                self.assertIn(plugin["id"], self.text("inspect", plugin["file"]))
            self.assertTrue(json.loads(self.text("inspect", plugin["name"], "--json")))
        self.assertIn("wikipedia", self.text("plugins"))

    def test_docs_have_every_key(self):
        for plugin in json.loads(self.text("plugins", "--json"))["plugins"]:
            text = self.text("docs", plugin["name"])
            for part in json.loads(self.text("inspect", plugin["name"], "--json")):
                for key in part["config_schema"]["properties"]:
                    self.assertIn(f"`{key}`", text)
        about = self.text("docs", "config")
        for key in ("out_of_orderness", "allowed_lateness", "dead_letters", "on_mismatch", "tumbling", "max_future"):
            self.assertIn(key, about)

    def test_schema_is_a_json_schema_of_everything(self):
        schema = json.loads(self.text("schema"))
        self.assertIn("json-schema.org", schema["$schema"])
        self.assertLessEqual({"pipeline", "sources", "operators", "sinks", "commit", "lanes"}, set(schema["properties"]))
        self.assertIs(schema["additionalProperties"], False)
        text = json.dumps(schema)
        for word in ("silence_timeout", "max_record", "tumbling"):
            self.assertIn(word, text)
        self.assert_refers_to_itself(schema, schema)

    def assert_refers_to_itself(self, node, root):
        """Every $ref leads somewhere, every type is one of JSON Schema's, every pattern is closed."""
        if isinstance(node, list):
            for item in node:
                self.assert_refers_to_itself(item, root)
        elif isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                place = root
                for step in node["$ref"].lstrip("#/").split("/"):
                    place = place[step.replace("~1", "/").replace("~0", "~")]
            names = node.get("type", [])
            if isinstance(names, (str, list)) and not isinstance(node.get("properties", {}).get("type"), str):
                for name in [names] if isinstance(names, str) else names:
                    self.assertIn(name, ("object", "array", "string", "number", "integer", "boolean", "null"))
            for key, value in node.items():
                if key not in ("default", "examples", "enum", "const"):
                    self.assert_refers_to_itself(value, root)

    def test_infer_prints_a_block_that_can_be_pasted(self):
        self.write("in.jsonl", [at(0, n=1, x={"y": 1.5, "z": [1]}), at(1, n=None, b=True)])
        schema = json.loads("{" + self.text("infer", "in.jsonl").strip().removeprefix("{").removesuffix("}") + "}")["schema"]
        self.assertEqual((schema["t"], schema["k"], schema["n"], schema["x.y"], schema["b"]),
                         ("int8", "text", "int8", "float8", "bool"))
        self.write("p.json", counting({"schema": schema}))
        self.run_to_end()
        self.write("cells.csv", "a,b\n1,x\n2,\n")
        self.assertIn('"a": "int8"', self.text("infer", "cells.csv"))
        self.assert_says(self.verb("infer", "nowhere.jsonl", code=None), "nowhere.jsonl")
        self.assert_says(self.verb("infer", "cells.csv", "--format", "xml", code=2), "--format xml")

    def test_infer_says_when_there_is_nothing_to_infer_from(self):
        for content in (b"", b"no JSON\n[1]\n", b"{}\n"):
            self.write("in.txt", content)
            self.assert_says(self.verb("infer", "in.txt", code=1), "in.txt: no line of it is a JSON object", "--format csv")

    def test_a_reader_that_has_seen_enough_is_no_crash(self):
        """`millrace docs config | head -1`: more than a pipe holds."""
        for verb in (("docs", "config"), ("docs", "expressions"), ("schema",), ("plugins", "--json"), ("inspect", "file")):
            read, write = os.pipe()
            os.close(read)
            with subprocess.Popen(self.command(*verb), cwd=self.folder, env=environment(), stdin=subprocess.DEVNULL,
                                  stdout=write, stderr=subprocess.PIPE) as run:
                os.close(write)
                said = run.stderr.read()
            self.assertEqual((run.returncode, said), (1, b""), verb)

    def closed(self, streams, *arguments):
        """`millrace … >&-`: started without these descriptors, as some daemons' parents do."""
        words = " ".join(f"{stream}>&-" for stream in streams)
        return subprocess.run(["sh", "-c", f'exec "$@" {words}', "sh", *self.command(*arguments)], cwd=self.folder, env=environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)

    def test_without_standard_streams_nothing_is_written_into_the_state(self):
        """The state's files would else be descriptors 0 to 2, and rows and log lines go into them."""
        self.write("in.jsonl", [at(i) for i in range(5000)])
        self.write("p.json", counting(sinks={"out": {"from": "per_minute", "plugin": "file", "path": "out.jsonl"}}))
        self.assertEqual(self.closed((0, 1, 2), "run", "p.json", "--report", "report.json").returncode, 0)
        self.assertEqual(json.loads(self.read("report.json"))["outcome"], "ended")
        owner = self.read(".millrace/p/state/owner")
        self.assertLess(len(owner), 100, owner)
        self.assertNotIn(b"not deterministic", b"".join(file.read_bytes() for file in self.folder.rglob("*") if file.is_file()))
        self.assertIn("per_minute", self.text("state", "p.json"))

    def test_rows_for_a_standard_output_that_is_closed_are_not_lost_in_silence(self):
        self.write("in.jsonl", [at(i) for i in range(5000)])
        self.write("p.json", counting(sinks={"out": {"from": "in", "plugin": "stdout"}}))
        done = self.closed((1,), "run", "p.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"stdout", done.stderr)
        self.assertEqual(self.closed((1,), "plugins").returncode, 1)

    def test_a_full_disk_under_standard_output_is_told(self):
        for verb in (("docs", "config"), ("plugins",)):
            with open("/dev/full", "wb") as full:
                done = subprocess.run(self.command(*verb), cwd=self.folder, env=environment(), stdin=subprocess.DEVNULL,
                                      stdout=full, stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 1, verb)
            self.assertEqual(done.stderr, b"millrace: cannot write to standard output: No space left on device\n", verb)

    def test_check_has_no_side_effects(self):
        self.write("in.jsonl", [at(0)])
        self.write("p.json", counting())
        before = sorted(self.folder.rglob("*"))
        text = self.text("check", "p.json")
        ours = {self.folder / "stdout.bin", self.folder / "stderr.txt"}
        self.assertEqual(sorted(set(self.folder.rglob("*")) - ours), before)
        self.assertRegex(text, r"(?s)sources.* in .*operators.*per_minute.*sinks.*out.*exactly_once")

    def test_check_prints_what_is_not_deterministic(self):
        """R44."""
        self.write("in.jsonl", [at(0)])
        untimed = counting()
        del untimed["sources"]["in"]["event_time"]
        for config, word in ((counting(), "max_future"), (untimed, "arrival"),
                             (counting(operator={"filter": "processing_time() > event_time()"}), "processing_time()"),
                             (counting(operator={"select": {"n": "max(processing_time())"}}), "processing_time()"),
                             (counting(operator={"group_by": {"k": "processing_time()"}}), "processing_time()")):
            with self.subTest(config=config):
                self.write("p.json", config)
                done = self.verb("check", "p.json", code=None)
                self.assertIn("not deterministic", done.stdout.decode(), done)
                self.assertIn(word, done.stdout.decode().partition("not deterministic")[2])

    def test_the_quickstart_is_in_order(self):
        self.write("edits_sample.jsonl", [{"timestamp": 1760000400, "wiki": "enwiki", "bot": False, "type": "edit",
                                           "length": {"old": 1, "new": 2}}])
        self.text("check", str(QUICKSTART))


class ExitCodes(SystemTest):
    def setUp(self):
        super().setUp()
        self.write("in.jsonl", [at(0), at(61)])
        self.write("p.json", counting())

    def test_wrong_command_lines(self):
        for arguments in ((), ("rnu", "p.json"), ("run",), ("run", "p.json", "--fro", "1m"), ("run", "p.json", "more"),
                          ("run", "p.json", "--for"), ("run", "p.json", "--for", "soon"), ("run", "p.json", "--for", "-1s"),
                          ("run", "p.json", "--set"), ("run", "p.json", "--set", "lanes"), ("check",),
                          ("run", "p.json", "--set", "=1"), ("run", "nowhere.json"), ("run", "."), ("check", "nowhere.json"),
                          ("--plugins", "nowhere", "run", "p.json"), ("inspect", "nothing"), ("docs", "nothing")):
            with self.subTest(arguments):
                done = self.verb(*arguments, code=2)
                self.assertEqual(done.stdout, b"")
                self.assertTrue(done.stderr)
        self.assertFalse((self.folder / ".millrace").exists(), "nothing was begun")

    def test_near_names_of_verbs_and_flags(self):
        self.assert_says(self.verb("chek", "p.json", code=2), "check")
        self.assert_says(self.verb("run", "p.json", "--frsh", code=2), "--fresh")
        self.assert_says(self.verb("nosuch", code=2), 'there is no verb "nosuch"')

    def test_no_configuration_at_all(self):
        for content, words in ((b"", "empty"), (b"\xff\xfe\x00", "p.json:1:"), (b"[1]", "p.json:1:1"), (b"{", "p.json:1:"),
                               (b"[" * 300_000, "deep"), (b'{"pipeline":' * 300_000, "deep"), (b'{"a":1}{', "p.json:1:"),
                               (b'{"pipeline":"\x00"}', "p.json:1:"), (b"{}", '"pipeline"')):
            with self.subTest(content[:20]):
                self.write("p.json", content)
                self.assert_says(self.verb("check", "p.json", code=2), words)
                self.assert_says(self.run_to_end(code=2), words)

    def test_a_failed_run(self):
        self.run_to_end()
        os.truncate(self.folder / "out.jsonl", 1)
        self.run_to_end(code=1)

    def test_overrides(self):
        self.run_to_end("--set", "sinks.out.path=other.jsonl", "--set", "lanes=2", "--state", "elsewhere")
        self.assertEqual(len(self.lines("other.jsonl")), 2)
        self.assertTrue((self.folder / "elsewhere").is_dir())
        self.assertFalse((self.folder / ".millrace").exists())
        self.assert_says(self.run_to_end("--set", "lanse=2", code=2), "lanse", 'did you mean "lanes"?')

    def test_E2_until_end_of_a_source_without_one_names_for(self):
        fields = {"fields": {"n": {"sequence": {}}}}
        for source in ({"plugin": "generate", "records": 0, **fields}, {"plugin": "exec", "command": ["yes"], "on_exit": "restart"},
                       {"plugin": "websocket", "url": "ws://127.0.0.1:1/"}):
            self.write("p.json", {"pipeline": "p", "sources": {"in": source}, "sinks": {"out": {"from": "in", "plugin": "stdout"}}})
            done = self.run_to_end("--until-end", code=2)
            self.assert_says(done, "p.json:", "/sources/in", "this source has no end", "--for 10m")
        self.write("p.json", {"pipeline": "p", "sources": {"in": {"plugin": "generate", "records": 3, **fields}},
                              "sinks": {"out": {"from": "in", "plugin": "stdout"}}})
        self.assertEqual(self.run_to_end("--until-end").stdout.count(b"\n"), 3)

    def test_until_end_of_a_file_is_its_end(self):
        self.assertEqual(self.run_to_end("--until-end").report["outcome"], "ended")


class Faults(SystemTest):
    def setUp(self):
        super().setUp()
        self.write("in.jsonl", [at(0)])

    def faults(self, text):
        self.write("p.json", text)
        done = self.verb("check", "p.json", code=2)
        self.assertEqual(done.stdout, b"")
        again = self.run_to_end("--quiet", code=2)
        self.assertEqual(again.stderr, done.stderr, "run refuses the same")
        self.assertFalse((self.folder / ".millrace").exists())
        return done.stderr

    def test_place_pointer_message_and_hint(self):
        text = ('{ "pipeline": "p", // a comment\n  "sources": {"in": {"plugin": "file", "path": "in.jsonl"}},\n'
                '  /* another */ "operators": {"per_minute": {"from": "in", "windw": 1,}},\n'
                '  "sinks": {"out": {"from": "in", "plugin": "file", "path": "x"}} }')
        self.assertIn('p.json:3:60: /operators/per_minute/windw: unknown key; did you mean "window"?', self.faults(text))

    def test_all_at_once(self):
        text = self.faults('''{
  "pipeline": "p", "lanes": "two", "delivery": "exacty_once",
  "sources": {"in": {"plugin": "file", "path": "in.jsonl", "folow": true, "event_time": {"field": "t", "unit": "sec"}}},
  "operators": {
    "a": {"from": "inn"},
    "b": {"from": "in", "filter": "k = = 1"},
    "c": {"from": "in", "filter": "nope(k)"},
    "d": {"from": "in", "filter": "kk = 'x'"},
    "e": {"from": "in", "window": {"tumbling": "1 minute"}, "group_by": ["k"], "select": {"n": "count(*)"}},
    "f": {"from": "in", "select": {"window_start": "k"}},
    "g": {"from": "in", "select": {"user": "user"}}
  },
  "sinks": {"out": {"from": "b", "plugin": "file", "pth": "x"}}
}''')
        for words in (":2:", "/lanes", "/delivery", "/sources/in/folow", "/sources/in/event_time/unit", "/operators/a/from",
                      "/operators/e/window/tumbling", "/sinks/out/pth", 'did you mean "in"', 'did you mean "path"'):
            self.assertIn(words, text)
        for line in text.splitlines():
            self.assertTrue(line.startswith("    ") or PLACED.match(line), line)

    def test_all_expressions_at_once(self):
        operators = {"b": {"from": "in", "filter": "k = = 1"}, "c": {"from": "in", "filter": "nope(k)"},
                     "d": {"from": "in", "filter": "kk = 'x'"}, "e": {"from": "in", "select": {"u": "user"}}, "f": {"from": "in", "filter": "t"}}
        text = self.faults(json.dumps({**passing(), "operators": operators}))
        for name in operators:
            self.assertIn(f"/operators/{name}/", text)
        self.assertIn('did you mean "k"', text)
        self.assertIn("\n        ^", text, "a caret at the place")

    def test_a_source_that_cannot_begin_hides_nothing_behind_it(self):
        source = {"plugin": "darksky", "api_key": "x", "targets": {"file": "nowhere.csv"}}
        text = self.faults(json.dumps({**passing(), "sources": {"in": source}, "operators": {"b": {"from": "in", "filter": "nope(1)"}}}))
        self.assertIn("nowhere.csv", text)
        self.assertIn("/operators/b/filter", text)

    def test_unknown_plugins(self):
        text = self.faults(counting({"plugin": "fil"}, sinks={"out": {"from": "per_minute", "plugin": "stdot"}}))
        self.assertIn('did you mean "file"?', text)
        self.assertIn('did you mean "stdout"?', text)

    def test_exactly_once_that_nobody_can_give(self):
        """stdout is a view and exempt; the check passes."""
        self.write("p.json", counting(sinks={"out": {"from": "per_minute", "plugin": "stdout"}}, delivery="exactly_once"))
        self.assertIn("view", self.verb("check", "p.json").stdout.decode())

    def test_a_slip_in_the_name_of_the_event_time(self):
        """Else every record would leave by `.errors`, and the run would be fine."""
        self.write("in.jsonl", [at(0)])
        self.write("p.json", counting({"event_time": {"field": "tt", "unit": "s"}}))
        self.assert_says(self.verb("check", "p.json", code=2), '/sources/in/event_time/field: nothing is known of the field "tt"',
                         'did you mean "t"?')
        self.write("p.json", counting({"event_time": {"field": "when", "unit": "s"}}))
        self.assert_says(self.verb("check", "p.json", code=2), 'declare it: "schema": { "when":')
        self.write("p.json", counting({"event_time": {"field": "when", "unit": "s"}, "schema": {"k": "text", "when": "int8"}}))
        self.verb("check", "p.json")

    def test_an_operator_is_of_one_kind(self):
        """What would be ignored in silence is refused."""
        dedupe, table, join = {"dedupe": {"by": ["k"]}}, {"table": {"key": ["k"]}}, {"join": {"with": "in", "on": ["k"], "within": {"before": "1s"}}}
        window, group, having = {"window": {"tumbling": "1m"}}, {"group_by": ["k"]}, {"having": "k = 'a'"}
        for own, others in ((dedupe, (window, group, having, table)), (table, (window, group, having)),
                            (join, (window, group, having, dedupe, table))):
            for other in others:
                with self.subTest(own=own, other=other):
                    operators = {"a": {"from": "in"}, "b": {"from": "a", **own, **other}}
                    key, beside = next(iter(other)), next(iter(own))
                    self.assertIn(f'/operators/b/{key}: "{key}" cannot stand beside "{beside}"',
                                  self.faults({**passing(), "operators": operators}))

    def test_names_that_come_later_and_functions_of_other_places(self):
        text = self.faults({**passing(), "operators": {
            "a": {"from": "in", "filter": "n > 1", "group_by": ["k"], "select": {"n": "count(*)"}},
            "b": {"from": "in", "select": {"place": "row_number()"}}, "c": {"from": "in", "select": ["k", "k || k"]}}})
        self.assertIn('/operators/a/filter: "n" is made by "select", which comes behind the filter', text)
        self.assertIn('use "having"', text)
        self.assertIn("/operators/b/select/place: row_number() is not available here; it is for", text)
        self.assertIn('/operators/c/select/1: unknown field "k || k"; a list names fields; an expression needs a name', text)

    def test_a_result_named_like_a_group_would_be_lost(self):
        text = self.faults(counting(operator={"group_by": {"k": "k", "u": "upper(k)"},
                                              "select": {"k": "count(*)", "n": "count(*)", "u": "upper(k)"}}))
        self.assertIn('/operators/per_minute/select/k: "k" is a column of group_by', text)
        self.assertEqual(text.count("is a column of group_by"), 1, "a group that is selected is fine")


class Streams(SystemTest):
    def setUp(self):
        super().setUp()
        self.write("in.jsonl", [at(0), at(1), at(61)])
        view = {"from": "per_minute", "plugin": "stdout", "format": "ndjson"}
        self.write("p.json", counting(sinks={"view": view, "out": {"from": "per_minute", "plugin": "file", "path": "out.jsonl"}}))

    def test_stdout_belongs_to_the_sinks(self):
        done = self.run_to_end()
        self.assertEqual(done.stdout, self.read("out.jsonl"))
        self.assertEqual(self.run_to_end("--fresh", "--quiet").stdout, self.read("out.jsonl"))

    def test_quiet_says_nothing(self):
        self.assertEqual(self.run_to_end("--quiet").stderr, "")

    def test_no_progress_where_nobody_looks(self):
        done = self.run_to_end()
        self.assertNotIn("\r", done.stderr)
        self.assertNotIn("\x1b", done.stderr)
        self.assertNotRegex(done.stderr, r"records, \d+/s")
        self.assertIn("exactly_once", done.stderr, "the guarantee is said at the start")

    def said_on_a_terminal(self, rows_too):
        """What `run` says for 1.5 s where standard error, and the rows if asked for, go to a terminal."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        with subprocess.Popen(self.command("run", "p.json", "--for", "1500ms"), cwd=self.folder, env=environment(),
                              stdin=subprocess.DEVNULL, stdout=slave if rows_too else subprocess.DEVNULL, stderr=slave) as run:
            os.close(slave)
            said = b""
            while True:
                try:
                    said += os.read(master, 4096)
                except OSError:
                    break
        self.assertEqual(run.returncode, 0)
        return said

    def test_progress_on_a_terminal(self):
        self.write("p.json", counting({"follow": True}))
        self.assertRegex(self.said_on_a_terminal(rows_too=False), rb"\rp?.*3 records")

    def test_rows_and_progress_on_one_terminal(self):
        """A line that is redrawn would stand in front of the rows."""
        self.write("p.json", counting({"follow": True}, sinks={"out": {"from": "in", "plugin": "stdout", "format": "table"}}))
        said = self.said_on_a_terminal(rows_too=True)
        self.assertRegex(said, rb"in +3 records")
        self.assertNotIn(b"\x1b", said)
        self.assertNotRegex(said, rb"\r[^\r\n]")


if __name__ == "__main__":
    main()
