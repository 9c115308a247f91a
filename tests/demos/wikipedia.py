"""configs/wikipedia, answered by plain Python: what the files of its sinks must hold."""
import json
import re
from collections import defaultdict

from by_definition import HOUR, MINUTE, SECOND, hopping, lines, text, total, tumbling

UNDO = re.compile(r"^(undid|undo|revert|rvv?([^a-z]|$)|rückgängig|annulation|deshecha|annullat|отмена|откат)", re.I)


def changes(folder):
    for line in lines(folder / "edits.jsonl"):
        event = json.loads(line)
        if event.get("type") in ("edit", "new") and event["meta"]["domain"] != "canary":
            length = event.get("length", {})
            new, old = length.get("new"), length.get("old")
            yield {"at": event["timestamp"] * SECOND, "wiki": event["wiki"], "title": event["title"], "uri": event["meta"].get("uri"),
                   "namespace": event["namespace"], "user": event.get("user"), "bot": event["bot"], "new": event["type"] == "new",
                   "undo": bool(UNDO.search(event.get("comment") or "")), "bytes": None if new is None else new - (old or 0)}


def answers(folder):
    minutes, who, wars = defaultdict(list), defaultdict(list), defaultdict(list)
    newest = []
    for change in changes(folder):
        minutes[tumbling(change["at"], MINUTE), change["wiki"]].append(change)
        who[tumbling(change["at"], 5 * MINUTE), "bots" if change["bot"] else "people"].append(change)
        if change["undo"] and not change["bot"]:
            for start in hopping(change["at"], HOUR, 10 * MINUTE):
                wars[start, change["wiki"], change["title"]].append(change)
        if change["new"] and change["namespace"] == 0 and not change["bot"]:
            newest.append({"at": text(change["at"]), "wiki": change["wiki"], "title": change["title"], "by": change["user"], "bytes": change["bytes"]})
    window = lambda start, size: {"window_start": text(start), "window_end": text(start + size)}    # noqa: E731
    return {
        "per_minute.jsonl": [{**window(start, MINUTE), "wiki": wiki, "edits": len(group), "bytes": total(c["bytes"] for c in group)}
                             for (start, wiki), group in minutes.items()],
        "bots_and_people.jsonl": [{**window(start, 5 * MINUTE), "who": name, "edits": len(group), "pages": len({c["uri"] for c in group} - {None})}
                                  for (start, name), group in who.items()],
        "wars.jsonl": [{**window(start, HOUR), "wiki": wiki, "title": title, "undone": len(group), "people": len({c["user"] for c in group} - {None}),
                        "last_by": max(enumerate(group), key=lambda item: (item[1]["at"], item[0]))[1]["user"]}
                       for (start, wiki, title), group in wars.items() if len(group) >= 3 and len({c["user"] for c in group} - {None}) >= 2],
        "newest.jsonl": newest}
