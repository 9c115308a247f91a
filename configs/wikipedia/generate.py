#!/usr/bin/python3
"""Writes edits.jsonl: three hours of Wikipedia's recentchange stream, with edit wars in it.

The events are those of the quickstart's generator. A war is two or three people who undo each other on one page, a few
minutes apart, in the words that MediaWiki itself puts into the comment. A pure function of the arguments.
"""
import argparse
import json
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "quickstart"))

import generate as quickstart    # noqa: E402

UNDONE = ("Undid revision {0} by [[Special:Contributions/{1}|{1}]] ([[User talk:{1}|talk]])",
          "Reverted edits by [[Special:Contributions/{1}|{1}]] to last version", "rv, see the talk page")


class Wars:
    """Turns some edits of the stream into blows of a war; each war has its page, its people and its next moment."""

    def __init__(self, rng, events):
        self.rng = rng
        self.begin = sorted(rng.randrange(events) for _ in range(max(1, events // 1500)))
        self.open = []

    def start(self, index, event):
        while self.begin and self.begin[0] <= index and event["type"] == "edit" and not event["bot"]:
            self.begin.pop(0)
            people = self.rng.sample([f"ExampleUser{n}" for n in range(400)], self.rng.choice((2, 2, 3)))
            self.open.append({"page": event, "people": people, "left": self.rng.randrange(2, 9), "next": index + 30})

    def strike(self, index, event):
        """The event as a blow, if one is due."""
        if event["type"] != "edit" or "length" not in event:
            return event
        for war in self.open:
            if index < war["next"] or not war["left"]:
                continue
            war["left"] -= 1
            war["next"] = index + self.rng.randrange(60, 700)
            war["people"].append(war["people"].pop(0))
            page = war["page"]
            same = {key: page[key] for key in ("wiki", "title", "title_url", "namespace", "server_url", "server_name")}
            comment = self.rng.choice(UNDONE).format(event["revision"]["old"], war["people"][0])
            return event | same | {"user": war["people"][-1], "bot": False, "comment": comment, "parsedcomment": comment,
                                   "meta": event["meta"] | {"uri": page["meta"]["uri"], "domain": page["meta"]["domain"]}}
        return event


def lines(events, seed):
    generator = quickstart.Generator(seed, events / 10800, clean=False)
    wars = Wars(random.Random(seed), events)
    for index in range(events):
        delay = 20 + generator.rng.random() * 300 if generator.rng.random() < 0.002 else None
        event = json.loads(generator.event(delay)[0])
        if "timestamp" in event:
            wars.start(index, event)
            event = wars.strike(index, event)
        yield json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", default=".")
    parser.add_argument("--events", type=int, default=30000)
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args()
    with open(pathlib.Path(options.out) / "edits.jsonl", "w", encoding="utf-8") as out:
        for line in lines(options.events, options.seed):
            out.write(line + "\n")


if __name__ == "__main__":
    main()
