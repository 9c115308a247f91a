"""Where a connection starts: `since`, `Last-Event-ID`, or the present.

Refused carries the problem document. The rules are WK6-WK9: a topic that the header does not name is not
served; offset -1 is the present; a time older than what is kept starts at the oldest.
"""
import json
import re
from datetime import datetime, timezone

ISO = re.compile(r"\d{4}-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?")


class Refused(Exception):
    def __init__(self, status, kind, title, detail):
        super().__init__(detail)
        self.answer = (status, kind, title, detail)


def since_ms(text):
    """Epoch milliseconds, or ISO 8601 as JavaScript's Date.parse takes it (a `+` that became a blank is refused)."""
    if re.fullmatch(r"\d+", text):
        return int(text)
    if not ISO.fullmatch(text):
        raise Refused(400, "invalid_timestamp", "Invalid timestamp", f"not a time: {text}")
    if len(text) == 7:
        text += "-01"
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise Refused(400, "invalid_timestamp", "Invalid timestamp", str(error)) from error
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return int(at.timestamp() * 1000)


def entries(header, topics):
    """The list in Last-Event-ID, checked."""
    def bad(detail):
        return Refused(400, "invalid_last_event_id", "Malformed Last-Event-ID", detail)
    try:
        given = json.loads(header)
    except ValueError as error:
        raise bad(str(error)) from error
    if not isinstance(given, list) or not given:
        raise bad("not an array of assignments")
    for one in given:
        if not isinstance(one, dict) or not isinstance(one.get("topic"), str) or one.get("partition") != 0:
            raise bad(f"not an assignment: {json.dumps(one)}")
        if not any(type(one.get(key)) is int for key in ("offset", "timestamp")):
            raise bad(f"neither offset nor timestamp: {json.dumps(one)}")
        if one["topic"] not in topics:
            raise Refused(404, "topic_not_available", "Topic Not Available", one["topic"])
    if any("offset" not in one for one in given):
        # The service's resolver looks only at pure timestamps once there is one, and drops mixed entries.
        given = [one for one in given if not ("offset" in one and "timestamp" in one)]
    return given


def start_places(topics, cluster, header, since, keep_from_ms):
    """{topic name: place of the first record to serve} for the topics of the requested streams."""
    if header:
        return {one["topic"]: _place(topics[one["topic"]], cluster, one, keep_from_ms)
                for one in entries(header, topics)}
    if since:
        at = since_ms(since)
        return {name: max(topic.place_of_time(at), topic.oldest(keep_from_ms)) for name, topic in topics.items()}
    return {name: len(topic.records) for name, topic in topics.items()}


def _place(topic, cluster, entry, keep_from_ms):
    oldest, end = topic.oldest(keep_from_ms), len(topic.records)
    if "offset" in entry:
        if entry["offset"] < 0:
            return end
        place = topic.place_of_offset(cluster, entry["offset"])
        # Out of range, as an offset of another cluster mostly is: the consumer resets to the present.
        return place if oldest <= place <= end else end
    return max(topic.place_of_time(entry["timestamp"]), oldest)
