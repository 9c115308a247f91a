"""configs/bitcoin, answered by plain Python. waiting.jsonl and overall.jsonl hold upserts: what counts is what they come to."""
import json
from collections import defaultdict

from by_definition import DAY, HOUR, MINUTE, SECOND, lines, median, text, tumbling

KEYS = {"waiting.jsonl": ("height", "block"), "overall.jsonl": ()}


def payments(folder):
    for line in lines(folder / "tx.jsonl"):
        x = json.loads(line)["x"]
        paid = sum(out["value"] for out in x["out"])
        spent = sum((entry.get("prev_out") or {}).get("value") or 0 for entry in x["inputs"])
        yield {"at": x["time"] * SECOND, "hash": x["hash"], "size": x["size"], "amount": paid, "fee": spent - paid}


def waiting(folder, by_hash):
    """(height, block) -> seconds of each of its payments; blocks that were taken back are not there."""
    blocks, orphans = {}, set()
    for line in lines(folder / "blocks.jsonl"):
        message = json.loads(line)
        if message["op"] == "orphan":
            orphans.add(message["hash"])
            continue
        at, block = message["at"] * SECOND, message["x"]
        for mined in block["tx"]:
            payment = by_hash.get(mined["hash"])
            # A payment has the time of the end of its minute, as all results of windows.
            seen = payment and tumbling(payment["at"], MINUTE) + MINUTE - 1
            if payment and seen - 2 * HOUR <= at <= seen + DAY:
                blocks.setdefault((block["height"], block["hash"]), []).append((at - payment["at"]) / SECOND)
    return {key: sorted(waits) for key, waits in blocks.items() if key[1] not in orphans}


def answers(folder):
    minutes, by_hash = defaultdict(list), {}
    for payment in payments(folder):
        minutes[tumbling(payment["at"], MINUTE)].append(payment)
        by_hash[payment["hash"]] = payment
    waits = waiting(folder, by_hash)
    every = [seconds for group in waits.values() for seconds in group]
    return {
        "per_minute.jsonl": [{"window_start": text(start), "window_end": text(start + MINUTE), "payments": len(group),
                              "amount": sum(p["amount"] for p in group), "fees": sum(p["fee"] for p in group),
                              "fee_per_byte": median(sorted(p["fee"] / p["size"] for p in group))} for start, group in minutes.items()],
        "large.jsonl": [{"at": text(p["at"]), "hash": p["hash"], "amount": p["amount"], "fee": p["fee"]}
                        for p in by_hash.values() if p["amount"] >= 10**11],
        "waiting.jsonl": [{"height": height, "block": block, "payments": len(group), "total": sum(group), "median": median(group), "longest": group[-1]}
                          for (height, block), group in waits.items()],
        "overall.jsonl": [{"blocks": len(waits), "payments": len(every), "mean": sum(every) / len(every)}] if every else []}
