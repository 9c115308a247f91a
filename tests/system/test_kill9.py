"""The quickstart, killed with SIGKILL at random moments and at named points of a commit: not a byte may differ."""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from program import CHECKOUT, SystemTest, main

KILLS = {1: 26, 2: 26}        # lanes: kills at random moments
POINTS = ("commit.begin", "commit.prepared", "commit.logged", "commit.sink", "commit.done")
SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
COMMITS = {"MILLRACE_COMMIT_RECORDS": "100"}
PIPELINE = "wikipedia_edits_per_minute"


class Killed(SystemTest):
    @classmethod
    def setUpClass(cls):
        print(f"MILLRACE_TEST_SEED={SEED}", file=sys.stderr)
        cls.samples = pathlib.Path(tempfile.mkdtemp(prefix="millrace-sample-"))
        cls.addClassCleanup(shutil.rmtree, cls.samples, ignore_errors=True)
        subprocess.run([sys.executable, CHECKOUT / "configs/quickstart/generate.py", "--out",
                        cls.samples / "edits_sample.jsonl"], check=True)
        cls.expected = None

    def lay_out(self):
        """An empty place but for the configuration and the sample."""
        self.clear()
        os.link(self.samples / "edits_sample.jsonl", self.folder / "edits_sample.jsonl")
        shutil.copy(CHECKOUT / f"configs/quickstart/{PIPELINE}.json", self.folder / "p.json")

    def run_life(self, lanes, env=None, delay_s=None):
        """One life of the process, killed after `delay_s` unless it ends before. Gives its exit code."""
        run = self.start("--quiet", "--set", f"lanes={lanes}", env={**COMMITS, **(env or {})})
        if delay_s is not None:
            try:
                run.process.wait(delay_s)
            except subprocess.TimeoutExpired:
                run.process.kill()
        done = run.wait()
        self.assertIn(done.code, (0, -signal.SIGKILL), done)
        return done

    def result(self, done):
        """All that must not depend on crashes."""
        letters = self.folder / ".millrace" / PIPELINE / "dead_letters"
        return {"edits": self.read("edits.jsonl"), "late": self.read("late.jsonl"),
                **{path.name: path.read_bytes() for path in sorted(letters.iterdir())},
                "total": done.report["total"]}

    def undisturbed(self):
        """The result of one run that nothing disturbs, and how long it took."""
        if Killed.expected is None:
            self.lay_out()
            began = time.monotonic()
            done = self.run_life(1)
            self.assertEqual(done.code, 0, done)
            self.assertGreater(done.report["commits"], 20, "too few commits to be worth killing")
            self.assertTrue(done.report["balanced"])
            Killed.expected = self.result(done), time.monotonic() - began
        return Killed.expected

    def assert_same(self, done):
        expected, _ = self.undisturbed_result
        got = self.result(done)
        self.assertEqual(got["total"], expected["total"])
        self.assertEqual(sorted(got), sorted(expected))
        for name, content in expected.items():
            self.assertTrue(got[name] == content, f"{name} differs from the undisturbed run's")

    def kill_at_random(self, lanes):
        self.undisturbed_result = self.undisturbed()
        usual_s = self.undisturbed_result[1]
        rng = random.Random(f"{SEED}:{lanes}")
        kills = 0
        while kills < KILLS[lanes]:
            self.lay_out()
            done = self.run_life(lanes, delay_s=rng.random() * usual_s)
            while done.code != 0:
                kills += 1
                done = self.run_life(lanes, delay_s=rng.random() * usual_s if kills < KILLS[lanes] else None)
            self.assert_same(done)

    def test_random_moments_one_lane(self):
        self.kill_at_random(1)

    def test_random_moments_two_lanes(self):
        self.kill_at_random(2)

    def test_named_points(self):
        self.undisturbed_result = self.undisturbed()
        rng = random.Random(f"{SEED}:points")
        self.lay_out()
        if self.run_life(1, {"MILLRACE_KILL_AT": "commit.begin:1"}).code == 0:
            self.skipTest("this build has no fault points")
        for lanes in (1, 2):
            self.lay_out()
            hit, done = set(), None
            for number in range(60):
                point = POINTS[number % len(POINTS)]
                done = self.run_life(lanes, {"MILLRACE_KILL_AT": f"{point}:{rng.choice((1, 2, rng.randint(3, 15)))}"})
                if done.code == 0:
                    break
                hit.add(point)
            if done.code != 0:
                done = self.run_life(lanes)
            self.assertEqual(hit, set(POINTS), "a point was never passed")
            self.assert_same(done)

    def test_killed_while_starting_anew(self):
        """--fresh over an earlier result, killed: going on without --fresh ends as one run does."""
        self.undisturbed_result = self.undisturbed()
        rng = random.Random(f"{SEED}:fresh")
        self.lay_out()
        self.assertEqual(self.run_life(1).code, 0)
        for _ in range(4):
            fresh = self.start("--quiet", "--fresh", env=COMMITS)
            try:
                fresh.process.wait(rng.random() * self.undisturbed_result[1])
            except subprocess.TimeoutExpired:
                fresh.process.kill()
            self.assertIn(fresh.wait().code, (0, -signal.SIGKILL))
            done = self.run_life(1)
            self.assertEqual(done.code, 0, done)
            self.assert_same(done)


if __name__ == "__main__":
    main()
