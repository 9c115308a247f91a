"""configs/taxi, answered by plain Python."""
import bisect
import csv
from collections import defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

from by_definition import DAY, HOUR, MINUTE, lines, median, micros, text, tumbling

NEW_YORK = ZoneInfo("America/New_York")


def instant(local, fold):
    return micros(local.replace(tzinfo=NEW_YORK, fold=fold))


def trips(folder):
    """(zone, minutes, fare, hour of the week by the wall clock, drop-off), in the order of the file."""
    for row in csv.DictReader(lines(folder / "trips.csv")):
        get = lambda *names: next(row[name] for name in names if name in row)    # noqa: E731
        start, end = (datetime.fromisoformat(get(f"tpep_{kind}_datetime", f"{kind}_datetime")) for kind in ("pickup", "dropoff"))
        began, ended = instant(start, 0), instant(end, 1 if end < start else 0)
        zone, fare = int(get("DOLocationID", "dropoff_location_id")), float(get("fare_amount"))
        if began < ended < began + 3 * HOUR and 0 < fare < 1000 and zone not in (264, 265):
            yield zone, (ended - began) / MINUTE, fare, end.isoweekday() * 24 + end.hour, ended


def usual(all_trips):
    """(zone, hour) -> versions (known from, place in the file, trips, median minutes, median fare)."""
    versions, minutes, fares = defaultdict(list), defaultdict(list), defaultdict(list)
    for place, (zone, took, fare, hour, ended) in enumerate(all_trips):
        bisect.insort(minutes[zone, hour], took)
        bisect.insort(fares[zone, hour], fare)
        versions[zone, hour].append((ended + DAY, place, len(fares[zone, hour]), median(minutes[zone, hour]), median(fares[zone, hour])))
    return {key: sorted(list_) for key, list_ in versions.items()}


def rows(folder):
    all_trips = list(trips(folder))
    versions = usual(all_trips)
    zones = {int(row["LocationID"]): row for row in csv.DictReader(lines(folder / "zones.csv"))}
    hours = defaultdict(list)
    for trip in all_trips:
        hours[tumbling(trip[4], HOUR), trip[0], trip[3]].append(trip)
    for (start, zone, hour), group in hours.items():
        known = versions.get((zone, hour), [])
        at = bisect.bisect_right(known, (start + HOUR - 1, float("inf")))
        _, _, count, took, fare = known[at - 1] if at else (None,) * 5
        mean_took, mean_fare = sum(trip[1] for trip in group) / len(group), sum(trip[2] for trip in group) / len(group)
        name = zones.get(zone)
        yield {"hour_start": text(start), "zone": zone, "name": name and name["Zone"], "lat": name and float(name["lat"]), "lon": name and float(name["lon"]),
               "trips": len(group), "minutes": mean_took, "fare": mean_fare, "usual_trips": count, "usual_minutes": took, "usual_fare": fare,
               "minutes_ratio": took and mean_took / took, "fare_ratio": fare and mean_fare / fare}


def is_alert(row):
    outside = lambda ratio: not 0.6667 <= ratio <= 1.5    # noqa: E731
    return row["trips"] >= 4 and (row["usual_trips"] or 0) >= 10 and (outside(row["minutes_ratio"]) or outside(row["fare_ratio"]))


def answers(folder):
    all_rows = list(rows(folder))
    return {"zones_by_hour.jsonl": all_rows, "alerts.jsonl": [row for row in all_rows if is_alert(row)]}
