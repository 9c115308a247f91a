"""configs/weather, answered by plain Python. error_by_lead.jsonl holds upserts: what counts is what they come to."""
import csv
import json
from collections import defaultdict

from by_definition import HOUR, SECOND, lines, text, tumbling

KEYS = {"error_by_lead.jsonl": ("lead",)}


def place_of(lat, lon):
    return round(float(lat) * 1000), round(float(lon) * 1000)


def judged(folder):
    """(place, time, temperature, forecast, lead) of every forecast whose hour has come."""
    forecasts, found = defaultdict(list), []
    for line in lines(folder / "forecasts.jsonl"):
        answer = json.loads(line)
        place, now = place_of(answer["latitude"], answer["longitude"]), answer["currently"]
        for hour in answer["hourly"]["data"]:
            if hour["time"] > now["time"]:
                lead = (hour["time"] - now["time"] + 3599) // 3600
                forecasts[place, hour["time"] * SECOND].append((now["time"] * SECOND, hour["temperature"], lead))
        found.append((place, now["time"] * SECOND, now["temperature"]))
    for place, at, temperature in found:
        for made, forecast, lead in forecasts[place, tumbling(at, HOUR)]:
            if at - 49 * HOUR <= made <= at:
                yield place, at, temperature, forecast, lead


def answers(folder):
    airports = {place_of(row["lat"], row["lon"]): row for row in csv.DictReader(lines(folder / "airports.csv"))}
    normals = {(row["iata"], int(row["month"]), int(row["hour"])): float(row["temperature"])
               for row in csv.DictReader(lines(folder / "normals.csv"))}
    current, errors = [], defaultdict(list)
    for place, at, temperature, forecast, lead in judged(folder):
        airport = airports.get(place)
        if airport is None:
            continue
        errors[lead].append(forecast - temperature)
        if lead <= 3:
            stamp = text(at)
            usual = normals.get((airport["iata"], int(stamp[5:7]), int(stamp[11:13])))
            current.append({"iata": airport["iata"], "name": airport["name"], "country": airport["country"], "lat": float(airport["lat"]),
                            "lon": float(airport["lon"]), "at": stamp, "temperature": temperature, "forecast": forecast, "usual": usual,
                            "against_forecast": round(temperature - forecast, 2), "against_usual": None if usual is None else round(temperature - usual, 2)})
    return {"current.jsonl": current,
            "error_by_lead.jsonl": [{"lead": lead, "forecasts": len(group), "mean_error": sum(group) / len(group),
                                     "mean_absolute_error": sum(map(abs, group)) / len(group)} for lead, group in errors.items()]}


# The configuration rounds to so many digits.
DIGITS = {"mean_error": 3, "mean_absolute_error": 3, "against_forecast": 2, "against_usual": 2}
