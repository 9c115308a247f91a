"""Sink `page` over HTTP, and `millrace render`: what is committed is on the page, once, whatever happened before."""
import json
import signal

import page_of
from program import SystemTest, main

ROWS = [{"k": f"k{i}", "n": i} for i in range(6)]


class Page(SystemTest):
    def begin(self, rows=ROWS, **arguments):
        self.write("in.jsonl", rows)
        self.write("p.json", page_of.config(**arguments))
        return self.page_of(self.start())

    def page_of(self, run):
        self.wait_until("the page", lambda: page_of.address(run), run)
        self.run_, self.url = run, page_of.address(run)
        return self.url

    def shown(self):
        return page_of.rows(page_of.fetch(self.url)[1])

    def wait_for_rows(self, rows):
        self.wait_until("the rows", lambda: len(self.shown()) >= len(rows), self.run_)
        self.assertEqual(self.shown(), rows)

    def test_a_reload_begins_with_the_last_committed_rows(self):
        self.begin()
        self.wait_for_rows(ROWS)
        head, html = page_of.fetch(self.url)
        self.assertEqual(json.loads(page_of.data(html, "page"))["sections"], [{"charts": [{"type": "table", "title": "Rows"}]}])
        self.assertIn("default-src 'none'", head["Content-Security-Policy"])
        self.assertIn("<h1>A &lt;page&gt;</h1>", html)
        self.assertNotRegex(html, r"(src|href)=\"?(https?:)?//")

    def test_history_outlives_kill_9_and_repeats_nothing(self):
        self.begin()
        self.wait_for_rows(ROWS)
        self.run_.signal(signal.SIGKILL)
        self.run_.wait()
        more = [{"k": "new", "n": 7}]
        self.append("in.jsonl", more)
        self.page_of(self.start())
        self.wait_for_rows(ROWS + more)

    def test_rows_of_no_commit_are_not_shown(self):
        config = page_of.config()
        config["commit"]["every"] = "1h"
        self.write("in.jsonl", ROWS)
        self.write("p.json", config)
        self.page_of(self.start("--for", "1500ms"))
        self.assertEqual(self.shown(), [])
        self.assertEqual(self.run_.wait().code, 0)

    def test_rows_come_behind_what_the_page_holds(self):
        self.begin()
        self.wait_for_rows(ROWS)
        feed = json.loads(page_of.data(page_of.fetch(self.url)[1], "page"))["feed"]
        self.append("in.jsonl", [{"k": "later", "n": 1}])
        got = page_of.events(f"{self.url}events?after={feed}", "later")
        self.assertRegex(got, r'event: rows-0\ndata: \{"k": "later", "n": 1\}')
        self.assertNotIn("k5", got)

    def test_a_reader_of_an_earlier_process_is_told_to_reload(self):
        self.begin()
        self.wait_for_rows(ROWS)
        self.assertIn("event: reload", page_of.events(f"{self.url}events", "event: reload", {"Last-Event-ID": "1700000000-3"}))

    def test_hostile_rows_stay_data(self):
        rows = [{"k": text, "n": i} for i, text in enumerate(page_of.HOSTILE)]
        self.begin(rows)
        self.wait_for_rows(rows)
        html = page_of.fetch(self.url)[1]
        for text in page_of.HOSTILE[:2]:
            self.assertNotIn(text, html)
        self.assertEqual(html.count("<script"), 3)

    def test_history_is_as_long_as_it_says(self):
        config = page_of.config()
        config["sinks"]["page"]["history"] = 2
        self.write("in.jsonl", ROWS)
        self.write("p.json", config)
        self.page_of(self.start())
        self.wait_for_rows(ROWS[-2:])

    def test_sinks_with_one_address_share_a_page(self):
        sink = {"from": "in", "plugin": "page", "listen": "127.0.0.1:0", "file": "page.html"}
        self.begin(sinks={"a": sink, "b": {**sink, "charts": [{"type": "bars", "title": "N", "x": "k", "y": "n"}]}})
        self.wait_for_rows(ROWS)
        html = page_of.fetch(self.url)[1]
        self.assertEqual([part["charts"][0]["type"] for part in json.loads(page_of.data(html, "page"))["sections"]], ["table", "bars"])
        self.wait_until("the other sink's rows", lambda: page_of.rows(page_of.fetch(self.url)[1], 1) == ROWS, self.run_)
        self.run_.signal()
        self.assertEqual(self.run_.wait().code, 0)
        written = self.read("page.html").decode()
        self.assertEqual((page_of.rows(written), page_of.rows(written, 1)), (ROWS, ROWS))
        self.assertEqual(json.loads(page_of.data(written, "page"))["feed"], "")

    def test_charts_say_what_they_need(self):
        for charts, wrong in (([{"type": "line", "title": "T", "x": "t"}], 'needs "y"'), ([{"type": "pie", "title": "T"}], "pie"),
                              ([{"type": "map", "title": "T", "lat": "a"}], 'needs "lon"'), ([{"type": "table"}], "title")):
            self.write("in.jsonl", ROWS)
            self.write("p.json", page_of.config(charts))
            self.assert_says(self.verb("check", "p.json", code=2), wrong)


class Render(SystemTest):
    def setUp(self):
        super().setUp()
        self.write("in.jsonl", ROWS)
        config = page_of.config()
        del config["sources"]["in"]["follow"]
        config["sinks"]["out"] = {"from": "in", "plugin": "file", "path": "out.jsonl"}
        config["sinks"]["page"]["listen"] = "192.0.2.1:80"    # would fail, if it were used
        self.write("p.json", config)

    def rendered(self, *arguments):
        self.verb("render", "p.json", "--out", "page.html", *arguments)
        return page_of.rows(self.read("page.html").decode())

    def test_a_pipeline_that_never_ran_is_run(self):
        self.assertEqual(self.rendered(), ROWS)
        self.assertEqual(self.lines("out.jsonl"), ROWS)

    def test_what_is_committed_is_rendered_again_and_what_is_new_comes_to_it(self):
        self.rendered()
        self.assertEqual(self.rendered(), ROWS)
        self.append("in.jsonl", [{"k": "new", "n": 9}])
        self.assertEqual(self.rendered(), ROWS + [{"k": "new", "n": 9}])
        self.assertEqual(self.lines("out.jsonl"), ROWS + [{"k": "new", "n": 9}])
        self.assertEqual(self.rendered("--fresh"), ROWS + [{"k": "new", "n": 9}])

    def test_without_a_page_there_is_nothing_to_render(self):
        config = json.loads(self.read("p.json"))
        del config["sinks"]["page"]
        self.write("p.json", config)
        self.assert_says(self.verb("render", "p.json", "--out", "page.html", code=2), "no sink is a page")
        self.assertFalse((self.folder / "page.html").exists())

    def test_a_file_that_cannot_be_written_is_an_error(self):
        self.assert_says(self.verb("render", "p.json", "--out", "no/such/folder/page.html", code=1), "no/such/folder/page.html")


if __name__ == "__main__":
    main()
