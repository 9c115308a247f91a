#!/usr/bin/python3
"""Writes rsvps.jsonl: answers to invitations as Meetup's RSVP stream sent them until 2022.

Answers come in no order: most within seconds, some hours late, a few sent again after days. One in eight changes its mind,
so the same rsvp_id comes again with another response. A pure function of the arguments.
"""
import argparse
import json
import pathlib
import random

START_MS = 1425772800000    # 2015-03-08T00:00:00Z
HOUR_MS = 3600 * 1000
# City, state, country, latitude, longitude, weight.
CITIES = [
    ("New York", "NY", "us", 40.75, -73.99, 30), ("San Francisco", "CA", "us", 37.77, -122.41, 24), ("Chicago", "IL", "us", 41.88, -87.63, 14),
    ("Austin", "TX", "us", 30.27, -97.74, 11), ("Toronto", "ON", "ca", 43.70, -79.42, 10), ("London", None, "gb", 51.52, -0.10, 22),
    ("Manchester", None, "gb", 53.48, -2.24, 4), ("Paris", None, "fr", 48.86, 2.34, 8), ("Berlin", None, "de", 52.52, 13.38, 9),
    ("München", None, "de", 48.14, 11.58, 5), ("Madrid", None, "es", 40.42, -3.71, 6), ("Amsterdam", None, "nl", 52.37, 4.89, 5),
    ("Sydney", None, "au", -33.87, 151.21, 8), ("Melbourne", None, "au", -37.81, 144.96, 6), ("Tokyo", None, "jp", 35.67, 139.77, 5),
    ("Singapore", None, "sg", 1.30, 103.85, 4), ("Bangalore", None, "in", 12.97, 77.56, 5), ("São Paulo", None, "br", -23.53, -46.63, 3),
    ("Cape Town", None, "za", -33.93, 18.46, 2), ("Buenos Aires", None, "ar", -34.61, -58.37, 2),
]
TOPICS = ("hiking", "social", "outdoors", "newtech", "softwaredev", "big-data", "photography", "yoga", "fitness", "language", "dining-out",
          "singles", "boardgames", "book-club", "startup-businesses", "dance", "meditation", "cycling", "music", "art")


def group(rng, number):
    city, state, country, lat, lon, _ = rng.choices(CITIES, [row[5] for row in CITIES])[0]
    topics = rng.sample(TOPICS, rng.randrange(0, 7))
    made = {"group_id": 1000000 + number, "group_name": f"{city} {topics[0] if topics else 'friends'} {number}", "group_urlname": f"example-{number}",
            "group_city": city, "group_country": country, "group_lat": round(lat + rng.uniform(-.05, .05), 2),
            "group_lon": round(lon + rng.uniform(-.05, .05), 2),
            "group_topics": [{"urlkey": key, "topic_name": key.replace("-", " ").title()} for key in topics]}
    if state:
        made["group_state"] = state
    return made


def answer(rng, rsvp_id, mtime, group_, response):
    made = {"rsvp_id": rsvp_id, "mtime": mtime, "response": response, "visibility": "public", "guests": rng.choice((0, 0, 0, 0, 1, 2)),
            "member": {"member_id": rsvp_id % 9973, "member_name": f"member-{rsvp_id % 9973}"},
            "event": {"event_id": str(group_["group_id"] * 7 % 10**9), "event_name": f"Meeting of {group_['group_name']}",
                      "event_url": f"http://www.meetup.com/{group_['group_urlname']}/", "time": mtime // HOUR_MS * HOUR_MS + 72 * HOUR_MS},
            "group": group_}
    if rng.random() < .78:
        made["venue"] = {"venue_id": group_["group_id"] + 1, "venue_name": "The usual place", "lat": group_["group_lat"], "lon": group_["group_lon"]}
    keys = list(made)
    rng.shuffle(keys)    # as the service did
    return {key: made[key] for key in keys}


def rsvps(records, seed):
    """(time of arrival, answer), in the order of arrival."""
    rng = random.Random(seed)
    groups = [group(rng, number) for number in range(400)]
    sent = []
    for number in range(records):
        mtime = START_MS + number * 72 * HOUR_MS // records
        group_, rsvp_id = rng.choice(groups), 1540000000 + number
        response = "yes" if rng.random() < .75 else "no"
        delay = rng.choice((200, 800, 3000, 9000)) if rng.random() < .97 else rng.randrange(HOUR_MS, 18 * HOUR_MS)
        sent.append((mtime + delay, answer(rng, rsvp_id, mtime, group_, response)))
        if rng.random() < .125:
            later = mtime + rng.randrange(60 * 1000, 20 * HOUR_MS)
            sent.append((later + 500, answer(rng, rsvp_id, later, group_, "no" if response == "yes" else "yes")))
        if rng.random() < .02:
            sent.append((mtime + rng.randrange(HOUR_MS), sent[-1][1]))
    return [rsvp for _, rsvp in sorted(sent, key=lambda item: (item[0], item[1]["rsvp_id"]))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", default=".")
    parser.add_argument("--records", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open(pathlib.Path(options.out) / "rsvps.jsonl", "w", encoding="utf-8") as out:
        for rsvp in rsvps(options.records, options.seed):
            # Escaped as the service does.
            out.write(json.dumps(rsvp, separators=(",", ":")).replace("/", "\\/") + "\n")


if __name__ == "__main__":
    main()
