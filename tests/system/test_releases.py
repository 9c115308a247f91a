"""State that another release has written: it opens, or is refused with a sentence, and is never misread."""
import json
import struct

from program import SystemTest, at, counting, main

RECORDS = [at(i * 7, f"k{i % 3}") for i in range(40)]
LIFE = {"MILLRACE_COMMIT_RECORDS": "5", "MILLRACE_BATCH_RECORDS": "5"}
# What releases after the first put into a commit's text; one that reads it must not need it.
ADDED = {"ended", "next_rows", "next_round", "slices_us", "closed_at", "tzdata", "settings"}


def without(meta, names):
    """The same text without these members, at any depth."""
    if isinstance(meta, dict):
        return {key: without(value, names) for key, value in meta.items() if key not in names}
    return [without(one, names) for one in meta] if isinstance(meta, list) else meta


class Releases(SystemTest):
    def lay_out(self):
        """A run that was killed in the midst, with windows open."""
        self.write("p.json", counting())
        self.write("in.jsonl", RECORDS)
        self.assertLess(self.start("--quiet", env={**LIFE, "MILLRACE_KILL_AT": "commit.done:4"}).wait().code, 0)
        self.data = self.folder / ".millrace/p/state/data.mdb"

    def undisturbed(self):
        self.write("p.json", counting())
        self.write("in.jsonl", RECORDS)
        self.run_to_end("--quiet")
        out = self.read("out.jsonl")
        self.clear()
        return out

    def rewrite(self, magic, version):
        """Another version number behind each `magic` in the file; LMDB has no checksums over its pages."""
        bytes_before = self.data.read_bytes()
        found = bytes_before.count(magic + struct.pack("<H", 1))
        self.assertGreater(found, 0)
        self.data.write_bytes(bytes_before.replace(magic + struct.pack("<H", 1), magic + struct.pack("<H", version)))
        return bytes_before

    def refused(self, magic, version, *texts):
        self.lay_out()
        out = self.read("out.jsonl")
        before = self.rewrite(magic, version)
        done = self.run_to_end("--quiet", code=1)
        self.assert_says(done, *texts)
        self.assertEqual(self.read("out.jsonl"), out, "nothing was written")
        self.data.write_bytes(before)
        self.run_to_end("--quiet")          # and nothing was lost
        return self.read("out.jsonl")

    def test_a_newer_state_is_refused_with_a_sentence(self):
        expected = self.undisturbed()
        for magic in (b"MRSL", b"MRSB"):     # the log's record, a block
            self.clear()
            self.assertEqual(self.refused(magic, 2, "has format 2, this release reads up to 1", "newer release"), expected)

    def test_a_format_that_never_was_is_refused(self):
        expected = self.undisturbed()
        self.assertEqual(self.refused(b"MRSL", 0, "no readable format record", "--fresh"), expected)

    def exported(self):
        self.verb("state", "p.json", "--export", "state.ndjson")
        return [json.loads(line) for line in self.read("state.ndjson").splitlines()]

    def imported(self, lines):
        self.write("state.ndjson", lines)
        self.verb("state", "p.json", "--import", "state.ndjson")

    def test_a_newer_text_of_a_commit_is_refused(self):
        self.lay_out()
        lines = self.exported()
        lines[0]["meta"]["format"] = 2
        self.write("state.ndjson", lines)
        done = self.verb("state", "p.json", "--import", "state.ndjson", code=None)
        if done.code == 0:                   # then who reads it refuses it
            done = self.run_to_end("--quiet", code=1)
        self.assert_says(done, "newer release")

    def test_an_older_text_of_a_commit_opens(self):
        """Without what later releases added the run goes on as if nothing had been."""
        expected = self.undisturbed()
        self.lay_out()
        lines = self.exported()
        lines[0]["meta"] = without(lines[0]["meta"], ADDED)
        self.imported(lines)
        self.run_to_end("--quiet")
        self.assertEqual(self.read("out.jsonl"), expected)


if __name__ == "__main__":
    main()
