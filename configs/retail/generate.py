#!/usr/bin/python3
"""Writes sales.csv: four weeks of a mail-order shop in the columns of the UCI "Online Retail" data, made up from a seed.

Articles belong to themes (a tea set, a garden, a birthday), and a basket takes most of its articles from one or two of them: those
are the articles that are bought together. Some lines are cancelled days later, by an invoice that begins with C; some lines are
not articles (POST), some have no customer, some come twice.
"""
import argparse
import csv
import datetime
import pathlib
import random

START = datetime.datetime(2011, 3, 7)
COUNTRIES = ("United Kingdom", "Germany", "France", "EIRE", "Spain", "Netherlands")
COUNTRY_WEIGHTS = (80, 6, 6, 4, 2, 2)
THEMES = ("TEA", "GARDEN", "BIRTHDAY", "KITCHEN", "CHRISTMAS", "VINTAGE", "RETROSPOT", "LUNCH", "CANDLE", "KNITTING")
THINGS = ("CUP", "PLATE", "BUNTING", "BAG", "BOX", "TIN", "CLOCK", "SIGN", "HOLDER", "TOWEL", "MUG", "LAMP, SMALL", '"HOME" LETTERS')


def articles(rng):
    """theme -> [(code, description, price)]"""
    made, number = {}, 20000
    for theme in THEMES:
        made[theme] = []
        for thing in rng.sample(THINGS, 12):
            number += rng.randrange(1, 90)
            code = f"{number}{rng.choice(('', '', '', 'A', 'B'))}"
            made[theme].append((code, f"{theme} {thing}", round(rng.choice((.42, .85, 1.25, 1.65, 2.1, 2.95, 4.95, 8.5)) * rng.choice((1, 1, 1.5)), 2)))
    return made


def basket(rng, shelf):
    chosen = {}
    for theme in rng.sample(THEMES, rng.choice((1, 1, 2, 3))):
        for article in rng.sample(shelf[theme], rng.randrange(1, 7)):
            chosen[article[0]] = article
    return list(chosen.values())


def rows(days, per_day, seed):
    rng = random.Random(seed)
    shelf, invoice, cancelled = articles(rng), 545220, []
    for day in range(days):
        date = START + datetime.timedelta(days=day)
        if date.weekday() == 5:    # closed on Saturdays
            continue
        minutes = sorted(rng.randrange(8 * 60 + 26, 18 * 60) for _ in range(per_day))
        for minute in minutes:
            at = date + datetime.timedelta(minutes=minute)
            due = [item for item in cancelled if item[0] <= at]
            cancelled = [item for item in cancelled if item[0] > at]
            for _, line in due:
                invoice += 1
                yield [f"C{invoice}", *line[:2], -line[2], f"{at}", *line[4:]]
            invoice += 1
            customer = f"{rng.randrange(12346, 18288)}.0" if rng.random() < .75 else ""
            country = rng.choices(COUNTRIES, COUNTRY_WEIGHTS)[0]
            for code, description, price in basket(rng, shelf):
                line = [code, description, rng.choice((1, 2, 4, 6, 12, 24)), f"{at}", price, customer, country]
                yield [invoice, *line]
                if rng.random() < .01:
                    yield [invoice, *line]
                if rng.random() < .02:
                    cancelled.append((at + datetime.timedelta(days=rng.randrange(1, 5)), line))
            if country != "United Kingdom":
                yield [invoice, "POST", "POSTAGE", 1, f"{at}", 18, customer, country]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", default=".")
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--per-day", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open(pathlib.Path(options.out) / "sales.csv", "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country".split(","))
        writer.writerows(rows(options.days, options.per_day, options.seed))


if __name__ == "__main__":
    main()
