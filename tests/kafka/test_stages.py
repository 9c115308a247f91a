#!/usr/bin/env python3
"""Demos of configs/ that write to topics, on a real broker: the last topics must hold what plain Python answers.

  test_stages.py --program build/bin/millrace --plugins build/plugins      exits 77 when there is no broker to be had
"""
import json
import pathlib
import signal
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system"), str(TESTS / "kafka"), str(TESTS / "demos")]

import case                                         # noqa: E402
import configuration                                # noqa: E402
import run                                          # noqa: E402
import weather                                      # noqa: E402
import wikipedia                                    # noqa: E402
from program import main                            # noqa: E402

setUpModule, tearDownModule = case.start_broker, case.stop_broker


class Demos(case.KafkaTest):
    def make(self, demo, *arguments, **topics):
        for topic, partitions in topics.items():
            name = f"{demo}.{topic}"
            self.admin.create_topics([case.admin.NewTopic(name, partitions, 1)])[name].result(30)
            self.wait_until("the topic", lambda name=name: name in self.topics())
        subprocess.run([sys.executable, "-B", configuration.CONFIGS / demo / "generate.py", "--out", self.folder, *arguments], check=True)

    def play(self, name, *arguments, fresh=("--fresh",), code=0, **env):
        path = configuration.CONFIGS / f"{name}.json"
        pages = [f"--set=sinks.{sink}.listen=none" for sink in configuration.sinks_of(path, "page")]
        return self.verb("run", path, *fresh, "--quiet", *pages, *arguments, code=code,
                         env={"KAFKA_BROKERS": case.Shared.broker.address, **env})

    def play_with_a_crash(self, name, *arguments):
        """Killed behind its third commit, and started again: this stage alone, the others know nothing of it."""
        killed = self.play(name, *arguments, code=None, MILLRACE_KILL_AT="commit.logged:3", MILLRACE_BATCH_RECORDS="100",
                           MILLRACE_COMMIT_RECORDS="300")
        self.assertEqual(killed.code, -signal.SIGKILL, killed)
        self.play(name, *arguments, fresh=())

    def rows(self, topic):
        return [json.loads(message.value()) for message in self.messages(topic)]

    def test_three_stages_each_restarted_alone_say_what_one_pipeline_says(self):
        self.make("wikipedia", "--events", "6000", changes=3, minutes=2, wars=1)
        self.play_with_a_crash("wikipedia/stage_1_changes", "--set=sources.edits.event_time.out_of_orderness=10m")
        for stage in ("stage_2_minutes", "stage_3_wars"):
            self.play_with_a_crash(f"wikipedia/{stage}", "--until-end", "--drain", "--set=sources.changes.event_time.out_of_orderness=10m")
        answers = wikipedia.answers(self.folder)
        for topic, name in (("wikipedia.minutes", "per_minute.jsonl"), ("wikipedia.wars", "wars.jsonl")):
            rows = self.rows(topic)
            self.assertGreater(len(answers[name]), 0)
            # last() of two changes in one second goes by the order in the log, which a topic of several partitions does not keep.
            for row in rows + answers[name]:
                row.pop("last_by", None)
            self.assertEqual(run.differences(name, answers[name], rows, None, {}), [])

    def test_weather_goes_to_kafka(self):
        self.make("weather", "--airports", "20", "--polls", "5", current=2, error_by_lead=1)
        self.play("weather/to_kafka")
        answers = weather.answers(self.folder)
        latest = {row["lead"]: row for row in self.rows("weather.error_by_lead")}
        self.assertEqual(run.differences("current", answers["current.jsonl"], self.rows("weather.current"), None, weather.DIGITS), [])
        self.assertEqual(run.differences("errors", answers["error_by_lead.jsonl"], list(latest.values()), ("lead",), weather.DIGITS), [])


if __name__ == "__main__":
    main()
