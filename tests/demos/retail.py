"""configs/retail, answered by plain Python."""
import csv
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from by_definition import lines as lines_of
from by_definition import DAY, MINUTE, hopping, largest_text, micros, sessions, text, tumbling

LONDON = ZoneInfo("Europe/London")


def lines(folder):
    for path in sorted(folder.glob("sales*.csv")):
        for row in csv.DictReader(lines_of(path)):
            if re.match(r"[0-9]{5}", row["StockCode"]):
                pieces, local = int(row["Quantity"]), datetime.fromisoformat(row["InvoiceDate"])
                yield {"invoice": row["InvoiceNo"], "code": row["StockCode"].upper(), "name": row["Description"] or None, "country": row["Country"],
                       "pieces": pieces, "revenue": pieces * Decimal(row["UnitPrice"]), "day": local.date(),
                       "at": micros(local.replace(tzinfo=LONDON)), "bought": pieces > 0 and not row["InvoiceNo"].startswith("C")}


def top_products(all_lines):
    days = defaultdict(lambda: defaultdict(list))
    for line in all_lines:
        days[line["day"], line["country"]][line["code"]].append(line)
    midnight = lambda day: text(micros(datetime(day.year, day.month, day.day, tzinfo=LONDON)))    # noqa: E731
    for (day, country), codes in days.items():
        sold = [{"window_start": midnight(day), "window_end": midnight(day + timedelta(days=1)), "country": country, "code": code,
                 "name": largest_text(line["name"] for line in group), "pieces": sum(line["pieces"] for line in group),
                 "revenue": sum(line["revenue"] for line in group)} for code, group in codes.items()]
        sold = sorted((row for row in sold if row["pieces"] > 0), key=lambda row: (-row["pieces"], row["code"].encode()))
        yield from sold[:5]


def baskets(all_lines):
    """[(time when it closes, {code: [names]})] of at most 100 articles, and as many times of items as there are."""
    invoices = defaultdict(list)
    for line in all_lines:
        if line["bought"]:
            invoices[line["invoice"]].append(line)
    closed = []
    for group in invoices.values():
        for first, last in sessions((line["at"] for line in group), 2 * MINUTE):
            codes = defaultdict(list)
            for line in group:
                if first <= line["at"] <= last:
                    codes[line["code"]].append(line["name"])
            if len(codes) <= 100:
                closed.append((last + 2 * MINUTE, codes))
    return closed


def recommended(all_lines):
    together, alone, names, every = defaultdict(Counter), defaultdict(Counter), defaultdict(lambda: defaultdict(list)), Counter()
    for at, codes in baskets(all_lines):
        order = sorted(codes)
        for start in hopping(at, 28 * DAY, 7 * DAY):
            every[start] += 1
            alone[start].update(order)
            for code in order:
                names[start][code] += codes[code]
            together[start].update((a, b) for i, a in enumerate(order) for b in order[i + 1:])
    for start, pairs in together.items():
        best = defaultdict(list)
        for (a, b), count in pairs.items():
            if count >= 5:
                has_a, has_b = alone[start][a], alone[start][b]
                score = count / (has_a + has_b - count), every[start] * count / (has_a * has_b)
                best[a].append((-score[0], -count, b, score))
                best[b].append((-score[0], -count, a, score))
        until = start + 28 * DAY
        for code, partners in best.items():
            for place, (_, count, partner, score) in enumerate(sorted(partners)[:3], 1):
                yield {"window_start": text(tumbling(until - 1, DAY)), "window_end": text(tumbling(until - 1, DAY) + DAY), "until": text(until),
                       "a": code, "b": partner, "place": place, "name_a": largest_text(names[start][code]), "name_b": largest_text(names[start][partner]),
                       "together": -count, "jaccard": score[0], "lift": score[1]}


def answers(folder):
    all_lines = list(lines(folder))
    return {"top_products.jsonl": list(top_products(all_lines)), "recommended.jsonl": list(recommended(all_lines))}

