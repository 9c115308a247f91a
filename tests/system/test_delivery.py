"""Delivery levels (R36, R54), seen through sinks that show what a crash did: killed at every named point of a commit."""
import collections
import itertools
import json
import signal

from program import Settings, SystemTest, at, main, passing

POINTS = ("commit.begin", "commit.barrier", "commit.prepared", "commit.logged", "commit.sink", "commit.done",
          "outbox.deliver", "outbox.batch", "outbox.delivered", "held.write")
RECORDS = 120


class Delivery(SystemTest):
    def lay_out(self, plugin, delivery=None, **keys):
        self.clear()
        config = passing()
        config["sinks"]["out"] = {"from": "in", "plugin": plugin, "path": "out.txt", **keys}
        if delivery:
            config["delivery"] = delivery
        self.write("p.json", config)
        self.write("in.jsonl", [{"t": 1760000400 + i, "k": f"k{i % 7}", "n": i} for i in range(RECORDS)])

    def live(self, **env):
        """One life with a commit every few records. True when it came to its end."""
        env = {"MILLRACE_COMMIT_RECORDS": "10", "MILLRACE_BATCH_RECORDS": "4", "MILLRACE_PLUGIN_PATH":
               f"{Settings.plugins}:{Settings.test_sinks}", **env}
        done = self.start("--quiet", env=env).wait()
        self.assertIn(done.code, (0, -signal.SIGKILL), done)
        return done.code == 0

    def crash_everywhere(self, plugin, delivery=None, **keys):
        """Yields after a run to its end that was killed at some point, with the number of kills."""
        for point, nth in itertools.product(POINTS, (1, 4)):
            self.lay_out(plugin, delivery, **keys)
            kills = 0
            while not self.live(MILLRACE_KILL_AT=f"{point}:{nth}" if kills < 3 else "-"):
                kills += 1
            yield point, kills

    def whole_lines(self):
        """Without those that a kill cut short."""
        return [line for line in self.read("out.txt").decode().splitlines() if line.endswith("}")]

    def numbers(self):
        """How often each record is there."""
        texts = [line.split("\t")[-1] for line in self.whole_lines()]
        return collections.Counter(json.loads(text)["n"] for text in texts)

    def tags(self):
        """The rows by tag; a tag must never change its row."""
        rows = {}
        for line in self.whole_lines():
            tag, row = line.split("\t")
            self.assertEqual(rows.setdefault(tag.rsplit(" ", 1)[0], row), row)
        return collections.Counter(json.loads(row)["n"] for row in rows.values())

    def assert_exact(self, counts, place):
        self.assertEqual([n for n in range(RECORDS) if counts[n] != 1], [], place)

    def test_R36_idempotent_sink_gets_every_row_under_one_tag(self):
        crashed = set()
        for point, kills in self.crash_everywhere("tagged"):
            self.assert_exact(self.tags(), point)
            crashed |= {point} if kills else set()
        self.assertEqual(crashed, set(POINTS) - {"held.write"})

    def test_R36_epoch_marked_sink_has_every_row_once(self):
        crashed = set()
        for point, kills in self.crash_everywhere("marked", "exactly_once"):
            self.assert_exact(self.numbers(), point)
            crashed |= {point} if kills else set()
        self.assertEqual(crashed, set(POINTS) - {"held.write", "outbox.batch"})

    def test_R36_file_sink_has_every_row_once(self):
        for point, _ in self.crash_everywhere("file", "exactly_once"):
            self.assert_exact(self.numbers(), point)

    def test_R36_at_least_once_may_repeat_and_loses_nothing(self):
        repeated = 0
        for point, _ in self.crash_everywhere("lossy"):
            counts = self.numbers()
            self.assertEqual([n for n in range(RECORDS) if counts[n] < 1], [], point)
            repeated += sum(counts.values()) - RECORDS
        self.assertGreater(repeated, 0, "the test cannot see a repeated row")

    def test_R36_at_most_once_may_lose_and_repeats_nothing(self):
        for plugin in ("lossy", "file"):
            lost = 0
            for point, _ in self.crash_everywhere(plugin, "at_most_once"):
                counts = self.numbers()
                self.assertEqual([n for n in counts if counts[n] > 1], [], (plugin, point))
                lost += RECORDS - len(counts)
            self.assertGreater(lost, 0, f"{plugin}: the test cannot see a lost row")

    def test_at_most_once_undisturbed_loses_nothing(self):
        for plugin in ("lossy", "file", "tagged"):
            self.lay_out(plugin, "at_most_once")
            self.assertTrue(self.live())
            self.assert_exact(self.numbers(), plugin)
            self.assertTrue(self.live())
            self.assert_exact(self.numbers(), plugin)

    def test_a_sink_that_is_away_gets_its_rows_later(self):
        for plugin in ("tagged", "marked"):
            self.lay_out(plugin, fail=3)
            self.assertTrue(self.live())
            self.assert_exact(self.tags() if plugin == "tagged" else self.numbers(), plugin)

    def test_keys_reach_the_sink(self):
        self.lay_out("tagged", key="k")
        self.assertTrue(self.live())
        lines = [line.split("\t") for line in self.read("out.txt").decode().splitlines()]
        self.assertTrue(all(tag.split(" ")[2] == json.loads(row)["k"] for tag, row in lines))

    def keys_of(self, *operators, sink_key=None, **source):
        """What a sink is given as the key of each row, if it asks for none of its own. `operators`: one behind the other."""
        config = passing(key="k", **source)
        names = ["in", *(f"o{i}" for i in range(len(operators)))]
        config["sinks"]["out"] = {"from": names[-1], "plugin": "tagged", "path": "out.txt", **({"key": sink_key} if sink_key else {})}
        config["operators"] = {name: {"from": above, **one} for name, above, one in zip(names[1:], names, operators)}
        self.clear()
        self.write("p.json", config)
        self.write("in.jsonl", [at(0, "a", n=1), at(1, None, n=1), at(2, "b", n=2)])
        self.assertTrue(self.live())
        return [line.split("\t")[0].split(" ")[2] for line in self.read("out.txt").decode().splitlines()]

    def test_E27_the_key_of_a_row_is_the_records_or_its_groups(self):
        schema = {"schema": {"k": "text", "n": "int8"}}
        self.assertEqual(self.keys_of(), ["a", "", "b"])
        self.assertEqual(self.keys_of({"filter": "n > 1"}, **schema), ["b"])
        self.assertEqual(self.keys_of({"select": {"m": "n"}}, **schema), ["a", "", "b"])
        window = {"window": {"tumbling": "1m"}, "select": {"c": "count(*)"}}
        self.assertEqual(self.keys_of({**window, "group_by": ["n"]}, **schema), ["1", "2"])
        self.assertEqual(self.keys_of({**window, "group_by": ["k", "n"]}, **schema), ['["a",1]', '["b",2]', "[null,1]"])
        self.assertEqual(self.keys_of(window, **schema), [""])
        self.assertEqual(self.keys_of({"group_by": ["k"], "select": {"c": "count(*)"}}, **schema), ["a", "", "b"])
        self.assertEqual(self.keys_of({"table": {"key": ["n"]}}, **schema), ["1", "1", "2"])

    def test_E27_record_key_is_what_a_sink_gets_by_itself(self):
        schema = {"schema": {"k": "text", "n": "int8"}}
        window = {"window": {"tumbling": "1m"}, "select": {"c": "count(*)"}}
        for operators in ((), ({"select": {"m": "n"}},), ({**window, "group_by": ["n"]},), ({**window, "group_by": ["k"]}, {"select": {"c": "c"}}),
                          ({**window, "group_by": ["k", "n"]},), ({"group_by": ["k"], "select": {"c": "count(*)"}},)):
            by_itself = self.keys_of(*operators, **schema)
            self.assertEqual(self.keys_of(*operators, sink_key="record_key()", **schema), by_itself, operators)
            self.assertEqual(self.keys_of(*operators, sink_key="'<' || coalesce(record_key(), '') || '>'", **schema),
                             [f"<{key}>" for key in by_itself], operators)

    def test_E27_a_select_behind_group_by_keeps_the_key(self):
        schema = {"schema": {"k": "text", "n": "int8"}}
        window = {"window": {"tumbling": "1m"}, "select": {"c": "count(*)"}}
        by_two = {**window, "group_by": ["k", "n"]}
        keys = ['["a",1]', '["b",2]', "[null,1]"]
        self.assertEqual(self.keys_of({**window, "group_by": ["n"]}, {"select": {"m": "c"}}, **schema), ["1", "2"])
        self.assertEqual(self.keys_of(by_two, {"select": {"m": "c"}}, {"select": {"o": "m + 1"}, "filter": "m > 0"}, **schema), keys)
        self.assertEqual(self.keys_of(by_two, {"dedupe": {"by": ["k"]}, "select": {"m": "c"}}, **schema), keys)
        last = {"dedupe": {"by": ["m"], "which": "last"}}
        self.assertEqual(self.keys_of(by_two, {"dedupe": {"by": ["k"], "which": "last"}, "select": {"m": "c"}}, **schema), keys)
        self.assertEqual(self.keys_of(by_two, {"select": {"m": "c"}}, last, **schema), [""], "kept rows have what they show only")
        both = [{"from": "o0", "select": {"m": "c"}}, {"from": "o0", "select": {"m": "c + 1"}}, {"from": ["o1", "o2"]}]
        self.assertEqual(sorted(self.keys_of(by_two, *both, **schema)), sorted(2 * keys), "inputs that have it, together")

    def test_R54_a_sink_that_cannot_is_refused_with_those_that_can(self):
        self.lay_out("lossy", "exactly_once")
        done = self.verb("check", "p.json", env={"MILLRACE_PLUGIN_PATH": f"{Settings.plugins}:{Settings.test_sinks}"}, code=2)
        self.assert_says(done, "cannot be exactly_once", "file", "tagged", "marked")

    def test_a_refused_row_stops_the_run_and_waits(self):
        self.lay_out("tagged", refuse='"n": 57')
        env = {"MILLRACE_PLUGIN_PATH": f"{Settings.plugins}:{Settings.test_sinks}"}
        done = self.run_to_end("--quiet", env=env, code=1)
        self.assert_says(done, "out", "refused a row")
        config = json.loads(self.read("p.json"))
        del config["sinks"]["out"]["refuse"]
        self.write("p.json", config)
        self.assertTrue(self.live())
        self.assert_exact(self.tags(), "after the refusal")

    def test_the_outbox_is_bounded(self):
        """A slow sink holds the pipeline back instead of filling the memory; all rows come."""
        self.lay_out("tagged", slow_ms=5)
        config = json.loads(self.read("p.json"))
        config["limits"] = {"outbox": "1KiB"}
        self.write("p.json", config)
        self.assertTrue(self.live())
        self.assert_exact(self.tags(), "bounded")


if __name__ == "__main__":
    main()
