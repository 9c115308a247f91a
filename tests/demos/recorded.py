"""Recorded data in the files that the demos read. Each function fills a folder and answers with what to override (--set)."""
import csv
import io
import json
import subprocess
import sys

from configuration import CONFIGS


def unpacked(path):
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout.decode("utf-8")
    return path.read_text(encoding="utf-8")


def dump(path, rows):
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def in_todays_shape(old):
    """A row of 2015's enriched feed as an event of the stream: its fields have other names, the values are the recorded ones."""
    from datetime import datetime
    wiki, delta = old["channel"].lstrip("#"), old["delta"]
    return {"meta": {"domain": wiki, "uri": f"{wiki}/{old['page']}"}, "wiki": wiki, "type": "new" if old["isNew"] else "edit",
            "namespace": 0 if old["namespace"] == "Main" else 1, "title": old["page"], "user": old["user"], "bot": old["isRobot"],
            "comment": old["comment"], "length": {"old": 0, "new": delta},
            "timestamp": int(datetime.fromisoformat(old["time"].replace("Z", "+00:00")).timestamp())}


def wikipedia(data, folder):
    old = unpacked(data / "wikipedia/wikiticker-2015-09-12T00-18.jsonl.zst").splitlines()
    new = unpacked(data / "wikipedia/recentchange-2025-05-03-allwikis.jsonl").splitlines()
    dump(folder / "edits.jsonl", [in_todays_shape(json.loads(line)) for line in old] + [json.loads(line) for line in new])
    return ["sources.edits.event_time.out_of_orderness=10m"]


def meetup(data, folder):
    (folder / "rsvps.jsonl").write_text(unpacked(data / "meetup/rsvps-2015-03.jsonl.zst"), encoding="utf-8")
    return []


def bitcoin(data, folder):
    """Real payments of the feed, and real blocks whose payments are taken to have been seen up to an hour before; the last block is taken back."""
    payments = json.loads(unpacked(data / "bitcoin/unconfirmed-transactions-2021-01-26.json.zst"))["txs"]
    blocks = [json.loads(unpacked(data / f"bitcoin/block-{name}")) for name in
              ("227835.rawblock.json", "227836.rawblock.json", "481829.rawblock.json.zst")]
    messages = [{"op": "block", "at": block["time"], "x": block} for block in blocks]
    for block in blocks:
        payments += [{**tx, "time": block["time"] - 7 * i % 3600, "inputs": [{**entry, "prev_out": entry.get("prev_out") or {}} for entry in tx["inputs"]]}
                     for i, tx in enumerate(block["tx"])]
    messages.append({"op": "orphan", "height": blocks[-1]["height"], "hash": blocks[-1]["hash"], "at": blocks[-1]["time"] + 600})
    dump(folder / "tx.jsonl", ({"op": "utx", "x": tx} for tx in sorted(payments, key=lambda tx: tx["time"])))
    dump(folder / "blocks.jsonl", messages)
    return []


def retail(data, folder):
    for path in sorted((data / "retail/by-day").glob("*.csv.zst")):
        (folder / f"sales-{path.name.removesuffix('.zst')}").write_text(unpacked(path), encoding="utf-8")
    return ["sources.sales.path=sales-*.csv"]


def taxi(data, folder):
    """Two years of samples, each month of which is in no order, sorted by the drop-off; the places of the demo's own list."""
    rows = []
    for path in sorted((data / "taxi").glob("yellow_sample_*.csv.zst")):
        rows += list(csv.DictReader(io.StringIO(unpacked(path))))
    rows.sort(key=lambda row: row["dropoff_datetime"])
    subprocess.run([sys.executable, CONFIGS / "taxi/generate.py", "--out", folder, "--weeks", "1", "--per-hour", "1"], check=True)
    with open(folder / "trips.csv", "w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return []


def weather(data, folder):
    """One recorded forecast of 168 hours, and the hours of another one as what came."""
    long = json.loads(unpacked(data / "darksky/darksky-alcatraz-2020-03-20-us-extend-hourly.json"))
    other = json.loads(unpacked(data / "darksky/darksky-alcatraz-2020-03-20-us.json"))
    place = {key: long[key] for key in ("latitude", "longitude")}
    later = [{**place, "currently": hour, "hourly": {"data": [o for o in long["hourly"]["data"] if o["time"] > hour["time"]][:24]}}
             for hour in other["hourly"]["data"] if hour["time"] > long["currently"]["time"]]
    dump(folder / "forecasts.jsonl", [long, *later])
    (folder / "airports.csv").write_text("iata,name,city,country,lat,lon,zone\nALC,Alcatraz,San Francisco,US,"
                                         f"{place['latitude']},{place['longitude']},America/Los_Angeles\n", encoding="utf-8")
    normals = "".join(f"ALC,3,{hour},{50 + hour % 7}\n" for hour in range(24))
    (folder / "normals.csv").write_text("iata,month,hour,temperature\n" + normals, encoding="utf-8")
    return []
