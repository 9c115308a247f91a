"""Full disks, places that cannot be written or read, and things that are not what they should be."""
import json
import os
import random
import stat
import subprocess

from program import SystemTest, at, counting, environment, main, passing

SMALL = "size=256k"


def records(number):
    """Rows of about 100 bytes that do not compress away."""
    rng = random.Random(7)
    return [at(i // 10, key=f"k{rng.randrange(10**9)}", note=f"{rng.getrandbits(200):050x}") for i in range(number)]


class FullDisk(SystemTest):
    """On a small tmpfs: exit 1, a clear sentence; with room again the rerun completes with the same bytes."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root to mount a small tmpfs")
        self.small = self.folder / "small"
        self.small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL, "none", self.small], capture_output=True).returncode:
            self.skipTest("mounting a tmpfs is not allowed here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.small], check=True)
        self.write("in.jsonl", records(20_000))

    def more_room(self):
        subprocess.run(["mount", "-o", "remount,size=64m", self.small], check=True)

    def assert_full(self, done, path):
        self.assertEqual(done.code, 1, done)
        self.assert_says(done, path)
        self.assertRegex(done.stderr, "(?i)no space|disk.*full|full.*disk|space left")
        self.assertRegex(done.stderr, "(?i)free|room|space")
        self.assertEqual(done.report["outcome"], "failed")

    def complete(self, config, output, expected):
        before = self.read(output) if (self.folder / output).exists() else b""
        self.more_room()
        done = self.run_to_end(env={"MILLRACE_COMMIT_RECORDS": "500"}, config=config)
        self.assertTrue(self.read(output) == expected, f"{len(self.read(output))} of {len(expected)} bytes")
        self.assertEqual(done.report["total"]["sources"]["in"]["records"], 20_000)
        return before

    def fill(self, config, path, **keywords):
        done = self.run_to_end(env={"MILLRACE_COMMIT_RECORDS": "500"}, config=config, code=None, **keywords)
        self.assert_full(done, path)
        return done

    def test_under_an_output(self):
        config = passing()
        config["sinks"]["out"]["path"] = "small/out.jsonl"
        self.write("p.json", config)
        done = self.fill("p.json", "small/out.jsonl")
        committed = done.report["total"]["sinks"]["out"]["bytes"]
        self.assertEqual(self.fill("p.json", "small/out.jsonl").report["commits"], 0, "a second try is no different")
        content = self.read("in.jsonl")
        self.assertTrue(content.startswith(self.read("small/out.jsonl")[:committed]), "what was committed is there")
        self.assertGreater(committed, 0)
        self.complete("p.json", "small/out.jsonl", content)

    def test_under_a_rolled_output(self):
        config = passing()
        config["sinks"]["out"] = {"from": "in", "plugin": "file", "dir": "small/parts", "roll": {"size": "64KiB"}}
        self.write("p.json", config)
        self.fill("p.json", "small/parts")
        self.more_room()
        self.run_to_end(env={"MILLRACE_COMMIT_RECORDS": "500"})
        parts = sorted((self.folder / "small/parts").iterdir())
        self.assertTrue(b"".join(part.read_bytes() for part in parts) == self.read("in.jsonl"))

    def test_under_the_state(self):
        """State that grows with its groups; LMDB maps its file, so a full disk must not become SIGBUS."""
        config = counting({"schema": {"k": "text"}}, {"window": {"tumbling": "1d"}}, commit={"dir": "small/state"})
        self.write("p.json", config)
        self.write("reference.json", {**config, "commit": {"dir": "elsewhere"}, "pipeline": "reference"})
        self.run_to_end(config="reference.json")
        expected = self.read("out.jsonl")
        os.unlink(self.folder / "out.jsonl")
        self.fill("p.json", "small/state")
        self.complete("p.json", "out.jsonl", expected)

    def test_under_the_dead_letters(self):
        self.write("p.json", passing() | {"dead_letters": "small/letters"})
        bad = b"".join(b"broken %030d\n" % i for i in range(20_000))
        self.write("in.jsonl", bad)
        self.fill("p.json", "small/letters")
        self.more_room()
        self.run_to_end(env={"MILLRACE_COMMIT_RECORDS": "500"})
        values = [json.loads(line)["value"] for line in self.read("small/letters/in.errors.jsonl").splitlines()]
        self.assertTrue("".join(value + "\n" for value in values).encode() == bad)

    def test_from_the_start(self):
        """Not even the state fits: the pipeline was never begun, and nothing is half there."""
        (self.small / "filling").write_bytes(b"x" * 256 * 1024)
        self.write("p.json", counting(commit={"dir": "small/state"}))
        done = self.run_to_end(code=1)
        self.assert_says(done, "small/state")
        os.unlink(self.small / "filling")
        self.more_room()
        self.run_to_end()

    def test_under_the_report(self):
        (self.small / "filling").write_bytes(b"x" * 256 * 1024)
        self.write("p.json", passing())
        done = self.run_to_end("--report", "small/report.json", code=1)
        self.assert_says(done, "small/report.json")
        self.assertEqual(self.read("out.jsonl"), self.read("in.jsonl"), "the run itself was done")


class Unwritable(SystemTest):
    def setUp(self):
        super().setUp()
        self.write("in.jsonl", [at(0), at(61)])

    def assert_refused(self, config, *texts):
        self.write("p.json", config)
        done = self.run_to_end(code=None)
        self.assertIn(done.code, (1, 2), done)
        self.assert_says(done, *texts)
        return done

    def assert_told(self, config, pointer, *texts):
        """Also by `check`, which touches nothing."""
        self.assert_refused(config, *texts)
        before = sorted(self.folder.rglob("*"))
        self.assert_says(self.verb("check", "p.json", code=2), "p.json:", f" {pointer}: ", "cannot be written", "choose another place", *texts)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def read_only(self, name):
        """A folder in which nothing can be made, for root too where a mount is allowed."""
        place = self.folder / name
        place.mkdir()
        if os.geteuid() != 0:
            place.chmod(stat.S_IRUSR | stat.S_IXUSR)
            self.addCleanup(place.chmod, stat.S_IRWXU)
        elif subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", place], capture_output=True).returncode:
            self.skipTest("root may write everywhere, and mounting is not allowed here")
        else:
            self.addCleanup(subprocess.run, ["umount", "-l", place], check=True)

    def output(self, path, **more):
        return counting(sinks={"out": {"from": "per_minute", "plugin": "file", "path": path, **more}})

    def test_output_below_a_file(self):
        self.assert_told(self.output("in.jsonl/out.jsonl"), "/sinks/out/path", "in.jsonl")

    def test_parts_below_a_file(self):
        self.assert_told(counting(sinks={"out": {"from": "per_minute", "plugin": "file", "dir": "in.jsonl/a/b"}}), "/sinks/out/dir", "in.jsonl")

    def test_dead_letters_below_a_file(self):
        self.assert_told(counting(dead_letters="in.jsonl/letters"), "/dead_letters", "in.jsonl")

    def test_output_is_a_folder(self):
        (self.folder / "place").mkdir()
        self.assert_refused(self.output("place"), "/sinks/out", "place is a directory", "use dir")
        self.assert_says(self.verb("check", "p.json", code=2), "p.json:", "/sinks/out: ", "place is a directory", "use dir")

    def test_output_in_a_read_only_folder(self):
        self.read_only("place")
        self.assert_told(self.output("place/out.jsonl"), "/sinks/out/path", "place/out.jsonl")

    def test_state_in_a_read_only_folder(self):
        self.read_only("place")
        self.assert_told(counting(commit={"dir": "place"}), "/commit/dir", "place")
        self.assertEqual(self.size("out.jsonl"), 0)

    def test_state_below_a_file(self):
        config = counting(commit={"dir": "in.jsonl/state"})
        self.assert_refused(config, "in.jsonl", "/commit/dir")
        self.assert_told(config, "/commit/dir", "in.jsonl")
        self.assert_says(self.verb("check", "p.json", "--state", "in.jsonl/other", code=2), "--state: ", "in.jsonl/other")

    def test_places_that_are_yet_to_be_made_are_no_fault(self):
        config = self.output("new/folders/out.jsonl")
        config["sinks"]["parts"] = {"from": "per_minute", "plugin": "file", "dir": "new/parts"}
        self.write("p.json", {**config, "commit": {"dir": "new/state"}, "dead_letters": "new/letters"})
        self.verb("check", "p.json")
        self.assertEqual([path.name for path in self.folder.iterdir() if path.is_dir()], [])

    def test_report_below_a_file(self):
        self.write("p.json", counting())
        done = self.run_to_end("--report", "in.jsonl/report.json", code=2)
        self.assert_says(done, "--report: ", "in.jsonl/report.json cannot be written")
        self.assertFalse((self.folder / "out.jsonl").exists(), "told before anything was read, not behind a long run")

    def test_folders_of_the_report_are_made(self):
        self.write("p.json", counting())
        self.run_to_end("--report", "new/folders/report.json")
        self.assertEqual(json.loads(self.read("new/folders/report.json"))["outcome"], "ended")

    def test_output_that_the_source_reads(self):
        """Also one that only the next run would find, by a pattern."""
        self.write("other.jsonl", [at(0)])
        (self.folder / "link.jsonl").symlink_to("in.jsonl")
        for read, written in (("in.jsonl", "./in.jsonl"), ("in.jsonl", "link.jsonl"), ("*.jsonl", "new.jsonl"), (["in.jsonl", "o*"], "out.jsonl"),
                              (f"{self.folder}/?n.jsonl", "on.jsonl")):
            with self.subTest(read=read, written=written):
                self.assert_refused({**self.output(written), "sources": {"in": {**counting()["sources"]["in"], "path": read}}},
                                    "/sinks/out", written, 'which source "in" reads')
        config = counting({"path": "*/*.ndjson"}, sinks={"out": {"from": "per_minute", "plugin": "file", "dir": "parts"}})
        (self.folder / "old").mkdir()
        self.write("old/a.ndjson", [at(0)])
        self.assert_refused(config, "/sinks/out", "parts/part-000000.ndjson", 'which source "in" reads')
        self.write("p.json", counting({"path": "*/*.ndjson"}))
        self.run_to_end()

    def test_two_sinks_on_one_path(self):
        sinks = {name: {"from": "per_minute", "plugin": "file", "path": path}
                 for name, path in (("out", "out.jsonl"), ("again", "./out.jsonl"))}
        done = self.assert_refused(counting(sinks=sinks), "p.json:", "/sinks/again/path", '"out"')
        self.assertEqual(done.code, 2)

    def test_damaged_state(self):
        """Never a crash, and never a silent start from nothing. (An empty file is what a kill at the first start leaves.)"""
        self.write("p.json", counting())
        self.run_to_end()
        rows = self.read("out.jsonl")
        data = self.folder / ".millrace/p/state/data.mdb"
        whole = data.read_bytes()
        for damage in (b"garbage" * 1000, whole[:5000], b"\0" * len(whole)):
            with self.subTest(length=len(damage), start=damage[:7]):
                data.write_bytes(damage)
                done = self.run_to_end(code=1)
                self.assert_says(done, ".millrace/p/state")
                self.assertEqual(self.read("out.jsonl"), rows)
        data.write_bytes(whole)
        self.run_to_end()

    def test_damaged_state_goes_with_fresh(self):
        """The remedy that the refusal names. Where the output began only the state knew: its rows stay."""
        self.write("p.json", counting())
        rows = b""
        for damage in (None, b"garbage" * 1000, b"\0" * 20000, "cut short"):
            with self.subTest(start=damage and damage[:7]):
                if damage:
                    data = self.folder / ".millrace/p/state/data.mdb"
                    data.write_bytes(data.read_bytes()[:5000] if damage == "cut short" else damage)
                    self.assert_says(self.run_to_end(code=1), "--fresh")
                done = self.run_to_end("--fresh")
                self.assertIn("ended", done.stderr)
                self.assertEqual("cannot be read and is removed" in done.stderr, damage is not None)
                rows += self.read("out.jsonl")[len(rows):]
                self.assertEqual(self.read("out.jsonl"), rows)
        self.assertEqual(len(rows.splitlines()), 4 * len(set(rows.splitlines())))
        self.run_to_end()
        self.assertEqual(self.read("out.jsonl"), rows, "a state like any other")


class OutOfMemory(SystemTest):
    def test_too_little_address_space_is_told(self):
        """Wherever it runs out: a sentence and exit 1, never a death by a signal."""
        self.write("in.jsonl", [at(0, key=f"k{i}") for i in range(20_000)])
        self.write("p.json", counting())
        codes = set()
        for kilobytes in range(100_000, 900_001, 100_000):
            done = subprocess.run(["sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh", *self.command("run", "p.json", "--fresh")], cwd=self.folder,
                                  env=environment(), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
            self.assertIn(done.returncode, (0, 1, 127), (kilobytes, done.stderr))
            if done.returncode == 1:
                self.assertIn(b"millrace: ", done.stderr)
            codes.add(done.returncode)
        self.assertLessEqual({0, 1}, codes)


class Unreadable(SystemTest):
    def assert_refused(self, path, *texts):
        self.write("p.json", counting({"path": path}))
        done = self.run_to_end(code=None)
        self.assertIn(done.code, (1, 2), done)
        self.assert_says(done, *texts)

    def test_missing_input(self):
        self.assert_refused("nowhere/in.jsonl", "nowhere/in.jsonl")

    def test_a_pattern_that_nothing_matches(self):
        self.assert_refused("nowhere-*.jsonl", "nowhere-*.jsonl")

    def test_a_folder_as_input(self):
        (self.folder / "place").mkdir()
        self.assert_refused("place", "place", "directory")

    def test_one_of_several_is_missing(self):
        self.write("in.jsonl", [at(0)])
        self.assert_refused(["in.jsonl", "second.jsonl"], "second.jsonl")

    def test_input_without_permission(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        self.write("in.jsonl", [at(0)]).chmod(0)
        self.assert_refused("in.jsonl", "in.jsonl", "ermission")

    def test_an_output_is_not_read_as_input(self):
        """One file as source and sink would never end or eat itself: refused, or read as it was at the start."""
        self.write("out.jsonl", [at(0), at(61)])
        self.write("p.json", passing(path="out.jsonl"))
        done = self.run_to_end("--for", "5s", code=None)
        self.assertIn(done.code, (1, 2), done)
        self.assert_says(done, "out.jsonl")
        self.assertEqual(len(self.lines("out.jsonl")), 2)


if __name__ == "__main__":
    main()
