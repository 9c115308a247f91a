#!/usr/bin/env python3
"""The events of an online auction, after the public definition of the Nexmark benchmark: of 50 events one is a new
person, three are new auctions and 46 are bids; half of the bids go to the hot auction, three quarters come from the hot
bidder. Event time moves with the number of the event. Equal arguments give equal bytes.

One line of JSON per event: {"event_type": 0 person, 1 auction, 2 bid; "date_time": ms since 1970; and the object}.
"""
import argparse
import random
import sys

FIRST_ID = 1000
START_MS = 1735775940_000    # 2025-01-01T23:59:00Z: one minute on, the day changes
PER_BLOCK, PERSONS, AUCTIONS = 50, 1, 3
ACTIVE_PERSONS, OPEN_AUCTIONS, HOT_STEP = 1000, 100, 100
NAMES = ("Ada", "Bruno", "Chen", "Dilek", "Emre", "Farah", "Goran", "Hana", "Ivo", "Jin", "Kofi", "Lena")
CITIES = ("Bergen", "Cusco", "Dakar", "Erfurt", "Fukuoka", "Gdynia", "Hobart", "Izmir")
CHANNELS = ("shop", "search", "social", "mail")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Auctioneer:
    """Makes event after event; ids are dense, so what exists follows from the event's number."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        noise = random.Random(f"{seed}:noise")
        self.noise = "".join(noise.choice(LETTERS) for _ in range(1 << 16))

    def text(self, length):
        start = int(self.rng.random() * (len(self.noise) - length))
        return self.noise[start:start + length]

    def recent(self, made, active):
        """One of the newest `active` of so many ids."""
        return FIRST_ID + made - 1 - int(self.rng.random() * min(made, active))

    def hot(self, made):
        return FIRST_ID + (made - 1) // HOT_STEP * HOT_STEP

    def person_of(self, made, hot_offset):
        return self.hot(made) + hot_offset if self.rng.random() < 0.75 else self.recent(made, ACTIVE_PERSONS)

    def price(self):
        """From one to a million units of money, in hundredths, evenly in the logarithm."""
        return round(10 ** (6 * self.rng.random()) * 100)

    def body(self, number):
        block, place = divmod(number, PER_BLOCK)
        if place < PERSONS:
            return 0, self.person(FIRST_ID + block)
        if place < PERSONS + AUCTIONS:
            return 1, self.auction(FIRST_ID + block * AUCTIONS + place - PERSONS, block + 1)
        return 2, self.bid((block + 1) * AUCTIONS, block + 1)

    def person(self, ident):
        rng = self.rng
        return (f'"person":{{"id":{ident},"name":"{rng.choice(NAMES)} {self.text(6).title()}","email":"{self.text(7)}@{self.text(5)}.example",'
                f'"city":"{rng.choice(CITIES)}","extra":"{self.text(rng.randint(20, 60))}"}}')

    def auction(self, ident, persons):
        rng, price = self.rng, self.price()
        return (f'"auction":{{"id":{ident},"item":"{self.text(12)}","description":"{self.text(rng.randint(60, 140))}","initial_bid":{price},'
                f'"reserve":{price + self.price()},"seller":{self.person_of(persons, 0)},"category":{rng.randint(10, 14)},'
                f'"extra":"{self.text(rng.randint(60, 240))}"}}')

    def bid(self, auctions, persons):
        rng = self.rng
        auction = self.hot(auctions) if rng.random() < 0.5 else self.recent(auctions, OPEN_AUCTIONS)
        channel = rng.choice(CHANNELS) if rng.random() < 0.5 else f"channel-{int(rng.random() * 10_000)}"
        bidder = min(self.person_of(persons, 1), FIRST_ID + persons - 1)
        return (f'"bid":{{"auction":{auction},"bidder":{bidder},"price":{self.price()},"channel":"{channel}",'
                f'"url":"https://auction.example/{self.text(6)}/item?channel={channel}","extra":"{self.text(rng.randint(5, 35))}"}}')


def lines(events, rate, shuffled, seed):
    """Times of `shuffled` neighbours are exchanged, so the disorder is at most `shuffled / rate` seconds."""
    auctioneer = Auctioneer(seed)
    for first in range(0, events, shuffled):
        numbers = range(first, min(events, first + shuffled))
        times = [START_MS + number * 1000 // rate for number in numbers]
        auctioneer.rng.shuffle(times)
        for number, time in zip(numbers, times):
            kind, body = auctioneer.body(number)
            yield f'{{"event_type":{kind},"date_time":{time},{body}}}\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rate", type=int, default=10_000, help="events per second of event time")
    parser.add_argument("--shuffled", type=int, default=50, help="neighbours whose times are exchanged")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--out", help="default: standard output")
    options = parser.parse_args()
    with open(options.out, "w", encoding="utf-8") if options.out else sys.stdout as out:
        out.writelines(lines(options.events, options.rate, options.shuffled, options.seed))


if __name__ == "__main__":
    main()
