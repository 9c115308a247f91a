"""Topics, clusters and their records: what Kafka holds behind the service.

Each stream has one topic per data centre. One data centre is active, the other gets only canaries, until a
switch-over. Every cluster mirrors all topics with offsets of its own, so an offset means nothing elsewhere.
Kafka times are wrong on purpose: runs of equal milliseconds, and steps back and forth.
"""
from bisect import bisect_left
from dataclasses import dataclass, field

from wiki import content

STREAMS = {"recentchange": "mediawiki.recentchange", "revision-create": "mediawiki.revision-create",
           "page-create": "mediawiki.page-create", "page-delete": "mediawiki.page-delete",
           "page-move": "mediawiki.page-move", "page-undelete": "mediawiki.page-undelete",
           "page-properties-change": "mediawiki.page-properties-change",
           "page-links-change": "mediawiki.page-links-change",
           "mediawiki.page_change.v1": "mediawiki.page_change.v1", "test": "test.event"}
STREAMS.update({"mediawiki.recentchange": "mediawiki.recentchange"})
CENTRES = ("eqiad", "codfw")
OFFSET_STEP = 7    # transaction markers and other partitions' traffic leave gaps on real topics, too


@dataclass(slots=True)
class Record:
    index: int
    topic: str
    place: int              # position in its topic's log
    sent_ms: int            # logical time at which consumers can see it
    kafka_ms: int           # the timestamp that Kafka stored
    event_s: object
    uid: object
    kind: str
    make: object            # gives the payload when somebody asks: a dict to complete with meta, or raw bytes
    same_as: object = None  # index of the record whose meta.id (or wiki and id) it repeats
    served: list = field(default_factory=list)


class Topic:
    """The log of one topic. `newest` is the running maximum of Kafka times, which the time index searches."""

    def __init__(self, name, number):
        self.name, self.number = name, number
        self.records, self.newest = [], []

    def append(self, record):
        self.records.append(record)
        self.newest.append(max(record.kafka_ms, self.newest[-1] if self.newest else record.kafka_ms))

    def offset(self, cluster, place):
        return 5_900_000_000 + 1_000_003 * self.number - 1_300_000_007 * cluster + OFFSET_STEP * place

    def place_of_offset(self, cluster, offset):
        return -((self.offset(cluster, 0) - offset) // OFFSET_STEP)

    def place_of_time(self, at_ms):
        """The first record stamped at or after `at_ms`, as Kafka's time index finds it; the end if none."""
        return bisect_left(self.newest, at_ms)

    def oldest(self, keep_from_ms):
        return bisect_left(self.newest, keep_from_ms)


class Model:
    """Produces records as the logical clock passes, from (seed, index) or from a script."""

    def __init__(self, options, clock):
        self.options, self.clock = options, clock
        self.topics, self.log = {}, []
        for stream in dict.fromkeys(STREAMS.values()):
            for centre in CENTRES:
                name = f"{centre}.{stream}"
                self.topics[name] = Topic(name, len(self.topics))
        self.active = CENTRES.index(options.active)
        self.switch_at = set(options.switch_at)
        self.next_index = self.forgotten = 0
        self.script = sorted(options.script_records, key=lambda one: one["at_ms"])

    def due_ms(self):
        """When the next record comes, or None when none is left."""
        if self.options.script:
            return self.clock.start_ms + self.script[0]["at_ms"] if self.script else None
        if self.options.records and self.next_index >= self.options.records:
            return None
        return self.nominal_ms(self.next_index)

    def nominal_ms(self, index):
        return self.clock.start_ms - self.options.history_ms + int(index * 1000 / self.options.rate)

    def produce(self):
        """Brings all topics up to the present."""
        now = self.clock.now_ms()
        while (due := self.due_ms()) is not None and due <= now:
            if self.options.script:
                self.add_given(self.script.pop(0), due)
            else:
                self.add_made(self.next_index)
        if self.options.forget_ms:
            self.forget(now - 2 * self.options.forget_ms)

    def forget(self, before_ms):
        """Nobody is served these any more: their places stay, what they were goes."""
        while self.forgotten < len(self.log) and self.log[self.forgotten].sent_ms < before_ms:
            record, self.log[self.forgotten] = self.log[self.forgotten], None
            self.topics[record.topic].records[record.place] = None
            self.forgotten += 1

    def switch_over(self):
        self.active = 1 - self.active

    def add_made(self, index):
        if index in self.switch_at:
            self.switch_over()
        seed, streams = self.options.seed, self.options.stream_names
        sent = self.nominal_ms(index)
        kafka_ms = self.kafka_ms(index)
        every = self.options.canary_every
        if every and index % every >= every - 2:
            centre = self.active if index % every == every - 1 else 1 - self.active
            stream = STREAMS[streams[0]]
            uid = content.uuid(seed, index)
            return self._add(f"{CENTRES[centre]}.{stream}", sent, kafka_ms, None, uid, "canary",
                             lambda: content.canary(uid, stream, kafka_ms))
        stream = STREAMS[streams[index % len(streams)]]
        event_s = sent // 1000 - content.mix(seed, "lag", index) % 3
        if content.mix(seed, "straggler", index) % 200 == 0:
            event_s -= 90
        origin, same_as, uid = index, None, content.uuid(seed, index)
        previous = self.log[-1] if self.log else None
        if previous and previous.kind == "change" and previous.same_as is None and index % 97 in (50, 75):
            # 50: a producer's retry, same meta.id; 75: produced twice, so only wiki and id repeat.
            origin, same_as, event_s = previous.index, previous.index, previous.event_s
            uid = previous.uid if index % 97 == 50 else uid
        return self._add(f"{CENTRES[self.active]}.{stream}", sent, kafka_ms, event_s, uid, "change",
                         lambda: content.change(seed, origin, uid, stream, event_s, kafka_ms), same_as)

    def kafka_ms(self, index):
        """Time stamped on record `index`: a third of the runs of eight share one, a fifth are a bit off."""
        seed = self.options.seed
        run = index - index % 8
        at = self.nominal_ms(run if content.mix(seed, "run", run) % 3 == 0 else index)
        return at + {0: -6, 1: 5}.get(content.mix(seed, "skew", index) % 10, 0)

    def add_given(self, given, sent_ms):
        """A record from a script or from /_sim/emit; whatever it leaves out is filled in."""
        unknown = set(given) - {"at_ms", "stream", "centre", "kafka_ms", "data", "raw"}
        if unknown:
            raise ValueError(f"unknown key {sorted(unknown)}")
        stream = STREAMS[given.get("stream", "recentchange")]
        topic = f"{given.get('centre', CENTRES[self.active])}.{stream}"
        kafka_ms = given.get("kafka_ms", sent_ms)
        if "raw" in given:
            return self._add(topic, sent_ms, kafka_ms, None, None, "raw", given["raw"].encode)
        payload = dict(given["data"])
        payload["meta"] = {"id": content.uuid(self.options.seed, "given", len(self.log)), "stream": stream,
                           "dt": content.rfc3339_ms(kafka_ms), **payload.get("meta", {})}
        kind = "canary" if payload["meta"].get("domain") == "canary" else "change"
        return self._add(topic, sent_ms, kafka_ms, payload.get("timestamp"), payload["meta"]["id"], kind, lambda: payload)

    def _add(self, topic_name, sent_ms, kafka_ms, event_s, uid, kind, make, same_as=None):
        topic = self.topics[topic_name]
        record = Record(len(self.log), topic_name, len(topic.records), sent_ms, kafka_ms, event_s, uid, kind,
                        make, same_as)
        topic.append(record)
        self.log.append(record)
        self.next_index += 1
        return record
