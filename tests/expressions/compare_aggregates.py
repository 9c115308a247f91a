#!/usr/bin/env python3
"""Aggregates over random rows, here (in one state, and cut, stored and merged) and in PostgreSQL 15.

Exit: 0 all agree, 1 they do not, 77 there is no PostgreSQL here.
"""
import argparse
import decimal
import json
import math
import random
import re
import subprocess
import sys
import time

import generate
import postgres

SETUP = """
create function value_of(expression text) returns jsonb language plpgsql as $$
declare value jsonb;
begin
  execute 'select to_jsonb((' || expression || ')::text) from (select * from rows order by place) rows' into value;
  return jsonb_build_object('value', value);
exception when others then
  value := jsonb_build_object('e', sqlstate);
  begin
    execute 'explain select ' || expression || ' from rows';
  exception when others then return jsonb_build_object('plan', sqlstate);
  end;
  return value;
end $$;
"""
OURS = {"first", "last", "approx_count_distinct", "approx_percentile", "approx_top"}
EXTRAS = {"string_agg": ("','", "''", "'; '"), "percentile_cont": ("0", "0.5", "0.9", "1"), "percentile_disc": ("0", "0.25", "0.5", "1")}


def expression(make, rng, one):
    name, kind = one["name"], one["argument"]
    if one["any"]:
        kind = rng.choice([one for one in generate.TYPES if not one.startswith("jsonb")])
    if not kind:
        return "count(*)"
    argument = make.whole(kind, rng.choice((0, 0, 1))).text()
    filtered = f" filter (where {make.leaf('bool').text()})" if rng.random() < 0.3 else ""
    if one["within_group"]:
        return f"{name}({rng.choice(EXTRAS.get(name, ('',)))}) within group (order by {argument}){filtered}"
    ordered = not kind.startswith("jsonb") and not (name == "jsonb_agg" and kind.endswith("[]"))
    distinct = "distinct " if rng.random() < 0.3 and ordered else ""
    extra = ", " + rng.choice(EXTRAS[name]) if name in EXTRAS else ""
    if distinct and extra:
        extra = ", ','"
    return f"{name}({distinct}{argument}{extra}){filtered}"


def same(text, ours, theirs):
    if theirs.get("e") == "22003" and ours.get("value") == "NaN":
        return True  # error-order: PostgreSQL met the overflow before the NaN or infinity
    if theirs.get("e") == "22003" and "value" in ours and text.startswith("avg("):
        return True  # aggregate-types: PostgreSQL's mean of float8 also adds up squares
    if "e" in ours or "e" in theirs:
        return ours.get("e", "")[:2] == theirs.get("e", "")[:2] or integer_sum(text, ours, theirs)
    mine, other = ours["value"], theirs["value"]
    if mine == other:
        return True
    if "(distinct" in text and ours["type"] == "numeric" and mine and other:
        return math.isclose(float(mine), float(other), rel_tol=1e-12)  # Which of 1.5 and 1.50 is kept is not said.
    if text.startswith(("array_agg(distinct", "jsonb_agg(distinct")) and mine and other:
        return one_of_equals(text, mine) == one_of_equals(text, other)
    if "(distinct" in text and ours["type"] == "interval" and mine and other:
        return True  # Which of 1 mon and 30 days is kept is not said.
    if text.startswith(("mode", "percentile_disc", "max", "min")) and ours["type"] == "numeric" and mine and other:
        return decimal.Decimal(mine) == decimal.Decimal(other)  # Which of 0 and 0.00 is not said.
    if mine is None or other is None or ours["type"] != "float8":
        return False
    x, y = float(mine), float(other)  # aggregate-types: the mean of integers; and the last bits of float8.
    return (math.isnan(x) and math.isnan(y)) or math.isclose(x, y, rel_tol=1e-9)


def one_of_equals(text, value):
    """A list of distinct values, in which it is not said which of 1.5 and 1.50, 0 and -0, or 1 mon and 30 days, is kept."""
    if "interval" in text or re.search(r"\bva?[12]\b", text):
        return value.count(",")
    shortened = re.sub(r"-?\d+\.\d+", lambda number: number[0].rstrip("0").rstrip("."), value)
    return re.sub(r"-0(?=[,}\]])", "0", shortened)


def integer_sum(text, ours, theirs):
    """aggregate-types: int8 where PostgreSQL has numeric."""
    value = theirs.get("value")
    return ours.get("e") == "22003" and text.startswith("sum(") and value is not None and abs(float(value)) >= 2 ** 63


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fold", required=True)
    parser.add_argument("--evaluate", required=True)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--expressions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    binaries = postgres.find_binaries()
    if binaries is None:
        print("SKIPPED: there is no PostgreSQL 15 here (Debian: postgresql-15), so nothing was compared")
        return 77
    rng = random.Random(options.seed)
    lines = subprocess.run([options.evaluate, "--functions"], capture_output=True, check=True).stdout.decode().split("\n")
    make = generate.Generator(rng, [json.loads(line) for line in lines if line])
    lines = subprocess.run([options.fold, "--aggregates"], capture_output=True, check=True).stdout.decode().split("\n")
    table = [one for one in map(json.loads, filter(None, lines)) if one["name"] not in OURS and not (one["within_group"] and one["argument"] == "interval")]
    failures = compared = 0
    begun = time.monotonic()
    columns = ", ".join(f"{name} {kind}" for name, kind in generate.COLUMNS)
    names = ", ".join(name for name, _ in generate.COLUMNS)
    header = " ".join(f"{name} {kind}" for name, kind in generate.COLUMNS) + "\n"
    with postgres.Postgres(binaries) as database:
        database.run(SETUP)
        for _ in range(options.rounds):
            rows = [generate.copy_line(row) for row in generate.rows(rng, rng.choice((0, 1, 2, 10, 200)))]
            texts = [expression(make, rng, rng.choice(table)) for _ in range(options.expressions)]
            done = subprocess.run([options.fold], input=(header + "".join(row + "\n" for row in rows) + "\n" + "\n".join(texts) + "\n").encode(), capture_output=True)
            if done.returncode:
                sys.exit(f"fold_aggregates ended with {done.returncode}: {done.stderr.decode()[-500:]}")
            ours = [json.loads(line) for line in done.stdout.decode().split("\n") if line]
            escaped = "\n".join(text.replace("\\", "\\\\") for text in texts)
            out = database.run(f"drop table if exists rows;\ncreate table rows (place int generated always as identity, {columns});\ncopy rows ({names}) from stdin;\n" + "".join(row + "\n" for row in rows) +
                               "\\.\ncreate temp table e (id int generated always as identity, x text);\ncopy e (x) from stdin;\n" + escaped +
                               "\n\\.\nselect value_of(x)::text from e order by id;\n")
            theirs = [json.loads(line) for line in out.split("\n") if line]
            for text, mine, other in zip(texts, ours, theirs):
                compared += 1
                if "plan" in other and ("refused" in mine or other["plan"][:2] != "42"):
                    continue  # literal-error, constant-error
                if "not supported for type" in mine.get("refused", ""):
                    continue  # literal-error
                if "refused" in mine or "inconsistent" in mine or not same(text, mine, other):
                    failures += 1
                    if failures <= 20:
                        print(f"they differ over {len(rows)} rows: {text}\n    here {json.dumps(mine, ensure_ascii=False)}, PostgreSQL {json.dumps(other, ensure_ascii=False)}", flush=True)
    print(f"{compared} aggregates compared with PostgreSQL, seed {options.seed}: {failures} differ; {time.monotonic() - begun:.1f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
