"""configs/meetup, answered by plain Python. The files hold upserts: what counts is what they come to."""
import json
from collections import defaultdict

from by_definition import DAY, lines, text, tumbling

KEYS = {"topics.jsonl": ("day", "topic"), "cities.jsonl": ("country", "city"), "days.jsonl": ("country", "day")}


def rsvps(folder):
    for line in lines(folder / "rsvps.jsonl"):
        try:
            yield json.loads(line)
        except ValueError:
            pass    # the recording ends in the middle of a line


def newest(folder):
    """(rsvp_id -> newest answer, (rsvp_id, topic) -> newest answer that had the topic)."""
    answers_, by_topic = {}, {}
    for rsvp in rsvps(folder):
        keys = {topic["urlkey"] for topic in rsvp["group"].get("group_topics") or []}
        for table, key in [(answers_, rsvp["rsvp_id"])] + [(by_topic, (rsvp["rsvp_id"], key)) for key in keys]:
            if key not in table or rsvp["mtime"] >= table[key]["mtime"]:
                table[key] = rsvp
    return answers_, by_topic


def answers(folder):
    cities, days, topics = defaultdict(list), defaultdict(int), defaultdict(int)
    newest_, by_topic = newest(folder)
    day = lambda rsvp: text(tumbling(rsvp["mtime"] * 1000, DAY))    # noqa: E731
    for rsvp in newest_.values():
        if rsvp["response"] == "yes":
            group = rsvp["group"]
            cities[group.get("group_country"), group.get("group_city")].append((rsvp["guests"] + 1, group.get("group_lat"), group.get("group_lon")))
            days[group.get("group_country"), day(rsvp)] += 1
    for (_, topic), rsvp in by_topic.items():
        topics[day(rsvp), topic] += rsvp["response"] == "yes"
    least = lambda values: min((v for v in values if v is not None), default=None)    # noqa: E731
    return {
        "topics.jsonl": [{"day": at, "topic": topic, "answers": count} for (at, topic), count in topics.items() if count],
        "cities.jsonl": [{"country": country, "city": city, "answers": len(group), "people": sum(g[0] for g in group),
                          "lat": least(g[1] for g in group), "lon": least(g[2] for g in group)} for (country, city), group in cities.items()],
        "days.jsonl": [{"country": country, "day": at, "answers": count} for (country, at), count in days.items()]}
