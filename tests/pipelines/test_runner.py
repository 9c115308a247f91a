"""The runner itself: a stand-in program that copies expected files must pass, one that errs must be caught."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parent
# Finds its case by the pipeline's name and "runs" it by copying; BREAK says how it errs.
STAND_IN = f"""#!{sys.executable}
import json, os, pathlib, shutil, signal, sys, time
name = json.load(open("pipeline.json"))["pipeline"]
case = pathlib.Path({str(FOLDER)!r}) / name
mode = pathlib.Path(sys.argv[0]).name
if "MILLRACE_KILL_AT" in os.environ and not pathlib.Path("dead").exists():
    pathlib.Path("dead").touch(); os.kill(os.getpid(), signal.SIGKILL)
time.sleep(0.05)
for path in case.glob("expected*"):
    data = path.read_bytes()
    if mode == "wrong" and data: data = data[:-2] + b"x" + data[-1:]
    pathlib.Path("out", path.name.removeprefix("expected-").replace(".subset", "")).write_bytes(data)
report = json.loads((case / "report.json").read_text()) if (case / "report.json").exists() else {{}}
if mode == "miscounts": report.get("operators", {{}}).get("per_window", {{}})["late"] = 99
report["total"] = report.copy()
json.dump(report, open("report.json", "w"))
sys.exit(3 if mode == "fails" else 0)
"""


class Runner(unittest.TestCase):
    def run_with(self, name, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / name
            program.write_text(STAND_IN)
            program.chmod(0o755)
            done = subprocess.run([sys.executable, FOLDER / "run.py", "--millrace", program, *arguments],
                                  capture_output=True, text=True)
            return done.returncode, done.stdout + done.stderr

    def test_right_answers_pass_in_every_mode(self):
        code, text = self.run_with("right", "--mode", "all", "--case", "lateness_to_the_tick", "--case", "broken_lines")
        self.assertEqual(code, 0, text)
        self.assertIn("8 runs of 2 cases", text)

    def test_wrong_bytes_are_shown(self):
        code, text = self.run_with("wrong", "--case", "null_group")
        self.assertEqual(code, 1)
        self.assertIn("expected out.jsonl", text)

    def test_wrong_counters_are_named(self):
        code, text = self.run_with("miscounts", "--case", "lateness_to_the_tick")
        self.assertEqual(code, 1)
        self.assertIn("operators.per_window.late is 99, expected 3", text)

    def test_exit_code_is_shown(self):
        code, text = self.run_with("fails", "--case", "null_group")
        self.assertEqual(code, 1)
        self.assertIn("exit 3", text)

    def test_every_case_says_why(self):
        for case in FOLDER.glob("*/pipeline.json"):
            self.assertTrue((case.parent / "why.md").read_text().strip(), case.parent.name)
            self.assertTrue(list(case.parent.glob("expected*")), case.parent.name)


if __name__ == "__main__":
    unittest.main()
