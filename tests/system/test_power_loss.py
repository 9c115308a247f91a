"""Power failures: the process dies before every sync, rename and removal of a run, and the disk forgets what was not synced.
The next life must write what an undisturbed run writes (R34, R51, R55)."""
import gzip
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

from power_loss import Disk
from program import Settings, SystemTest, at, counting, main

SEED = int(os.environ.get("MILLRACE_TEST_SEED", time.time_ns() % 1_000_000))
RECORDS = 48
COMMITS = {"MILLRACE_COMMIT_RECORDS": "16", "MILLRACE_BATCH_RECORDS": "8"}


class PowerLoss(SystemTest):
    def setUp(self):
        super().setUp()
        if not Settings.power_loss:
            self.skipTest("no --power-loss shim")
        print(f"MILLRACE_TEST_SEED={SEED}", file=sys.stderr)
        # In memory, where there is such a place: thousands of real syncs would only take time.
        memory = pathlib.Path("/dev/shm")
        if os.access(memory, os.W_OK):
            self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-power-", dir=memory))
            self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        # The shadow is not in the folder that is watched.
        self.place = self.folder
        self.folder = self.place / "disk"
        self.disk = Disk(Settings.power_loss, self.folder, self.place / "shadow")

    def clear(self):
        super().clear() if self.folder.exists() else self.folder.mkdir()

    def lay_out(self, sinks):
        self.clear()
        self.write("in.jsonl", [b"broken" if i % 17 == 5 else at(i * 5, key=f"k{i % 3}", n=i) for i in range(RECORDS)])
        config = counting(operator={"select": {"n": "count(*)"}}, sinks=sinks)
        config["sources"]["in"]["schema"] = {"k": "text", "n": "int8"}
        config["dead_letters"] = "letters"
        self.write("p.json", config)

    def live(self, env):
        done = self.start("--quiet", env={**COMMITS, **env}).wait()
        self.assertIn(done.code, (0, -signal.SIGKILL), done)
        return done

    def fail_before_every_step(self, sinks, read):
        self.lay_out(sinks)
        done = self.live({})
        expected, totals = read(), done.report["total"]
        self.assertTrue(all(expected.values()), expected)
        steps = 0
        for dice in (None, random.Random(SEED)):
            step = 1
            while True:
                self.lay_out(sinks)
                done = self.live(self.disk.environment(step))
                if done.code == 0:
                    break
                self.disk.fail(dice)
                done = self.live({})
                self.assertEqual(done.code, 0)
                self.assertEqual(read(), expected, f"step {step}, seed {SEED if dice else None}")
                self.assertEqual(done.report["total"], totals, f"step {step}")
                step += 2 if dice else 1
            self.assertGreater(step, 15, "the shim sees no steps")
            steps += step
        print(f"{steps} failures", file=sys.stderr)

    def letters(self):
        return self.read("letters/in.errors.jsonl")

    def test_R55_one_file(self):
        self.fail_before_every_step({"out": {"from": "per_minute", "plugin": "file", "path": "out.jsonl"},
                                     "rows": {"from": "in", "plugin": "file", "path": "rows.gz", "compression": "gzip"}},
                                    lambda: {"out": self.read("out.jsonl"), "rows": gzip.decompress(self.read("rows.gz")),
                                             "letters": self.letters()})

    def test_R55_a_folder_of_parts(self):
        def read():
            parts = sorted((self.folder / "parts").glob("part-*"))
            return {"rows": b"".join(part.read_bytes() for part in parts), "names": [part.name for part in parts],
                    "hidden": [path for path in (self.folder / "parts").iterdir() if path not in parts] or "none",
                    "letters": self.letters()}
        self.fail_before_every_step({"out": {"from": "in", "plugin": "file", "dir": "parts", "roll": {"size": "600B"}}}, read)

    def test_R51_a_sync_that_fails_once(self):
        """EIO from each fsync of a run in turn: it stops and says so, or starts again in process from the last commit; nothing
        committed is lost, and when the cause is gone the next run ends as if nothing had been."""
        sinks = {"out": {"from": "per_minute", "plugin": "file", "path": "out.jsonl"},
                 "rows": {"from": "in", "plugin": "file", "path": "rows.jsonl"}}
        self.lay_out(sinks)
        done = self.run_to_end("--quiet", env=COMMITS)
        expected, totals = self.read("out.jsonl") + self.read("rows.jsonl") + self.letters(), done.report["total"]
        stopped, step = 0, 1
        while True:
            self.lay_out(sinks)
            done = self.start("--quiet", env={**COMMITS, "LD_PRELOAD": str(self.disk.shim), "SYNC_FAILS_AT": str(step)}).wait()
            self.assertIn(done.code, (0, 1), done)
            failed = done.code == 1
            if failed:
                stopped += 1
                self.assertRegex(done.stderr, "(?i)cannot .+: input/output error", "what, and where")
                done = self.run_to_end("--quiet", env=COMMITS)
            self.assertEqual(self.read("out.jsonl") + self.read("rows.jsonl") + self.letters(), expected, f"fsync {step}")
            self.assertEqual(done.report["total"], totals, f"fsync {step}")
            if not failed and "nput/output error" not in done.stderr:
                break
            step += 1
        self.assertGreater(step, 10, "the shim sees no syncs")
        self.assertGreater(stopped, 5, "a sync that fails is not noticed")
        print(f"{step - 1} syncs, {stopped} stopped the run", file=sys.stderr)

    def test_the_test_can_see(self):
        """A disk that forgets what was synced as well: then something is lost, and this test would notice."""
        self.lay_out({"out": {"from": "per_minute", "plugin": "file", "path": "out.jsonl"}})
        done = self.live(self.disk.environment(10**6))
        self.assertEqual(done.code, 0)
        for kept in (self.disk.shadow / "f").iterdir():
            kept.write_bytes(b"")
        self.disk.fail()
        self.assertEqual(self.read("out.jsonl"), b"")


if __name__ == "__main__":
    main()
