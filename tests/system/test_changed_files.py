"""Files that are not as a run left them: outputs and inputs that were cut, replaced or removed."""
import os

from program import SystemTest, at, counting, main, paced


class FilesNotAsTheyWere(SystemTest):
    def setUp(self):
        super().setUp()
        self.write("in.jsonl", [at(0), at(61), at(121)])
        self.write("p.json", counting())

    def assert_fails(self, path, *remedies):
        done = self.run_to_end(code=1)
        self.assert_says(done, path)
        self.assertTrue(any(remedy in done.stderr for remedy in remedies), done)
        self.assertEqual(done.report["outcome"], "failed")
        return done

    def test_output_is_shorter(self):
        self.run_to_end()
        os.truncate(self.folder / "out.jsonl", 10)
        self.assert_fails("out.jsonl", "--fresh")
        self.assertEqual(self.size("out.jsonl"), 10, "nothing is written to it")

    def test_output_is_gone(self):
        self.run_to_end()
        os.unlink(self.folder / "out.jsonl")
        self.assert_fails("out.jsonl", "--fresh")

    def test_output_is_replaced(self):
        self.run_to_end()
        content = self.read("out.jsonl")
        self.write("new", content[::-1] + b"more\n")
        os.replace(self.folder / "new", self.folder / "out.jsonl")
        self.assert_fails("out.jsonl", "--fresh")
        self.assertEqual(self.read("out.jsonl"), content[::-1] + b"more\n")

    def test_output_put_back_goes_on(self):
        self.run_to_end()
        content = self.read("out.jsonl")
        os.truncate(self.folder / "out.jsonl", 10)
        self.assert_fails("out.jsonl", "--fresh")
        (self.folder / "out.jsonl").write_bytes(content)
        self.append("in.jsonl", [at(181)])
        self.run_to_end()
        self.assertEqual([row["n"] for row in self.lines("out.jsonl")], [1, 1, 1, 1])

    def test_input_is_shorter(self):
        self.run_to_end()
        os.truncate(self.folder / "in.jsonl", 10)
        self.assert_fails("in.jsonl", "--fresh", "--forget")

    def test_input_is_replaced(self):
        self.run_to_end()
        self.write("in.jsonl.new", [at(second, "other") for second in range(300, 310)])
        os.replace(self.folder / "in.jsonl.new", self.folder / "in.jsonl")
        self.assert_fails("in.jsonl", "--fresh", "--forget")

    def assert_ends(self, run, change):
        """`run` has put out rows when `change` happens, and fails by it."""
        self.wait_until("rows", lambda: self.size("out.jsonl") > 0, run)
        change()
        done = run.wait()
        self.assertEqual(done.code, 1, done)
        self.assert_says(done, "in.jsonl")
        self.assertEqual(done.report["outcome"], "failed")

    def while_read(self, change):
        """`change` happens while a large file is read slowly."""
        self.write("in.jsonl", [at(i / 100, note="x" * 100) for i in range(50_000)])
        self.write("p.json", counting(paced(60)))
        run = self.start(env={"MILLRACE_BATCH_RECORDS": "100"})
        self.assert_ends(run, change)

    def test_input_is_cut_while_it_is_read(self):
        self.while_read(lambda: os.truncate(self.folder / "in.jsonl", 1000))

    def while_followed(self, change):
        """`change` happens to the input while it is followed; then more than before lies there."""
        self.write("p.json", counting({"follow": True}))
        run = self.start()
        self.assert_ends(run, change)

    def test_input_is_cut_while_it_is_followed(self):
        self.while_followed(lambda: os.truncate(self.folder / "in.jsonl", 5))

    def test_input_is_replaced_while_it_is_followed(self):
        self.write("next.jsonl", [at(second) for second in range(200, 230)])
        self.while_followed(lambda: os.replace(self.folder / "next.jsonl", self.folder / "in.jsonl"))

    def test_input_is_removed_while_it_is_followed(self):
        self.while_followed((self.folder / "in.jsonl").unlink)


if __name__ == "__main__":
    main()
