"""The ten questions, in SQL that SQLite and PostgreSQL both understand: tables person, auction and bid, `at` in ms since 1970,
`place` the number of the event's line. Rows come as lists in the order of the pipeline's `select`; {at: X} is the time X as
RFC 3339, in whole seconds.

SQL divides toward zero: all times here are after 1970, where that is the floor.
"""
import json
import pathlib
import re
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "expressions"))

import postgres     # noqa: E402

TABLES = """
  CREATE TABLE person (place BIGINT, at BIGINT, id BIGINT, name TEXT);
  CREATE TABLE auction (place BIGINT, at BIGINT, id BIGINT, seller BIGINT);
  CREATE TABLE bid (place BIGINT, at BIGINT, auction BIGINT, bidder BIGINT, price BIGINT, channel TEXT, extra TEXT);"""
COLUMNS = {"person": ("id", "name"), "auction": ("id", "seller"), "bid": ("auction", "bidder", "price", "channel", "extra")}
TIME = re.compile(r"\{at: ([^}]*)\}")

QUESTIONS = {
    "q0": "SELECT auction, bidder, price, at, extra FROM bid",
    "q1": "SELECT auction, bidder, CAST(0.908 AS float8) * price, at, extra FROM bid",
    "q2": "SELECT auction, price FROM bid WHERE auction % 123 = 0",
    "q5": """
      WITH hops(back) AS (VALUES (0), (2000), (4000), (6000), (8000)),
           counts AS (SELECT at / 2000 * 2000 - back AS start, auction, count(*) AS num FROM bid, hops GROUP BY 1, 2),
           most AS (SELECT start, max(num) AS num FROM counts GROUP BY start)
      SELECT {at: start}, auction, num FROM counts JOIN most USING (start, num)""",
    "q7": """
      WITH most AS (SELECT at / 10000 AS ten, max(price) AS price FROM bid GROUP BY ten)
      SELECT auction, bid.price, bidder, at, extra FROM bid JOIN most ON at / 10000 = ten AND bid.price = most.price""",
    "q8": """
      WITH came AS (SELECT DISTINCT at / 10000 AS ten, id, name FROM person),
           sold AS (SELECT DISTINCT at / 10000 AS ten, seller FROM auction)
      SELECT id, name, {at: ten * 10000} FROM came JOIN sold USING (ten) WHERE id = seller""",
    # A bid begins a session if the bidder's bid before it lies more than 10 s back.
    "q11": """
      WITH begun AS (SELECT *, CASE WHEN at - lag(at) OVER mine > 10000 THEN 1 ELSE 0 END AS begins
                     FROM bid WINDOW mine AS (PARTITION BY bidder ORDER BY at)),
           numbered AS (SELECT *, sum(begins) OVER (PARTITION BY bidder ORDER BY at) AS session FROM begun)
      SELECT min(at), max(at) + 10000, bidder, count(*) FROM numbered GROUP BY bidder, session""",
    # Windows of the wall clock cannot be asked for afterwards; their sum over the run can.
    "q12": "SELECT bidder, count(*) FROM bid GROUP BY bidder",
    "q17": """
      SELECT auction, {at: at / 86400000 * 86400000}, count(*),
             count(*) FILTER (WHERE price < 10000), count(*) FILTER (WHERE price >= 10000 AND price < 1000000),
             count(*) FILTER (WHERE price >= 1000000), min(price), max(price), CAST(sum(price) AS float8) / count(*), sum(price)
      FROM bid GROUP BY 1, 2""",
    "q18": """
      SELECT auction, bidder, price, channel, at, extra
      FROM (SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY at DESC, place DESC) AS rank FROM bid) AS ranked
      WHERE rank = 1""",
}


def rows_of(lines):
    """The events of these lines, by table."""
    rows = {table: [] for table in COLUMNS}
    for place, line in enumerate(lines):
        event = json.loads(line)
        table = tuple(COLUMNS)[event["event_type"]]
        rows[table].append([place, event["date_time"], *(event[table][name] for name in COLUMNS[table])])
    return rows


class Sqlite:
    """In memory, as it comes with Python."""
    name = "SQLite"

    def __enter__(self):
        self.database = sqlite3.connect(":memory:")
        return self

    def __exit__(self, *_):
        self.database.close()

    def load(self, lines):
        self.database.executescript(TABLES)
        for table, found in rows_of(lines).items():
            self.database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(found[0]))})", found)

    def ask(self, query):
        text = TIME.sub(r"strftime('%Y-%m-%dT%H:%M:%SZ', (\1) / 1000, 'unixepoch')", QUESTIONS[query])
        return [list(row) for row in self.database.execute(text)]


class Postgres(postgres.Postgres):
    name = "PostgreSQL"

    def load(self, lines):
        self.run(TABLES)
        for table, found in rows_of(lines).items():
            text = "".join("\t".join(self.escaped(str(value)) for value in row) + "\n" for row in found)
            self.run(f"COPY {table} FROM STDIN;\n{text}\\.\n")

    @staticmethod
    def escaped(text):
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")

    def ask(self, query):
        text = TIME.sub(r"""to_char(to_timestamp((\1) / 1000), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""", QUESTIONS[query])
        answers = self.run(f"SELECT row_to_json(answer) FROM ({text}) AS answer").splitlines()
        return [json.loads(line, object_pairs_hook=lambda pairs: [value for _, value in pairs]) for line in answers]


def database(name):
    """None: it is not installed."""
    if name == "sqlite":
        return Sqlite()
    binaries = postgres.find_binaries()
    return Postgres(binaries) if binaries else None
