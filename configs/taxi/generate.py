#!/usr/bin/python3
"""Writes trips.csv, trips_2015.csv, zones.csv and grid.csv: five weeks of yellow cabs in the TLC's columns, made up from a seed.

Wall-clock times of New York without a zone, as the TLC publishes them; the weeks hold the night of 2015-11-01, whose hour from
one to two comes twice. On some evenings a snarl makes every ride to one zone half as long again: that is what there is to find.
zones.csv has places that riders ask for most (TLC's numbers and names, a point about the middle); grid.csv tells the nearest of
them for each hundredth of a degree, for the old years whose trips have coordinates.
"""
import argparse
import csv
import datetime
import math
import pathlib
import random
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
FIRST = datetime.datetime(2015, 10, 5, tzinfo=datetime.timezone.utc)
ZONES = [
    (1, "EWR", "Newark Airport", 40.690, -74.178), (7, "Queens", "Astoria", 40.764, -73.920), (13, "Manhattan", "Battery Park City", 40.712, -74.016),
    (43, "Manhattan", "Central Park", 40.782, -73.966), (48, "Manhattan", "Clinton East", 40.762, -73.990), (50, "Manhattan", "Clinton West", 40.767, -73.995),
    (68, "Manhattan", "East Chelsea", 40.748, -74.000), (75, "Manhattan", "East Harlem South", 40.790, -73.944), (79, "Manhattan", "East Village", 40.727, -73.986),
    (87, "Manhattan", "Financial District North", 40.707, -74.008), (90, "Manhattan", "Flatiron", 40.741, -73.997),
    (100, "Manhattan", "Garment District", 40.753, -73.988), (107, "Manhattan", "Gramercy", 40.737, -73.984),
    (113, "Manhattan", "Greenwich Village North", 40.732, -73.994), (132, "Queens", "JFK Airport", 40.645, -73.786),
    (138, "Queens", "LaGuardia Airport", 40.774, -73.872), (140, "Manhattan", "Lenox Hill East", 40.766, -73.955),
    (142, "Manhattan", "Lincoln Square East", 40.771, -73.982), (148, "Manhattan", "Lower East Side", 40.719, -73.990),
    (161, "Manhattan", "Midtown Center", 40.758, -73.978), (162, "Manhattan", "Midtown East", 40.757, -73.972),
    (163, "Manhattan", "Midtown North", 40.764, -73.977), (166, "Manhattan", "Morningside Heights", 40.809, -73.961),
    (170, "Manhattan", "Murray Hill", 40.748, -73.978), (181, "Brooklyn", "Park Slope", 40.672, -73.978),
    (186, "Manhattan", "Penn Station/Madison Sq West", 40.748, -73.992), (211, "Manhattan", "SoHo", 40.724, -74.001),
    (230, "Manhattan", "Times Sq/Theatre District", 40.759, -73.985), (231, "Manhattan", "TriBeCa/Civic Center", 40.718, -74.007),
    (234, "Manhattan", "Union Sq", 40.740, -73.990), (236, "Manhattan", "Upper East Side North", 40.780, -73.957),
    (237, "Manhattan", "Upper East Side South", 40.768, -73.966), (238, "Manhattan", "Upper West Side North", 40.791, -73.973),
    (239, "Manhattan", "Upper West Side South", 40.784, -73.978), (246, "Manhattan", "West Chelsea/Hudson Yards", 40.753, -74.003),
    (249, "Manhattan", "West Village", 40.734, -74.003), (256, "Brooklyn", "Williamsburg (South Side)", 40.711, -73.960),
]
HEADER = ("VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,PULocationID,"
          "DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount").split(",")
HEADER_2015 = HEADER[:5] + ["pickup_longitude", "pickup_latitude"] + HEADER[5:7] + ["dropoff_longitude", "dropoff_latitude"] + HEADER[9:]
# By hour of the day: how many ride, and how much slower than at night.
RIDERS = (5, 3, 2, 1, 1, 2, 4, 7, 9, 9, 8, 8, 8, 8, 8, 8, 7, 9, 11, 11, 10, 9, 8, 7)
TRAFFIC = (1, 1, 1, 1, 1, 1, 1.1, 1.4, 1.7, 1.7, 1.6, 1.6, 1.6, 1.6, 1.6, 1.7, 1.7, 1.8, 1.8, 1.6, 1.4, 1.3, 1.2, 1.1)


def miles(a, b):
    return math.hypot((a[3] - b[3]) * 69, (a[4] - b[4]) * 52.3) * 1.3 + .4


def trip(rng, start, snarls):
    """(drop-off, row) of a ride that starts at this instant."""
    local = start.astimezone(NEW_YORK)
    weights = [6 if zone[1] == "Manhattan" else 2 for zone in ZONES]
    origin, target = rng.choices(ZONES, weights, k=2)
    distance = miles(origin, target) * rng.uniform(.9, 1.2)
    slow = TRAFFIC[local.hour] if local.weekday() < 5 else 1 + (TRAFFIC[local.hour] - 1) / 2
    slow *= 1.9 if (local.date(), target[0]) in snarls and 16 <= local.hour < 20 else 1
    minutes = (distance / 22 * 60 + 2) * slow * rng.lognormvariate(0, .18)
    end = start + datetime.timedelta(seconds=round(minutes * 60))
    fare = 52 if 132 in (origin[0], target[0]) else round(2.5 + distance * 2.5 + minutes * slow * .15, 1)
    if rng.random() < .002:    # rubbish, as it comes: a meter left on, a refund
        end, fare = rng.choice(((start + datetime.timedelta(hours=23, minutes=58), fare), (end, -fare)))
    stamp = "{:%Y-%m-%d %H:%M:%S}"
    row = [rng.choice((1, 2)), stamp.format(local), stamp.format(end.astimezone(NEW_YORK)), rng.choice((1, 1, 1, 2, 5)), f"{distance:.2f}", 1, "N",
           origin[0], target[0], rng.choice((1, 1, 2)), fare, .5, .5, round(max(fare, 0) * .15, 2), 0, .3, round(fare * 1.15 + 1.3, 2)]
    return end, row


def trips(weeks, per_hour, seed):
    rng = random.Random(seed)
    days = [FIRST.date() + datetime.timedelta(days=n) for n in range(weeks * 7 // 2, weeks * 7)]
    snarls = {(day, rng.choice(ZONES)[0]) for day in days for _ in range(2)}
    made = []
    for hour in range(weeks * 168):
        start = FIRST + datetime.timedelta(hours=hour)
        riders = RIDERS[start.astimezone(NEW_YORK).hour] * per_hour // 7
        made += [trip(rng, start + datetime.timedelta(seconds=rng.randrange(3600)), snarls) for _ in range(riders)]
    # The files are only roughly in the order of the drop-off.
    return [row for _, row in sorted(made, key=lambda item: item[0] + datetime.timedelta(seconds=int.from_bytes(repr(item[1]).encode()[-12:-8], "big") % 1800))]


def with_coordinates(rows):
    """The same rides as the old years tell them: points about the middle of their zones."""
    rng, places = random.Random(1), {zone[0]: zone[3:] for zone in ZONES}
    for row in rows:
        points = [f"{degrees + rng.uniform(-.004, .004):.6f}" for zone in row[7:9] for degrees in reversed(places[zone])]
        yield row[:5] + points[:2] + row[5:7] + points[2:] + row[9:]


def grid():
    for lat in range(4060, 4086):
        for lon in range(-7420, -7376):
            here = (0, "", "", lat / 100 + .005, lon / 100 + .005)
            yield [lat, lon, min(ZONES, key=lambda zone: miles(zone, here))[0]]


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", default=".")
    parser.add_argument("--weeks", type=int, default=5)
    parser.add_argument("--per-hour", type=int, default=70)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = pathlib.Path(options.out)
    write(folder / "zones.csv", ("LocationID", "Borough", "Zone", "lat", "lon"), ZONES)
    write(folder / "grid.csv", ("lat100", "lon100", "LocationID"), grid())
    rides = trips(options.weeks, options.per_hour, options.seed)
    write(folder / "trips.csv", HEADER, rides)
    write(folder / "trips_2015.csv", HEADER_2015, with_coordinates(rides))


if __name__ == "__main__":
    main()
