"""Event bodies as a pure function of (seed, index): the same index gives the same event in every run.

Every shape that readers trip over comes round within a few hundred events: all types, `log_params` as
object, array, string and empty array, null and missing ids, a missing user, lengths without `old`.
"""
import hashlib
import random
import time

WIKIS = (("wikidatawiki", "www.wikidata.org"), ("commonswiki", "commons.wikimedia.org"),
         ("enwiki", "en.wikipedia.org"), ("dewiki", "de.wikipedia.org"), ("jawiki", "ja.wikipedia.org"),
         ("ruwiki", "ru.wikipedia.org"))
TYPES = ("edit",) * 12 + ("categorize",) * 5 + ("new", "log", "log", "external", "142")
LOG_PARAMS = ({"action": "edit", "filter": "12"}, ["6", "infinite"], "4::target", [], None)
TITLES = ("Sample page", "Пример", "例の頁", "مثال", 'Page "quoted"', "Emoji 🙂 page", "Back\\slash")


def mix(seed, *parts):
    """A number of 64 bits that depends on all arguments and on nothing else."""
    text = ":".join(map(str, (seed, *parts))).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def uuid(seed, *parts):
    text = f"{mix(seed, 'a', *parts):016x}{mix(seed, 'b', *parts):016x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def rfc3339_ms(at_ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_ms // 1000)) + f".{at_ms % 1000:03d}Z"


def canary(uid, stream, at_ms):
    return {"$schema": "/mediawiki/recentchange/1.0.1",
            "meta": {"id": uid, "dt": rfc3339_ms(at_ms), "stream": stream, "domain": "canary"}}


def change(seed, index, uid, stream, event_s, at_ms):
    """A recentchange event without what the server adds to `meta` on the wire."""
    rng = random.Random(mix(seed, "content", index))
    wiki, host = WIKIS[min(rng.randrange(12), rng.randrange(len(WIKIS)))]
    kind, title = rng.choice(TYPES), rng.choice(TITLES)
    body = {"$schema": "/mediawiki/recentchange/1.0.0",
            "meta": {"uri": f"https://{host}/wiki/Sample", "request_id": uuid(seed, "request", index), "id": uid,
                     "domain": host, "stream": stream, "dt": rfc3339_ms(at_ms)}}
    if kind != "log" or rng.random() < 0.5:
        body["id"] = None if kind == "external" and rng.random() < 0.5 else 1000 + index
    body.update(type=kind, namespace=_namespace(kind, rng), title=title, title_url=f"https://{host}/wiki/Sample",
                comment=f"change {index} é", timestamp=event_s)
    if rng.random() > 0.01:
        body["user"] = f"ExampleUser{rng.randrange(50)}"
    body["bot"] = rng.random() < 0.3
    body.update(_by_type(kind, index, rng))
    body.update(server_url=f"https://{host}", server_name=host, server_script_path="/w", wiki=wiki,
                parsedcomment=f"<i>change</i> {index} " + "x" * rng.randrange(400))
    return body


def _namespace(kind, rng):
    return 14 if kind == "categorize" else -1 if kind == "log" and rng.random() < 0.3 else rng.choice((0, 0, 0, 1, 6))


def _by_type(kind, index, rng):
    old, new = rng.randrange(5000), rng.randrange(5000)
    if kind == "edit":
        return {"minor": False, "length": {"old": old, "new": new}, "revision": {"old": index, "new": index + 1}}
    if kind == "new":
        length = {"new": new} if rng.random() < 0.5 else {"old": None, "new": new}
        return {"minor": False, "length": length, "revision": {"new": index + 1}}
    if kind == "log":
        body = {"log_id": rng.choice((0, None, index)), "log_type": "abusefilter", "log_action": "hit"}
        params = rng.choice(LOG_PARAMS)
        return {**body, **({} if params is None else {"log_params": params}), "log_action_comment": "hit"}
    return {}
