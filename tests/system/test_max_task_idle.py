"""How long a merge waits for an input that has nothing (R22)."""
import time

from program import START_S, SystemTest, at, counting, main


class MaxTaskIdle(SystemTest):
    def live(self, idle):
        """Two followed files, the second silent."""
        config = counting({"follow": True, "path": "busy.jsonl"}, {"from": ["in", "quiet"], "max_task_idle": idle})
        config["sources"]["quiet"] = {**config["sources"]["in"], "path": "quiet.jsonl"}
        config["sinks"]["passed"] = {"from": "all", "plugin": "file", "path": "passed.jsonl"}
        config["operators"]["all"] = {"from": ["in", "quiet"]}
        self.write("p.json", config)
        self.write("busy.jsonl", [at(t) for t in (10, 20, 30)])
        self.write("quiet.jsonl", [at(5)])

    def passed(self):
        return [row["t"] - START_S for row in self.lines("passed.jsonl")] if self.size("passed.jsonl") else []

    def test_R22_zero_goes_on_at_the_proven_end(self):
        self.live("0s")
        run = self.start()
        self.wait_until("all", lambda: self.passed() == [5, 10, 20, 30], run)
        run.signal()
        run.wait()

    def test_R22_a_while_is_waited_behind_the_proven_end(self):
        self.live("1500ms")
        began = time.monotonic()
        run = self.start()
        self.wait_until("the first", lambda: self.passed()[:1] == [5], run)
        self.wait_until("all", lambda: len(self.passed()) == 4, run)
        self.assertGreater(time.monotonic() - began, 1.4)
        run.signal()
        run.wait()

    def test_R22_unlimited_waits_for_every_input(self):
        self.live("unlimited")
        run = self.start()
        self.wait_until("the first", lambda: self.passed()[:1] == [5], run)
        time.sleep(1)
        self.assertEqual(self.passed(), [5])
        self.append("quiet.jsonl", [at(25)])
        self.wait_until("what is earlier than 25", lambda: self.passed() == [5, 10, 20, 25], run)
        run.signal()
        run.wait()


if __name__ == "__main__":
    main()
