#!/usr/bin/env python3
"""What a case under tests/pipelines says of a demo must hold for the demo: same operators, same fields, same times."""
import sys
import unittest

import configuration

CASES = configuration.CONFIGS.parent / "tests/pipelines"


class Cases(unittest.TestCase):
    def test_every_demo_has_a_case_with_its_operators(self):
        demos = [path.parent for path in configuration.CONFIGS.glob("*/pipeline.json")]
        self.assertEqual(len(demos), 6)
        for demo in demos:
            with self.subTest(demo.name):
                own, case = (configuration.load(folder / "pipeline.json") for folder in (demo, CASES / f"demo_{demo.name}"))
                self.assertEqual(own["operators"], case["operators"])
                for name, source in own["sources"].items():
                    self.assertEqual({**source, "path": ""}, {**case["sources"][name], "path": ""})

    def test_variants_ask_the_same(self):
        demo = configuration.load(configuration.CONFIGS / "weather/pipeline.json")
        self.assertEqual(configuration.load(configuration.CONFIGS / "weather/to_kafka.json")["operators"], demo["operators"])
        demo = configuration.load(configuration.CONFIGS / "wikipedia/pipeline.json")["operators"]
        for path in (configuration.CONFIGS / "wikipedia").glob("stage_*.json"):
            for name, operator in configuration.load(path)["operators"].items():
                # The first stage hands on the time, too.
                select = {field: text for field, text in operator["select"].items() if (name, field) != ("changes", "at")}
                self.assertEqual({**operator, "select": select}, demo[name], path)

    def test_every_demo_has_a_page_and_says_how_it_works(self):
        for path in configuration.CONFIGS.glob("*/pipeline.json"):
            with self.subTest(path.parent.name):
                self.assertTrue(configuration.sinks_of(path, "page"))
                self.assertTrue((path.parent / "README.md").exists())


if __name__ == "__main__":
    sys.exit(0 if unittest.main(exit=False).result.wasSuccessful() else 1)
