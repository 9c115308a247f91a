"""Bad records: each goes to a dead letter, is counted, and takes nothing else with it."""
import base64
import gzip

from program import START_S, SystemTest, at, counting, main, passing

PEAK_RSS_MAX = 400_000_000
LONG = 100_000_000


class BadRecords(SystemTest):
    def count(self, records, source=None, *arguments, **top):
        """Runs counting() over `records` between two good ones; the ledger balances and both good ones are there."""
        self.write("p.json", counting(source, **top))
        self.write("in.jsonl", [at(0, "first"), *records, at(1, "last")])
        done = self.run_to_end("--fresh", *arguments)
        self.assertTrue(done.report["balanced"])
        self.assertEqual(done.report["sources"]["in"]["records"], 2 + len(records))
        keys = [row["k"] for row in self.lines("out.jsonl")]
        self.assertIn("first", keys)
        self.assertIn("last", keys)
        return done

    def assert_broken(self, records, source=None):
        """All of them are errors of the source, with their place, and their bytes are kept."""
        done = self.count(records, source)
        self.assertEqual(done.report["sources"]["in"]["errors"], len(records), self.dead_letters("in.errors"))
        letters = self.dead_letters("in.errors")
        self.assertEqual(len(letters), len(records))
        for letter, record in zip(letters, records):
            self.assertEqual(list(letter)[:6], ["operator", "reason", "place", "partition", "position", "event_time"])
            self.assertEqual(letter["operator"], "in")
            self.assertTrue(letter["reason"])
            self.assertGreater(letter["position"], 0)
            if isinstance(record, bytes):
                self.assertEqual(self.value_of(letter), record)
        return letters

    @staticmethod
    def value_of(letter):
        """The bytes that a dead letter keeps; JSON values are not compared."""
        if "value_base64" in letter:
            return base64.b64decode(letter["value_base64"])
        return letter["value"].encode()

    def test_broken_lines(self):
        self.assert_broken([b"broken", b'{"t":1760000400,"k":"a"', b'{"t":1760000400,"k":"a', b"\"", b"}{",
                            b'{"t":1760000400,"k":"a"} {"again":1}', b"{'t':1760000400}"])

    def test_values_that_are_no_objects(self):
        done = self.count([b"1", b"null", b"[]", b'"text"', b"true", b"{}"])
        self.assertEqual(done.report["sources"]["in"]["errors"], 6)
        self.assertEqual(len(self.dead_letters("in.errors")), 6)

    def test_invalid_utf8(self):
        start = b'{"t":1760000400,"k":"a'
        letters = self.assert_broken([start + bad + b'"}' for bad in (b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
                                                                      b"\xc0\x80", b"\xe2\x82")])
        self.assertTrue(all("value_base64" in letter for letter in letters))

    def test_nul_bytes(self):
        self.assert_broken([b"\x00", b"\x00" * 5000, b'{"t":1760000400,"k":"a\x00b"}', b'\x00{"t":1760000400,"k":"a"}'])

    def test_a_line_of_100_mb(self):
        """Memory stays bounded, and the records behind it survive."""
        self.write("p.json", counting())
        with open(self.folder / "in.jsonl", "wb") as out:
            out.write(b'{"t":%d,"k":"first"}\n{"t":%d,"k":"' % (START_S, START_S))
            for _ in range(100):
                out.write(b"x" * (LONG // 100))
            out.write(b'"}\n{"t":%d,"k":"last"}\n' % START_S)
        done = self.run_to_end()
        self.assertEqual([row["k"] for row in self.lines("out.jsonl")], ["first", "last"])
        self.assertEqual(done.report["sources"]["in"]["errors"], 1)
        self.assertEqual(done.report["sources"]["in"]["records"], 3)
        self.assertLess(done.report["peak_rss_bytes"], PEAK_RSS_MAX)
        self.assertEqual(len(self.dead_letters("in.errors")), 1)
        self.assertLess(self.size(".millrace/p/dead_letters/in.errors.jsonl"), 1_000_000)

    def test_a_file_of_100_mb_without_a_line_end(self):
        self.write("p.json", counting())
        with open(self.folder / "in.jsonl", "wb") as out:
            for _ in range(100):
                out.write(b"\x00" * (LONG // 100))
        done = self.run_to_end()
        self.assertEqual(done.report["sources"]["in"]["errors"], 1)
        self.assertLess(done.report["peak_rss_bytes"], PEAK_RSS_MAX)

    def test_deep_nesting(self):
        deep = b"[" * 100_000 + b"]" * 100_000
        objects = b'{"x":' * 100_000 + b"1" + b"}" * 100_000
        for validate in ("structure", "full"):
            with self.subTest(validate):
                self.count([b'{"t":1760000400,"k":"deep","x":' + x + b"}" for x in (deep, objects, b"[" * 100_000)]
                           + [deep, objects], {"validate": validate})

    def test_deep_nesting_is_passed_on(self):
        record = b'{"t":1760000400,"k":"deep","x":' + b"[" * 1000 + b"]" * 1000 + b"}"
        self.write("p.json", passing())
        self.write("in.jsonl", [record])
        done = self.run_to_end()
        self.assertEqual(self.read("out.jsonl").count(b"\n") + done.report["sources"]["in"]["errors"], 1)

    def test_duplicate_keys_the_last_counts(self):
        self.count([b'{"t":1,"t":1760000400,"k":"x","k":"y","k":"z"}'])
        self.assertEqual([row["k"] for row in self.lines("out.jsonl")], ["first", "last", "z"])

    def test_numbers_out_of_range(self):
        """They are errors of the operator that reads them; other branches keep the record (E24)."""
        config = counting({"schema": {"k": "text", "n": "int8", "f": "float8"}},
                          {"select": {"n": "sum(n)", "f": "max(f)"}})
        config["sinks"]["all"] = {"from": "in", "plugin": "file", "path": "all.jsonl"}
        self.write("p.json", config)
        bad = [b'{"t":1760000400,"k":"x","n":%s}' % n for n in
               (b"9223372036854775808", b"-9223372036854775809", b"1" * 400, b"1.5", b"1e400", b'"7"', b"true", b"{}")]
        bad += [b'{"t":1760000400,"k":"x","f":%s}' % f for f in (b"1e400", b"-1e999999999999")]
        good = [b'{"t":1760000400,"k":"x","n":%s}' % n for n in (b"9223372036854775807", b"-1.0", b"1e3", b"null")]
        self.write("in.jsonl", bad + good)
        done = self.run_to_end()
        counters = done.report["operators"]["per_minute"]
        self.assertEqual((counters["errors"], counters["used"]), (len(bad), len(good)), self.dead_letters("per_minute.errors"))
        self.assertEqual(len(self.dead_letters("per_minute.errors")) - len(bad), 1, "the sum itself is out of range")
        self.assertEqual(self.read("all.jsonl"), self.read("in.jsonl"))

    def test_a_sum_out_of_range_is_an_error_of_its_row(self):
        self.write("p.json", counting({"schema": {"k": "text", "n": "int8"}}, {"select": {"n": "sum(n)"}}))
        self.write("in.jsonl", [at(0, "big", n=2**63 - 1), at(1, "big", n=1), at(2, "small", n=5)])
        self.run_to_end()
        self.assertEqual([(row["k"], row["n"]) for row in self.lines("out.jsonl")], [("small", 5)])
        self.assertEqual(len(self.dead_letters("per_minute.errors")), 1)

    def test_missing_and_odd_timestamps(self):
        odd = ["null", '""', '"x"', "{}", "[]", "true", "1e300", "-1e300", "99999999999999999999", '"2025-10-09T09:00:00Z"',
               '"1760000400 "', '"0x10"', '"NaN"', '"1e"']
        done = self.count([f'{{"t":{t},"k":"odd"}}'.encode() for t in odd] + [b'{"k":"odd"}', b'{"t":[1760000400],"k":"odd"}'])
        letters = self.dead_letters("in.errors")
        self.assertEqual(done.report["sources"]["in"]["errors"], len(odd) + 2,
                         [row for row in self.lines("out.jsonl") if row["k"] == "odd"])
        self.assertEqual(len(letters), len(odd) + 2)

    def test_fractions_and_digit_strings_are_times(self):
        self.count([b'{"t":1760000400.75,"k":"a"}', b'{"t":"1760000400","k":"a"}', b'{"t":1.7600004e9,"k":"a"}'])
        self.assertEqual([row["n"] for row in self.lines("out.jsonl") if row["k"] == "a"], [3])

    def test_the_year_2099_closes_nothing(self):
        done = self.count([at(0, "future", t=4083955200)],
                          {"event_time": {"field": "t", "unit": "s", "bounds": ["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]}})
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 0)
        self.assertEqual(done.report["sources"]["in"]["errors"], 1)
        self.assertNotIn("future", [row["k"] for row in self.lines("out.jsonl")])

    def test_the_year_2099_without_bounds(self):
        done = self.count([at(0, "future", t=4083955200)])
        self.assertEqual(done.report["operators"]["per_minute"]["late"], 0)
        self.assertEqual(done.report["sources"]["in"]["errors"], 1)


class OddFiles(SystemTest):
    def test_an_empty_file(self):
        self.write("p.json", counting())
        self.write("in.jsonl", b"")
        done = self.run_to_end()
        self.assertEqual((done.report["outcome"], self.read("out.jsonl")), ("ended", b""))

    def test_an_empty_file_without_a_schema(self):
        """Nothing to infer from: the error prints the block to paste."""
        config = counting()
        del config["sources"]["in"]["schema"]
        self.write("p.json", config)
        self.write("in.jsonl", b"")
        self.assert_says(self.run_to_end(code=2), '"schema": { "k":', "/operators/per_minute/group_by/0")

    def test_only_line_ends(self):
        self.write("p.json", counting())
        self.write("in.jsonl", b"\n\n\r\n\n")
        self.assertEqual(self.run_to_end().report["sources"]["in"]["records"], 0)

    def test_no_newline_at_the_end(self):
        self.write("p.json", counting())
        self.write("in.jsonl", b'{"t":1760000400,"k":"a"}\n{"t":1760000400,"k":"a"}')
        self.assertEqual(self.run_to_end().report["sources"]["in"]["records"], 2)
        self.assertEqual(self.lines("out.jsonl")[0]["n"], 2)

    def test_cut_in_the_last_record(self):
        self.write("p.json", counting())
        self.write("in.jsonl", b'{"t":1760000400,"k":"a"}\n{"t":17600')
        done = self.run_to_end()
        self.assertEqual(done.report["sources"]["in"]["errors"], 1)
        self.assertEqual(self.lines("out.jsonl")[0]["n"], 1)

    def test_a_byte_order_mark_and_crlf(self):
        self.write("p.json", counting())
        self.write("in.jsonl", b'\xef\xbb\xbf{"t":1760000400,"k":"a"}\r\n{"t":1760000400,"k":"a"}\r\n')
        self.assertEqual(self.run_to_end().report["sources"]["in"]["errors"], 0)
        self.assertEqual(self.lines("out.jsonl")[0]["n"], 2)

    def test_a_cut_gzip_file(self):
        self.write("p.json", counting())
        self.write("in.jsonl", gzip.compress(b'{"t":1760000400,"k":"a"}\n' * 5000)[:-20])
        done = self.run_to_end(code=None)
        self.assertIn(done.code, (0, 1))
        if done.code == 1:
            self.assert_says(done, "in.jsonl")
        else:
            self.assertGreater(done.report["sources"]["in"]["errors"], 0, "never silent")


if __name__ == "__main__":
    main()
