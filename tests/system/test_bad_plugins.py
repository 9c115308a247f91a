"""Plugins that are wrong, throw, crash or never return. Their libraries come from the unit tests' build (bad_plugins)."""
import os
import pathlib
import shutil
import signal

from program import Settings, SystemTest, at, main

REFUSED = {
    "newer": "ABI 1.7", "next_major": "ABI 2", "no_entry": "millrace_module_v1", "old": "ABI 1", "wrong_size": "ABI 1",
    "unresolved": "nobody_has_this", "bad_id": "reverse domain", "crash_on_load": "crashed"}
SOURCE, OPERATOR, SINK = "source", "operator", "sink"


def pipeline(role, how):
    """Three records from source to sink, with the bad one in `role`; its name there is "odd"."""
    good = {"from": "in", "plugin": "file", "path": "out.jsonl"}
    source = {"plugin": "file", "path": "in.jsonl", "schema": {"k": "text"}, "event_time": {"field": "t", "unit": "s"}}
    config = {"pipeline": "p", "sources": {"in": source}, "operators": {}, "sinks": {"out": good}}
    if role == SOURCE:
        config["sources"] = {"odd": {"plugin": "bad_source", "how": how}}
        good["from"] = "odd"
    elif role == OPERATOR:
        config["operators"] = {"odd": {"from": "in", "plugin": "bad_processor", "config": {"how": how}}}
        good["from"] = "odd"
    else:
        config["sinks"]["odd"] = {"from": "in", "plugin": "bad_sink", "how": how}
    return config


class BadPlugins(SystemTest):
    def setUp(self):
        super().setUp()
        self.bad = pathlib.Path(Settings.bad_plugins or ".")
        if not (self.bad / "misbehave.mrp.so").exists():
            self.skipTest("the bad plugins are not built")
        self.write("in.jsonl", [at(0), at(1), at(2)])
        self.add("misbehave")

    def add(self, *names):
        """Only what a test asks for lies in the folder: looking at a library that hangs takes a while."""
        place = self.folder / "plugins"
        place.mkdir(exist_ok=True)
        place.chmod(0o755)
        for name in names:
            shutil.copy(self.bad / f"{name}.mrp.so", place)

    def environment(self, **more):
        return {"MILLRACE_PLUGIN_PATH": f"{Settings.plugins}:{self.folder / 'plugins'}", **more}

    def run_bad(self, role, how, code=1, **environment):
        self.write("p.json", pipeline(role, how))
        return self.run_to_end("--fresh", env=self.environment(**environment), code=code)

    def test_good_enough(self):
        """The same plugin behaves when it is not told to misbehave."""
        self.assertEqual(self.run_bad(SOURCE, "", code=0).report["sources"]["odd"]["records"], 10)

    def test_refused_libraries_say_why(self):
        self.add(*REFUSED)
        for name, reason in REFUSED.items():
            with self.subTest(name):
                done = self.verb("inspect", self.folder / f"plugins/{name}.mrp.so", code=3)
                self.assert_says(done, f"{name}.mrp.so", reason)

    def test_a_hanging_library_is_given_up(self):
        self.add("hang_on_load")
        done = self.verb("inspect", self.folder / "plugins/hang_on_load.mrp.so", code=3, env={"MILLRACE_CALL_TIMEOUT": "1"})
        self.assert_says(done, "hang_on_load.mrp.so")

    def test_refused_libraries_are_listed_with_the_reason(self):
        self.add(*REFUSED)
        done = self.verb("plugins", env=self.environment())
        text = done.stdout.decode() + done.stderr
        for name, reason in REFUSED.items():
            with self.subTest(name):
                self.assertIn(reason, next(line for line in text.splitlines() if f"{name}.mrp.so" in line))
        self.assertIn("bad_source", text, "the others are listed all the same")

    def test_refused_libraries_that_nobody_uses_stop_nothing(self):
        self.add(*REFUSED)
        self.run_bad(SOURCE, "", code=0)

    def test_a_pipeline_that_needs_a_refused_library(self):
        self.add("newer")
        config = pipeline(SOURCE, "")
        config["sinks"]["out"] = {"from": "odd", "plugin": "newer"}
        self.write("p.json", config)
        for verb in ("run", "check"):
            with self.subTest(verb):
                done = self.verb(verb, "p.json", env=self.environment(), code=None)
                self.assert_says(done, "newer.mrp.so", "ABI 1.7")
                self.assertEqual(done.code, 3, done)

    def test_a_library_that_others_may_write_is_refused(self):
        library = self.folder / "plugins/misbehave.mrp.so"
        library.chmod(0o777)
        done = self.verb("inspect", library, env=self.environment(), code=3)
        self.assert_says(done, "misbehave.mrp.so", "chmod go-w")

    def test_no_libraries_at_all(self):
        for content in (b"", b"\x7fELF", b"#!/bin/sh\n", b"\x7fELF" + b"\x02\x01\x01" + b"\0" * 5000):
            with self.subTest(content=content[:8]):
                path = self.folder / "plugins/odd.mrp.so"
                path.write_bytes(content)
                path.chmod(0o644)
                self.verb("inspect", path, code=3)
                self.assertIn("odd.mrp.so", self.verb("plugins", env=self.environment()).stdout.decode())

    def test_what_throws_fails_the_run_and_is_named(self):
        for role, name in ((SOURCE, "bad_source"), (OPERATOR, "bad_processor"), (SINK, "bad_sink")):
            for how, words in (("throws", "thrown by the plugin"), ("throws_int", ""), ("no_memory", "memory"),
                               ("fatal", "the disk is full")):
                with self.subTest(role=role, how=how):
                    done = self.run_bad(role, how)
                    self.assert_says(done, f"org.example.{name}", '"odd"', words)
                    self.assertEqual(done.report["outcome"], "failed")

    def test_what_throws_when_made_or_opened(self):
        self.assert_says(self.run_bad(SOURCE, "create_throws", code=None), "org.example.bad_source", "in the constructor")
        self.assert_says(self.run_bad(SOURCE, "open_throws"), "org.example.bad_source", "thrown by the plugin")

    def test_a_configuration_that_the_plugin_refuses(self):
        done = self.run_bad(SOURCE, "invalid", code=2)
        self.assert_says(done, "p.json:", "/sources/odd", "how: invalid is not a way")

    def test_a_crash_names_the_component(self):
        for role, name in ((SOURCE, "bad_source"), (OPERATOR, "bad_processor"), (SINK, "bad_sink")):
            for how, number in (("crash", signal.SIGSEGV), ("abort", signal.SIGABRT)):
                with self.subTest(role=role, how=how):
                    done = self.run_bad(role, how, code=-number)
                    self.assert_says(done, f"org.example.{name}", "odd", number.name)

    def test_a_crash_loses_nothing_that_was_committed(self):
        good = pipeline(OPERATOR, "crash")
        good["operators"] = {}
        good["sinks"] = {"out": {"from": "in", "plugin": "file", "path": "out.jsonl"}}
        self.write("p.json", good)
        self.run_to_end()
        self.append("in.jsonl", [at(3)])
        bad = pipeline(OPERATOR, "crash")
        bad["sinks"] = {**good["sinks"], "more": {"from": "odd", "plugin": "file", "path": "more.jsonl"}}
        self.write("bad.json", bad)
        self.run_to_end(env=self.environment(), config="bad.json", code=-signal.SIGSEGV)
        self.run_to_end()
        self.assertEqual(self.read("out.jsonl"), self.read("in.jsonl"))

    def test_what_never_returns_is_named(self):
        for role, name in ((SOURCE, "bad_source"), (OPERATOR, "bad_processor"), (SINK, "bad_sink")):
            with self.subTest(role):
                done = self.run_bad(role, "hang", MILLRACE_CALL_TIMEOUT="1")
                self.assert_says(done, f"org.example.{name}", '"odd"')

    def test_what_never_returns_leaves_a_report(self):
        done = self.run_bad(SOURCE, "hang", MILLRACE_CALL_TIMEOUT="1")
        self.assertTrue(os.path.exists(done.report_path), "written on failure too")
        self.assertEqual(done.report["outcome"], "failed")

    def test_garbage_is_refused_and_its_origin_named(self):
        for role, how, name in ((SOURCE, "garbage_spans", "bad_source"), (SOURCE, "too_many", "bad_source"),
                                (SOURCE, "odd_answer", "bad_source"), (SOURCE, "ignores_refusal", "bad_source"),
                                (OPERATOR, "decreasing", "bad_processor"), (OPERATOR, "beyond", "bad_processor"),
                                (OPERATOR, "reject_beyond", "bad_processor"), (SINK, "passes", "bad_sink")):
            with self.subTest(role=role, how=how):
                self.assert_says(self.run_bad(role, how), f"org.example.{name}", "contract")

    def test_a_failure_that_may_pass_is_tried_again_until_a_signal(self):
        self.write("p.json", pipeline(SOURCE, "retriable"))
        run = self.start(env=self.environment())
        self.wait_until("a second try", lambda: run.errors().count("come back later") > 1, run)
        run.signal()
        done = run.wait()
        self.assertEqual((done.code, done.report["outcome"]), (0, "stopped"), done)

    def test_broken_records_and_gaps_of_a_source_are_kept(self):
        done = self.run_bad(SOURCE, "events", code=0)
        self.assertEqual(done.report["sources"]["odd"]["errors"], 3, "its values are no objects")
        self.assertEqual([row["value"] for row in self.dead_letters("odd.errors")], ["x", "br\x01oken", "y"])
        self.assertEqual([row["reason"] for row in self.dead_letters("odd.gaps")], ["reset"])

    def test_on_gap_fail_stops_the_run(self):
        self.write("p.json", pipeline(SOURCE, "events"))
        done = self.run_to_end("--set", "sources.odd.on_gap=fail", env=self.environment(), code=1)
        self.assert_says(done, "odd: records are lost (reset)", "on_gap")
        self.assertEqual(done.report["outcome"], "failed")


if __name__ == "__main__":
    main()
