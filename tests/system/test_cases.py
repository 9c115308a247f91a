"""`millrace test`: pipelines kept with their inputs and expected output, the user's own too."""
import pathlib
import tempfile

from program import SystemTest, at, counting, main

EXPECTED = ('{"window_start":"2025-10-09T09:00:00Z","window_end":"2025-10-09T09:01:00Z","k":"a","n":2}\n'
            '{"window_start":"2025-10-09T09:01:00Z","window_end":"2025-10-09T09:02:00Z","k":"b","n":1}\n')


class Cases(SystemTest):
    def setUp(self):
        super().setUp()
        self.case("good")

    def case(self, name, config=None, expected=EXPECTED, file="expected-out.jsonl", records="input.jsonl"):
        self.write(f"cases/{name}/pipeline.json", config or counting({"path": "input.jsonl"}))
        self.write(f"cases/{name}/{records}", [at(0), at(1), at(61, "b")])
        self.write(f"cases/{name}/{file}", expected)

    def play(self, code, name="cases"):
        return self.verb("test", name, code=code).stdout.decode()

    def test_a_folder_of_cases_and_one_case(self):
        self.case("second")
        said = self.play(0)
        self.assertRegex(said, r"(?s)\Aok +\S*/cases/good\nok +\S*/cases/second\n2 passed, 0 failed\n\Z")
        self.assertRegex(self.play(0, "cases/good"), r"1 passed, 0 failed\n\Z")

    def test_a_row_that_differs_fails_with_its_line(self):
        self.case("wrong", expected=EXPECTED.replace('"n":1', '"n":7'))
        said = self.play(1)
        self.assertIn("expected-out.jsonl: line 2\n", said)
        self.assertRegex(said, r'expected: .*"n":7}\n +written:  .*"n":1}\n')
        self.assertIn("1 passed, 1 failed", said)

    def test_rows_too_many_and_too_few_fail(self):
        self.case("few", expected=EXPECTED.splitlines(True)[0])
        self.case("many", expected=EXPECTED + EXPECTED)
        said = self.play(1)
        self.assertIn("expected: (nothing more)", said)
        self.assertIn("written:  (nothing more)", said)

    def test_the_pipeline_that_runs_in_earnest(self):
        """A live source is fed from the file of its name; a server that a sink or cache writes to is never asked."""
        config = counting(contact="https://example.org/contact", cache={"redis": "redis://127.0.0.1:1/0"})
        config["sources"]["in"]["plugin"] = "wikipedia"
        config["sources"]["in"]["stream"] = "recentchange"
        del config["sources"]["in"]["path"]
        config["sinks"]["other"] = {"from": "in", "plugin": "file", "path": "/nowhere/x.jsonl"}
        config["sinks"]["out"]["path"] = "/nowhere/y.jsonl"
        self.case("live", config, records="input-in.jsonl")
        self.play(0)

    def test_the_only_source_is_fed_and_the_only_sink_compared_without_names(self):
        config = counting({"path": "/nowhere/live.csv", "format": "csv", "columns": ["t", "k"], "schema": {"k": "text"}})
        config["sinks"]["out"]["path"] = "/nowhere/y.jsonl"
        self.case("plain", config, file="expected.jsonl", records="input.csv")
        self.write("cases/plain/input.csv", f"{at(0)['t']},a\n{at(1)['t']},a\n{at(61)['t']},b\n")
        self.play(0, "cases/plain")

    def test_an_operator_or_side_output_may_be_expected(self):
        self.case("inner", file="expected-per_minute.jsonl")
        self.write("cases/inner/expected-per_minute.late.jsonl", b"")
        self.play(0)

    def test_members_and_the_report(self):
        self.case("members", expected='{"k":"a"}\n{"n":1}\n', file="expected-out.subset.jsonl")
        self.write("cases/members/report.json", {"sources": {"in": {"records": 3}}, "balanced": True})
        self.play(0, "cases/members")
        self.write("cases/members/report.json", {"sources": {"in": {"records": 4}}})
        self.assertIn("report.json: sources.in.records is 3, expected 4", self.play(1, "cases/members"))
        self.case("members", expected='{"k":"b"}\n{"n":1}\n', file="expected-out.subset.jsonl")
        self.assertIn('line 1: k is "a", expected "b"', self.play(1, "cases/members"))

    def test_faults_of_the_case_name_their_place(self):
        config = counting()
        config["sources"]["in"] = {"plugin": "wikipedia", "stream": "recentchange"}
        self.case("unfed", config, records="input-on.jsonl")
        self.write("cases/unfed/input-more.jsonl", b"")
        self.assertIn("/sources/in: no file of the case feeds this source; write input-in.jsonl", self.play(1, "cases/unfed"))
        self.case("misspelt", file="expected-ouch.jsonl")
        self.assertRegex(self.play(1, "cases/misspelt"), r'"ouch"')

    def test_no_case_at_all(self):
        self.assert_says(self.verb("test", ".", code=2), "no pipeline.json")

    def test_nothing_is_left_behind(self):
        before = set(pathlib.Path(tempfile.gettempdir()).glob("millrace-test-*"))
        self.play(0)
        self.assertLessEqual(set(pathlib.Path(tempfile.gettempdir()).glob("millrace-test-*")), before)
        self.assertEqual(sorted(path.name for path in (self.folder / "cases/good").iterdir()),
                         ["expected-out.jsonl", "input.jsonl", "pipeline.json"])


if __name__ == "__main__":
    main()
