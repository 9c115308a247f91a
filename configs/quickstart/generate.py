#!/usr/bin/python3
"""Writes the quickstart's sample: Wikipedia recentchange events as the live service sends them.

The output is a pure function of the arguments. It holds what makes real streams hard: disorder of a few
seconds, stragglers minutes late, canary events, broken lines, missing times and one event of the year 2099.
--describe prints the truth about it, so that a run can be compared with what was put in.
Events are pasted from string templates: an encoder per event would be ten times slower, and benchmarks
need files of a gigabyte.
"""
import argparse
import json
import random
import sys
import time

import vocabulary

START_S = 1760000405          # 2025-10-09T09:00:05Z
OUT_OF_ORDERNESS_S = 5
KINDS = ("edit", "categorize", "log", "new", "external", "142")
KIND_BOUNDS = (0.64, 0.85, 0.93, 0.985, 0.999, 1.0)
FILLER = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor " * 1000
LOG_PARAMS = (
    '"log_params":{"action":"edit","filter":"12","actions":"tag","log":77001},', '"log_params":[],',
    '"log_params":["6","infinite"],', '"log_params":"4::target",', '"log_params":{"curid":2001,"auto":0},', "")
LOG_TYPES = (("abusefilter", "hit", -1), ("patrol", "patrol", 0), ("upload", "overwrite", 6),
             ("move", "move", 0), ("block", "block", 2), ("newusers", "create", 2))


class Generator:
    """Yields (line without newline, fact) with fact = (kind, wiki, is_bot, event time in s, bytes changed)."""

    def __init__(self, seed, rate, clean):
        self.rng = random.Random(seed)
        self.rate, self.clean = rate, clean
        self.wikis, self.pick_wiki = vocabulary.wikis(self.rng)
        self.people, self.bots = vocabulary.users(self.rng)
        self.comments = vocabulary.comments(self.rng)
        self.now = float(START_S)
        self.offset = 5_900_000_000
        self.second, self.second_text = None, ""

    def event(self, delay_s=None, time_text=None):
        """One event; `delay_s` makes it a straggler, `time_text` replaces the number of its timestamp."""
        random_ = self.rng.random
        self.now += 2 * random_() / self.rate
        wiki = self.pick_wiki()
        page = wiki.pages[int(random_() * len(wiki.pages))]
        roll, kind = random_(), 0
        while roll >= KIND_BOUNDS[kind]:
            kind += 1
        kind = KINDS[kind]
        bot = random_() < (0.75 if wiki.weight > 200 else 0.12)
        names = self.bots if bot else self.people
        user = f'"user":"{names[int(random_() * len(names))]}",' if random_() > 0.002 else ""
        comment, parsed = self.comments[int(random_() * len(self.comments))]
        at = int(self.now if self.clean else self.now - self.delay(kind, delay_s))
        body, changed = self.body(kind, wiki, page)
        namespace = 14 if kind == "categorize" else page.namespace
        if kind == "log":
            namespace = body[0]
            body = body[1]
        stamp = f'"timestamp":{at},' if time_text is None else time_text
        ident = self.change_id(kind, wiki)
        line = (f'{self.head(wiki, page)}{ident}"type":"{kind}","namespace":{namespace},"title":"{page.title}",'
                f'"title_url":"{page.url}","comment":"{comment}",{stamp}{user}'
                f'"bot":{"true" if bot else "false"},{body}{wiki.tail}{parsed}"}}')
        return line, (kind, wiki.database, bot, at, changed)

    def delay(self, kind, delay_s):
        """Seconds between an event and its arrival: mostly below one, never above four but for stragglers."""
        if delay_s is not None:
            return delay_s
        roll = self.rng.random()
        if kind == "categorize":
            return 1 + 3 * roll
        return roll * roll if self.rng.random() < 0.8 else 4 * roll

    def head(self, wiki, page):
        self.offset += 1 + int(self.rng.random() * 16)
        second = int(self.now)
        if second != self.second:
            self.second = second
            self.second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return (f'{{"$schema":"/mediawiki/recentchange/1.0.0","meta":{{"uri":"{page.url}","request_id":"{self.uuid()}",'
                f'"id":"{self.uuid()}","domain":"{wiki.host}","stream":"mediawiki.recentchange",'
                f'"dt":"{self.second_text}.{int((self.now - second) * 1000):03d}Z",'
                f'"topic":"eqiad.mediawiki.recentchange","partition":0,"offset":{self.offset}}},')

    def uuid(self):
        text = f"{self.rng.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def change_id(self, kind, wiki):
        """`id` is null or missing for part of the log and external events, so it is no key."""
        wiki.rcid += 1
        if kind in ("log", "external"):
            roll = self.rng.random()
            if roll < 0.5:
                return '"id":null,' if roll < 0.2 else ""
        return f'"id":{wiki.rcid},'

    def body(self, kind, wiki, page):
        """The fields that depend on the type, and how many bytes the event adds (None: it tells none)."""
        notify = f'"notify_url":"https://{wiki.host}/w/index.php?diff={wiki.revision + 1}&rcid={wiki.rcid}",'
        if kind == "edit":
            return self.edit(wiki, page, notify)
        if kind == "new":
            wiki.revision += 1
            page.length = 30 + int(self.rng.random() * 3000)
            old = '"old":null,' if self.rng.random() < 0.1 else ""
            return (f'{notify}"minor":false,{self.patrolled(wiki)}"length":{{{old}"new":{page.length}}},'
                    f'"revision":{{{old}"new":{wiki.revision}}},'), None
        if kind == "log":
            return self.log(wiki, page), None
        return (notify if kind == "categorize" else '"notify_url":null,"minor":false,'), None

    def edit(self, wiki, page, notify):
        random_ = self.rng.random
        old = page.length
        page.length = max(0, old + int((random_() - 0.4) * 2 ** (11 * random_())))
        wiki.revision += 1
        minor = "true" if random_() < 0.3 else "false"
        return (f'{notify}"minor":{minor},{self.patrolled(wiki)}"length":{{"old":{old},"new":{page.length}}},'
                f'"revision":{{"old":{wiki.revision - 1 - int(random_() * 5000)},"new":{wiki.revision}}},'), \
            page.length - old

    def patrolled(self, wiki):
        if not wiki.patrols:
            return ""
        return '"patrolled":true,' if self.rng.random() < 0.7 else '"patrolled":false,'

    def log(self, wiki, page):
        kind, action, namespace = LOG_TYPES[int(self.rng.random() * len(LOG_TYPES))]
        params = LOG_PARAMS[int(self.rng.random() * len(LOG_PARAMS))]
        wiki.log += 1
        number = "0" if kind == "abusefilter" else str(wiki.log)
        return namespace, (f'"log_id":{number},"log_type":"{kind}","log_action":"{action}",{params}'
                           f'"log_action_comment":"{action}: [[{page.title}]]",')

    def canary(self, topic):
        """Only $schema and meta, as the service makes them from the schema's example."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(self.now)))
        return (f'{{"$schema":"/mediawiki/recentchange/1.0.1","meta":{{"id":"{self.uuid()}","dt":"{stamp}.000Z",'
                f'"stream":"mediawiki.recentchange","domain":"canary","topic":"{topic}.mediawiki.recentchange",'
                f'"partition":0,"offset":{self.offset if topic == "eqiad" else 71}}}}}')


def broken(generator, how):
    """A line that no reader may accept; `how` names the damage."""
    line = generator.event()[0].encode()
    if how == "text":
        return b"upstream connect error or disconnect/reset before headers"
    if how == "cut":
        return line[:line.index(b'"comment"')]
    if how == "unclosed":
        return line[:line.index(b'"title":"') + 12]
    if how == "utf8":
        return line.replace(b'"comment":"', b'"comment":"\xff\xc3\x28', 1)
    return line + b' {"again":1}'


def special_lines(generator, events):
    """{index of the event before which it stands: function giving (line, kind)}; none of them carries a usable time."""
    places = {}
    for number, how in enumerate(("cut", "utf8", "text", "unclosed", "trailing") * 2):
        places.setdefault((2 * number + 1) * events // 20, (lambda h=how: broken(generator, h), "broken"))
    for number in range(events // 3333):
        topic = ("eqiad", "codfw")[number % 2]
        places.setdefault(number * 3333 + 1234, (lambda t=topic: generator.canary(t).encode(), "canary"))
    future = '"timestamp":4083955200,'    # 2099-06-01
    places.setdefault(events * 2 // 5 + 7, (lambda: generator.event(time_text=future)[0].encode(), "year_2099"))
    for place, text in ((events // 4 + 3, ""), (events * 3 // 4 + 3, '"timestamp":null,')):
        places.setdefault(place, (lambda t=text: generator.event(time_text=t)[0].encode(), "missing_time"))
    return places


def lines(options):
    """Yields (line as bytes, fact or the name of what is wrong with it)."""
    generator = Generator(options.seed, options.rate, options.clean)
    special = {} if options.clean else special_lines(generator, options.events)
    rng, wanted, written = generator.rng, options.bytes, 0
    for index in range(options.events):
        if index in special:
            make, kind = special[index]
            yield make(), kind
        delay = None
        # One event in 125 comes 20 s to 5 min late; of these about half miss a window kept open for 30 s.
        if not options.clean and rng.random() < 0.008:
            delay = 20 + rng.random() * (70 if rng.random() < 0.3 else 280)
        line, fact = generator.event(delay)
        line = line.encode()
        if wanted:
            written += len(line)
            missing = wanted * (index + 1) - written
            if missing > 0:
                line = line[:-2] + FILLER[:missing].encode() + b'"}'
                written += min(missing, len(FILLER))
        yield line, fact


class Truth:
    """Counts what was written, and what a tumbling minute must call late, by the definition of the watermark."""

    def __init__(self):
        self.counts = dict.fromkeys(("lines", "bytes", "events", "broken", "canary", "year_2099", "missing_time",
                                     "human_edits", "human_edit_bytes"), 0)
        self.late = {"all": {"0s": 0, "30s": 0}, "human_edits": {"0s": 0, "30s": 0}}
        self.types, self.wikis = {}, {}
        self.first = self.largest = None
        self.disordered = 0

    def add(self, line, fact):
        counts = self.counts
        counts["lines"] += 1
        counts["bytes"] += len(line) + 1
        if isinstance(fact, str):
            counts[fact] += 1
            return
        kind, wiki, bot, at, changed = fact
        counts["events"] += 1
        self.types[kind] = self.types.get(kind, 0) + 1
        self.wikis[wiki] = self.wikis.get(wiki, 0) + 1
        human_edit = kind == "edit" and not bot
        if human_edit:
            counts["human_edits"] += 1
            counts["human_edit_bytes"] += changed
        self.judge(at, human_edit)

    def judge(self, at, human_edit):
        if self.largest is not None:
            self.disordered += at < self.largest
            end = at // 60 * 60 + 60
            for name, lateness in (("0s", 0), ("30s", 30)):
                if self.largest - OUT_OF_ORDERNESS_S >= end + lateness:
                    self.late["all"][name] += 1
                    self.late["human_edits"][name] += human_edit
        self.first = at if self.first is None else min(self.first, at)
        self.largest = at if self.largest is None else max(self.largest, at)

    def report(self):
        source_errors = sum(self.counts[k] for k in ("broken", "canary", "year_2099", "missing_time"))
        wikis = sorted(self.wikis.items(), key=lambda item: (-item[1], item[0]))
        return {**self.counts, "source_errors": source_errors, "disordered": self.disordered,
                "first_time": self.first, "last_time": self.largest,
                "late_by_allowed_lateness": self.late, "types": self.types, "wikis": dict(wikis)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20000, help="events, without the broken and odd lines added to them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", metavar="FILE", help="default: standard output (nothing with --describe)")
    parser.add_argument("--bytes", type=int, default=0, metavar="N", help="pad to N bytes on average; default: natural, about 1 KB")
    parser.add_argument("--rate", type=float, default=12.5, help="events per second of event time")
    parser.add_argument("--clean", action="store_true", help="in order, no odd or broken lines (benchmarks)")
    parser.add_argument("--describe", action="store_true", help="print the truth about the sample as JSON")
    options = parser.parse_args()
    truth = Truth() if options.describe else None
    out = None
    if options.out:
        out = open(options.out, "wb", buffering=1 << 20)
    elif not truth:
        out = sys.stdout.buffer
    for line, fact in lines(options):
        if out:
            out.write(line)
            out.write(b"\n")
        if truth:
            truth.add(line, fact)
    if out:
        out.flush()
    if truth:
        print(json.dumps(truth.report(), indent=2))


if __name__ == "__main__":
    main()
