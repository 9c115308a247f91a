#!/usr/bin/python3
"""Writes forecasts.jsonl and normals.csv, and copies airports.csv: the weather of 1 000 airports as Pirate Weather tells it, made up.

Each airport is asked every three hours for a day and a half and answers with what is (`currently`) and what will be (49 hours).
Forecasts are wrong, and the more so the further ahead: that is what the pipeline measures. normals.csv has the usual temperature
for each airport, month and hour of the day (UTC). A pure function of the arguments.
"""
import argparse
import csv
import json
import math
import pathlib
import random
import shutil

HERE = pathlib.Path(__file__).resolve().parent
START_S = 1700006400    # 2023-11-15T00:00:00Z
EVERY_S = 3 * 3600


class Place:
    """An airport's weather: a usual temperature by the hour, and a deviation that drifts."""

    def __init__(self, row, seed):
        self.iata, self.lat, self.lon, self.zone = row["iata"], float(row["lat"]), float(row["lon"]), row["zone"]
        self.rng = random.Random(f"{seed}:{self.iata}")
        self.minute = self.rng.randrange(0, 50)
        drift, self.deviation = self.rng.gauss(0, 3), []
        for _ in range(100):
            drift = .93 * drift + self.rng.gauss(0, 1.1)
            self.deviation.append(drift)

    def normal(self, hour):
        """Of November, at this hour of the day."""
        sun = math.cos((hour + self.lon / 15 - 15) / 24 * 2 * math.pi)
        return 27 - abs(self.lat + 12) * .48 + sun * 4

    def actual(self, hours):
        return self.normal(hours % 24) + self.deviation[hours]

    def answer(self, poll):
        made = START_S + poll * EVERY_S + self.minute * 60
        first = poll * EVERY_S // 3600
        hourly, error = [], 0.0
        for lead in range(49):
            if lead:
                error += self.rng.gauss(.02, .35)
            hourly.append({"time": START_S + (first + lead) * 3600, "temperature": round(self.actual(first + lead) + error, 2),
                           "precipProbability": round(self.rng.random() * .4, 2)})
        now = {"time": made, "summary": "Cloudy", "icon": "cloudy", "temperature": round(self.actual(first), 2), "humidity": .71,
               "windSpeed": round(abs(self.rng.gauss(4, 2)), 2), "pressure": 1013.2}
        return made, {"latitude": self.lat, "longitude": self.lon, "timezone": self.zone, "offset": 0.0, "elevation": 12,
                      "currently": now, "hourly": {"summary": "Cloudy", "icon": "cloudy", "data": hourly}, "flags": {"units": "si", "version": "V1.5.6"}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", default=".")
    parser.add_argument("--airports", type=int, default=1000)
    parser.add_argument("--polls", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = pathlib.Path(options.out)
    shutil.copyfile(HERE / "airports.csv", folder / "airports.csv")
    with open(HERE / "airports.csv", encoding="utf-8") as table:
        places = [Place(row, options.seed) for row in list(csv.DictReader(table))[:options.airports]]
    with open(folder / "normals.csv", "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("iata", "month", "hour", "temperature"))
        for place in places:
            writer.writerows([place.iata, 11, hour, round(place.normal(hour), 1)] for hour in range(24))
    with open(folder / "forecasts.jsonl", "w", encoding="utf-8") as out:
        for poll in range(options.polls):
            for _, answer in sorted((place.answer(poll) for place in places), key=lambda item: item[0]):
                out.write(json.dumps(answer, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
