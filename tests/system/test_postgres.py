"""The postgres sink against a real PostgreSQL: types, upserts, and a server that goes away (R56). Crashes of the program:
test_fault_points.py."""
import time

from program import SystemTest, at, counting, main, paced, passing
from servers import Postgres, started

RECORDS = 60


class ToPostgres(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.server = started(cls, Postgres())

    def setUp(self):
        super().setUp()
        self.server.query("drop table if exists t, millrace_commits")

    def pass_rows(self, **source):
        config = passing(schema={"k": "text", "n": "int8", "t": "int8"}, **source)
        config["sinks"]["out"] = {"from": "in", "plugin": "postgres", "url": self.server.url, "table": "t"}
        self.write("p.json", config)
        self.write("in.jsonl", [at(i, f"k{i % 7}", n=i) for i in range(RECORDS)])
        return config

    def run_with_commits(self, records=10, batch=4):
        self.run_to_end("--quiet", env={"MILLRACE_COMMIT_RECORDS": str(records), "MILLRACE_BATCH_RECORDS": str(batch)})

    def assert_exact(self):
        rows = self.server.query("select n, count(*) from t group by n order by n")
        self.assertEqual(rows, [[str(n), "1"] for n in range(RECORDS)])

    def test_R56_the_server_is_killed_and_comes_back(self):
        self.pass_rows(**paced(20))
        run = self.start("--quiet", env={"MILLRACE_BATCH_RECORDS": "4"})
        for _ in range(2):
            before = len(self.server.query("select 1 from t", check=False) or [])
            self.wait_until("rows", lambda: len(self.server.query("select 1 from t", check=False) or []) > before, run)
            self.server.kill()
            time.sleep(0.3)
            self.server.start()
        self.assertEqual(run.wait().code, 0)
        self.assert_exact()

    def test_types(self):
        config = passing(schema={"b": "bool", "i": "int4", "l": "int8", "f": "float8", "x": "text", "w": "timestamptz", "j": "jsonb"})
        config["sinks"]["out"] = {"from": "in", "plugin": "postgres", "url": self.server.url, "table": "t"}
        self.write("p.json", config)
        self.write("in.jsonl", [
            {**at(0), "b": True, "i": -2147483648, "l": 9223372036854775807, "f": -0.1, "x": "tab\tback\\slash é ''",
             "w": "2026-11-23T10:00:00.123456Z", "j": {"a": [1, "x"]}},
            {**at(1), "b": False, "i": 7, "l": -1, "f": 1e300, "x": "", "w": "1969-12-31T23:59:59.999999Z", "j": "text"}, at(2)])
        self.run_to_end("--quiet")
        rows = self.server.query("select b, i, l, f, replace(x, chr(9), '<tab>'), w at time zone 'UTC', j->'a'->>1, j #>> '{}', x is null from t")
        self.assertEqual(rows[0], ["t", "-2147483648", "9223372036854775807", "-0.1", "tab<tab>back\\slash é ''",
                                   "2026-11-23 10:00:00.123456", "x", '{"a": [1, "x"]}', "f"])
        self.assertEqual(rows[1], ["f", "7", "-1", "1e+300", "", "1969-12-31 23:59:59.999999", "", "text", "f"])
        self.assertEqual(rows[2], ["", "", "", "", "", "", "", "", "t"])

    def test_arrays_and_intervals_are_refused_with_a_remedy(self):
        for kind, remedy in (("int8[]", "to_jsonb"), ("interval", "cast it to text")):
            config = passing(schema={"a": kind})
            config["sinks"]["out"] = {"from": "in", "plugin": "postgres", "url": self.server.url, "table": "t"}
            self.write("p.json", config)
            self.write("in.jsonl", [at(0)])
            self.assert_says(self.run_to_end("--quiet", code=2), 'field "a"', "cannot write", remedy)
        config["sources"]["in"]["schema"] = {"a": "int8[]"}
        config["operators"] = {"made": {"from": "in", "select": {"a": "to_jsonb(a)"}}}
        config["sinks"]["out"]["from"] = "made"
        self.write("p.json", config)
        self.write("in.jsonl", [{**at(0), "a": [1, None]}])
        self.run_to_end("--quiet", "--fresh")
        self.assertEqual(self.server.query("select a from t"), [["[1, null]"]])

    def upserts(self):
        config = counting(operator={"emit": "update", "select": {"n": "count(*)"}})
        del config["operators"]["per_minute"]["window"]
        config["sinks"] = {"out": {"from": "per_minute", "plugin": "postgres", "url": self.server.url, "table": "t",
                                   "mode": "upsert", "key": ["k"]}}
        return config

    def test_upsert_keeps_the_last_row_of_a_key(self):
        self.write("p.json", self.upserts())
        self.write("in.jsonl", [at(i, f"k{i % 3}") for i in range(31)])
        self.run_with_commits()
        self.assertEqual(self.server.query("select k, n from t order by k"), [["k0", "11"], ["k1", "10"], ["k2", "10"]])

    def test_upsert_deletes_rows_that_delete(self):
        config = self.upserts()
        config["sources"]["in"]["schema"] = {"k": "text", "v": "int8"}
        config["operators"] = {"latest": {"from": "in", "table": {"key": ["k"], "delete": "v < 0"}}}
        config["sinks"]["out"]["from"] = "latest"
        self.write("p.json", config)
        self.write("in.jsonl", [at(0, "a", v=11), at(1, "b", v=12), at(2, "c", v=13), at(3, "a", v=5), at(4, "b", v=-1),
                                at(5, "c", v=14), at(6, "d", v=20), at(7, "d", v=-1), at(8, "d", v=21)])
        self.run_with_commits(records=2, batch=1)
        self.assertEqual(self.server.query("select k, v from t order by k"), [["a", "5"], ["c", "14"], ["d", "21"]])

    def test_R30_append_is_refused_for_a_table_that_deletes(self):
        config = self.upserts()
        config["operators"] = {"latest": {"from": "in", "table": {"key": ["k"], "delete": "k = 'x'"}, "select": ["k"]}}
        config["sinks"]["out"] = {"from": "latest", "plugin": "postgres", "url": self.server.url, "table": "t"}
        self.write("p.json", config)
        self.write("in.jsonl", [at(0)])
        self.assert_says(self.verb("check", "p.json", code=2), '"latest" is a table, whose rows also delete',
                         'set "mode": "upsert"')
        config["operators"]["latest"] = {"from": "in", "filter": "k <> 'x'", "select": ["k"]}
        self.write("p.json", config)
        self.verb("check", "p.json")

    def test_a_table_that_does_not_fit_is_refused(self):
        self.pass_rows()
        self.server.query("create table t (k text, n numeric, t int8)")
        self.assert_says(self.run_to_end("--quiet", code=2), 'column "n"', "numeric", "int8")
        self.server.query("drop table t; create table t (k text, n int8)")
        self.assert_says(self.run_to_end("--quiet", code=2), 'no column "t"')
        self.server.query("drop table t; create table t (k varchar, n int8, t int8, more text default 'x')")
        self.run_to_end("--quiet")
        self.assert_exact()

    def test_upsert_needs_a_unique_index(self):
        self.write("p.json", self.upserts())
        self.write("in.jsonl", [at(0)])
        self.server.query("create table t (k text, n int8)")
        self.assert_says(self.run_to_end("--quiet", code=2), "unique index")

    def test_a_database_that_went_back_in_time_is_told(self):
        self.pass_rows()
        self.run_with_commits()
        self.server.query("update millrace_commits set epoch = 1")
        self.append("in.jsonl", [at(99, "x", n=99)])
        self.assert_says(self.run_to_end("--quiet", code=1), "older copy", "--forget out")
        self.server.query("update millrace_commits set epoch = 1000")
        self.assert_says(self.run_to_end("--quiet", code=1), "older copy", "--fresh")

    def test_two_sinks_and_a_fresh_start_do_not_share_epochs(self):
        config = self.pass_rows()
        config["sinks"]["again"] = {**config["sinks"]["out"], "table": "t"}
        self.write("p.json", config)
        self.run_with_commits()
        self.assertEqual(self.server.query("select count(*) from t"), [[str(2 * RECORDS)]])
        self.run_to_end("--quiet", "--state", "other")
        self.assertEqual(self.server.query("select count(*) from t"), [[str(4 * RECORDS)]])

    def test_at_least_once_writes_without_epochs(self):
        config = self.pass_rows()
        config["delivery"] = "at_least_once"
        self.write("p.json", config)
        self.run_with_commits()
        self.assert_exact()
        self.assertEqual(self.server.query("select count(*) from millrace_commits"), [["0"]])

    def test_the_password_is_never_shown(self):
        config = self.pass_rows()
        config["sinks"]["out"]["url"] = "postgresql://postgres:geheim@127.0.0.1:1/none"
        self.write("p.json", config)
        done = self.run_to_end("--quiet", code=1)
        self.assert_says(done, "cannot connect")
        self.assertNotIn("geheim", done.stderr)


if __name__ == "__main__":
    main()
