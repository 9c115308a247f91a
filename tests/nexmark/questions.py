"""The ten questions asked of SQLite over the same events: tables person, auction and bid, `at` in ms since 1970, `place` the
number of the event's line. Rows come as lists in the order of the pipeline's `select`; times as RFC 3339.

SQLite divides toward zero: all times here are after 1970, where that is the floor.
"""
import json
import sqlite3

TABLES = """
  CREATE TABLE person (place INTEGER, at INTEGER, id INTEGER, name TEXT);
  CREATE TABLE auction (place INTEGER, at INTEGER, id INTEGER, seller INTEGER);
  CREATE TABLE bid (place INTEGER, at INTEGER, auction INTEGER, bidder INTEGER, price INTEGER, channel TEXT, extra TEXT);"""
COLUMNS = {"person": ("id", "name"), "auction": ("id", "seller"), "bid": ("auction", "bidder", "price", "channel", "extra")}
TIME = "strftime('%Y-%m-%dT%H:%M:%SZ', {} / 1000, 'unixepoch')"    # whole seconds only

QUESTIONS = {
    "q0": "SELECT auction, bidder, price, at, extra FROM bid",
    "q1": "SELECT auction, bidder, 0.908 * price, at, extra FROM bid",
    "q2": "SELECT auction, price FROM bid WHERE auction % 123 = 0",
    "q5": f"""
      WITH hops(back) AS (VALUES (0), (2000), (4000), (6000), (8000)),
           counts AS (SELECT at / 2000 * 2000 - back AS start, auction, count(*) AS num FROM bid, hops GROUP BY 1, 2),
           most AS (SELECT start, max(num) AS num FROM counts GROUP BY start)
      SELECT {TIME.format('start')}, auction, num FROM counts JOIN most USING (start, num)""",
    "q7": """
      WITH most AS (SELECT at / 10000 AS ten, max(price) AS price FROM bid GROUP BY ten)
      SELECT auction, bid.price, bidder, at, extra FROM bid JOIN most ON at / 10000 = ten AND bid.price = most.price""",
    "q8": f"""
      WITH came AS (SELECT DISTINCT at / 10000 AS ten, id, name FROM person),
           sold AS (SELECT DISTINCT at / 10000 AS ten, seller FROM auction)
      SELECT id, name, {TIME.format('ten * 10000')} FROM came JOIN sold USING (ten) WHERE id = seller""",
    # A bid begins a session if the bidder's bid before it lies more than 10 s back.
    "q11": """
      WITH begun AS (SELECT *, at - lag(at) OVER mine > 10000 AS begins FROM bid WINDOW mine AS (PARTITION BY bidder ORDER BY at)),
           numbered AS (SELECT *, sum(coalesce(begins, 0)) OVER (PARTITION BY bidder ORDER BY at) AS session FROM begun)
      SELECT min(at), max(at) + 10000, bidder, count(*) FROM numbered GROUP BY bidder, session""",
    # Windows of the wall clock cannot be asked for afterwards; their sum over the run can.
    "q12": "SELECT bidder, count(*) FROM bid GROUP BY bidder",
    "q17": f"""
      SELECT auction, {TIME.format('at / 86400000 * 86400000')}, count(*),
             count(*) FILTER (WHERE price < 10000), count(*) FILTER (WHERE price >= 10000 AND price < 1000000),
             count(*) FILTER (WHERE price >= 1000000), min(price), max(price), sum(price) * 1.0 / count(*), sum(price)
      FROM bid GROUP BY 1, 2""",
    "q18": """
      SELECT auction, bidder, price, channel, at, extra
      FROM (SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY at DESC, place DESC) AS rank FROM bid) WHERE rank = 1""",
}


def load(lines):
    """A database with the events of these lines."""
    rows = {table: [] for table in COLUMNS}
    for place, line in enumerate(lines):
        event = json.loads(line)
        table = tuple(COLUMNS)[event["event_type"]]
        rows[table].append([place, event["date_time"], *(event[table][name] for name in COLUMNS[table])])
    database = sqlite3.connect(":memory:")
    database.executescript(TABLES)
    for table, found in rows.items():
        database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(found[0]))})", found)
    return database


def ask(database, query):
    return [list(row) for row in database.execute(QUESTIONS[query])]
