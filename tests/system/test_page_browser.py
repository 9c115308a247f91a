"""Sink `page` in a browser: charts are drawn, rows arrive, and whoever cannot use a mouse, or has a small or dark screen, can read it.

MILLRACE_SCREENSHOTS=DIR keeps what was seen.
"""
import os
import pathlib
import time
import unittest

import page_of
from browser import MISSING, Browser
from program import SystemTest, main

CITIES = [("Berlin", 52.5, 13.4), ("Nairobi", -1.3, 36.8), ("Lima", -12.0, -77.0), ("Sydney", -33.9, 151.2), (page_of.HOSTILE[1], 35.7, 139.8)]
ROWS = [{"t": f"2026-01-01T00:{minute:02d}:00Z", "k": city, "n": (minute * 7 + i * 13) % 50, "lat": lat, "lon": lon}
        for minute in range(30) for i, (city, lat, lon) in enumerate(CITIES)]
CHARTS = [{"type": "line", "title": "Over time", "x": "t", "y": "n", "by": "k"}, {"type": "bars", "title": "Bars", "x": "k", "y": "n"},
          {"type": "heat", "title": "Heat", "x": "t", "y": "k", "value": "n"},
          {"type": "map", "title": "Map", "lat": "lat", "lon": "lon", "label": "k", "value": "n"}, {"type": "table", "title": "Table"}]
SCHEMA = {"t": "text", "k": "text", "n": "int8", "lat": "float8", "lon": "float8"}
# So many colours are in a canvas; an empty one has one.
COLOURS = """[...document.querySelectorAll('canvas')].map(c => new Set(new Uint32Array(
  c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size)"""


@unittest.skipIf(MISSING, MISSING)
class InBrowser(SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()

    def setUp(self):
        super().setUp()
        self.browser.requests.clear()
        self.browser.problems.clear()
        self.browser.screen(1200, 900)

    def tearDown(self):
        self.browser.open("about:blank")    # A page whose run has gone would complain in the next test.
        super().tearDown()

    def show(self, config=None):
        self.write("in.jsonl", ROWS)
        self.write("p.json", config or page_of.config(CHARTS, schema=SCHEMA))
        run = self.start()
        self.wait_until("the page", lambda: page_of.address(run), run)
        self.browser.open(page_of.address(run))
        self.wait_for("live", "document.getElementById('state')?.textContent === 'live'", run)
        return run

    def wait_for(self, what, condition, run=None):
        self.wait_until(what, lambda: self.browser.value(condition), run)

    def keep(self, name):
        if os.environ.get("MILLRACE_SCREENSHOTS"):
            self.browser.screenshot(pathlib.Path(os.environ["MILLRACE_SCREENSHOTS"]) / f"{name}.png")

    def assert_nothing_from_elsewhere(self, begin):
        self.assertTrue(self.browser.requests)
        for url in self.browser.requests:
            self.assertTrue(url.startswith((begin, "data:")), url)
        self.assertEqual(self.browser.problems, [])

    def wait_for_rows(self, run):
        self.wait_for("the rows", "document.querySelectorAll('main table tbody tr').length === 50", run)

    def test_charts_are_drawn_and_rows_arrive(self):
        run = self.show()
        self.wait_for_rows(run)
        self.assertTrue(all(count > 5 for count in self.browser.value(COLOURS)), self.browser.value(COLOURS))
        self.keep("light")
        self.append("in.jsonl", [{"t": "2026-01-01T00:31:00Z", "k": "Oslo", "n": 49, "lat": 59.9, "lon": 10.7}])
        self.wait_for("the new row", "document.querySelector('main table tbody').textContent.includes('Oslo')", run)
        self.wait_for("its bar", "[...document.querySelectorAll('canvas')][1].getAttribute('aria-label').includes('Oslo: 49')", run)
        self.assert_nothing_from_elsewhere(page_of.address(run))

    def test_hostile_rows_are_shown_as_text(self):
        run = self.show()
        self.write("in.jsonl", ROWS + [{"t": "2026-01-01T00:40:00Z", "k": text, "n": 1, "lat": 0, "lon": 0} for text in page_of.HOSTILE])
        self.wait_for("the last", f"document.querySelector('main table tbody').textContent.includes({page_of.HOSTILE[0]!r})", run)
        self.browser.open(page_of.address(run))
        self.wait_for("it again", f"document.querySelector('main table tbody')?.textContent.includes({page_of.HOSTILE[0]!r})", run)
        self.assertEqual(self.browser.value("String(window.hacked) + document.querySelectorAll('main img, main script').length"), "undefined0")
        self.assertEqual(self.browser.problems, [])

    def test_keyboard_and_screen_reader(self):
        run = self.show()
        self.wait_for_rows(run)
        self.browser.value("document.querySelector('canvas').focus()")
        self.browser.press("End")
        self.assertRegex(self.browser.value("document.querySelector('output').textContent"), r": \d+$")
        self.browser.press("ArrowLeft")
        self.assertIn("2026-01-01 00:28", self.browser.value("document.querySelector('output').textContent"))
        self.browser.value("document.querySelectorAll('summary').forEach(one => one.click())")
        self.wait_for("tables", "[...document.querySelectorAll('details table')].filter(one => one.rows.length > 3).length === 4")
        nodes = self.browser.call("Accessibility.getFullAXTree")["nodes"]
        said = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node.get("ignored")]
        for chart in CHARTS:
            self.assertTrue(any(role == "heading" and name == chart["title"] for role, name in said), chart)
        pictures = [name for role, name in said if role in ("image", "img")]
        self.assertEqual(len(pictures), 4, said[:40])
        self.assertTrue(all("Arrow keys" in name for name in pictures), pictures)

    def test_dark_and_small(self):
        run = self.show()
        self.wait_for_rows(run)
        paper = "getComputedStyle(document.body).backgroundColor"
        light = self.browser.value(paper)
        self.browser.screen(1200, 900, dark=True)
        self.assertNotEqual(self.browser.value(paper), light)
        time.sleep(.4)
        self.keep("dark")
        self.browser.screen(360, 740, phone=True)
        self.browser.open(page_of.address(run))
        self.wait_for_rows(run)
        self.assertLessEqual(self.browser.value("document.documentElement.scrollWidth"), 360)
        self.keep("phone")

    def busy_s(self):
        """CPU seconds of the page's own thread."""
        return next(one["value"] for one in self.browser.call("Performance.getMetrics")["metrics"] if one["name"] == "TaskDuration")

    def test_ten_thousand_rows_a_second_do_not_freeze_it(self):
        config = page_of.config()
        config["sources"] = {"in": {"plugin": "generate", "records": 100000, "rate": 10000, "start": "2026-01-01T00:00:00Z", "interval": "10ms",
                                    "fields": {"t": {"time": "rfc3339"}, "k": {"label": "city_{}", "of": 40}, "n": {"uniform": [1, 400]}}}}
        config["commit"]["every"] = "500ms"
        config["sinks"]["page"]["charts"] = [chart for chart in CHARTS if chart["type"] != "map"]
        run = self.show(config)
        self.browser.call("Performance.enable", timeDomain="threadTicks")
        busy = -self.busy_s()
        longest = self.browser.value("""new Promise(done => {
          let longest = 0, last = performance.now();
          const begin = last, timer = setInterval(() => {
            longest = Math.max(longest, performance.now() - last);
            last = performance.now();
            if (last - begin > 5000) { clearInterval(timer); done(longest); }
          }, 20);
        })""")
        busy += self.busy_s()
        print(f"at 10 000 rows/s the page's thread works {busy:.2f} s in 5 s; longest pause {longest:.0f} ms")
        self.keep("fast")
        self.assertLess(busy, 3, "CPU time, so that what else the machine does is not counted")
        run.wait()
        self.assertEqual(run.wait().report["sinks"]["page"]["records"], 100000)

    def test_a_rendered_file_is_the_same_page(self):
        config = page_of.config(CHARTS, schema=SCHEMA)
        del config["sources"]["in"]["follow"]
        self.write("in.jsonl", ROWS)
        self.write("p.json", config)
        self.verb("render", "p.json", "--out", "page.html")
        self.browser.open((self.folder / "page.html").as_uri())
        self.wait_for_rows(None)
        self.assertTrue(all(count > 5 for count in self.browser.value(COLOURS)))
        self.assertIn("150 rows", self.browser.value("document.getElementById('state').textContent"))
        self.assert_nothing_from_elsewhere("file://")


if __name__ == "__main__":
    main()
