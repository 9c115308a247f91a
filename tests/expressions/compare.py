#!/usr/bin/env python3
"""The same expressions over the same rows, here and in a real PostgreSQL 15: same value, same NULL, same class of error.

A difference that no entry of the table of departures (core/expr/departures.cc) explains is made smaller and printed.
Exit: 0 all agree, 1 they do not, 77 there is no PostgreSQL here.
"""
import argparse
import concurrent.futures
import json
import math
import pathlib
import random
import re
import subprocess
import sys
import time

import generate
import postgres

# Where one row of an expression fails, all rows are asked one by one, by a function made for it: its query is planned once.
SETUP = """
create function values_of(expression text) returns jsonb language plpgsql as $$
declare result jsonb;
begin
  begin
    execute 'select jsonb_agg(to_jsonb((' || expression || ')::text) order by i) from rows' into result;
    return result;
  exception when others then null;
  end;
  begin
    execute 'explain select ' || expression || ' from rows';
  exception when others then return jsonb_build_object('plan', sqlstate);
  end;
  execute 'create or replace function pg_temp.cells(row_count int) returns jsonb language plpgsql as $cells$
    declare all_of_it jsonb[]; value_of_it jsonb;
    begin
      for row_number_of_it in 1..row_count loop
        begin
          select to_jsonb((' || expression || ')::text) into value_of_it from rows where i = row_number_of_it;
        exception when others then value_of_it := jsonb_build_object(''e'', sqlstate);
        end;
        all_of_it := array_append(all_of_it, value_of_it);
      end loop;
      return to_jsonb(all_of_it);
    end $cells$';
  execute 'select pg_temp.cells((select count(*)::int from rows))' into result;
  return result;
end $$;
"""


class Both:
    """The two programs with the same rows."""

    def __init__(self, evaluate, database, rows):
        self.evaluate, self.database = evaluate, database
        columns = ", ".join(f"{name} {kind}" for name, kind in generate.COLUMNS)
        names = ", ".join(name for name, _ in generate.COLUMNS)
        lines = [generate.copy_line(row) for row in rows]
        # i is none of the columns' names.
        database.run(SETUP.replace(" i)", " i)") + f"create table rows (i int generated always as identity primary key, {columns});\n"
                     f"copy rows ({names}) from stdin;\n" + "\n".join(lines) + "\n\\.\nanalyze rows;\n")
        self.header = " ".join(f"{name} {kind}" for name, kind in generate.COLUMNS) + "\n" + "\n".join(lines) + "\n\n"

    def here(self, texts):
        done = subprocess.run([self.evaluate], input=(self.header + "\n".join(texts) + "\n").encode(), capture_output=True)
        if done.returncode:
            raise RuntimeError(f"evaluate_expressions ended with {done.returncode}: {done.stderr.decode()[-500:]}")
        return [json.loads(line) for line in done.stdout.decode().split("\n") if line]

    def there(self, texts):
        lines = "\n".join(text.replace("\\", "\\\\") for text in texts)
        out = self.database.run("create temp table e (id int generated always as identity, x text);\ncopy e (x) from stdin;\n" + lines +
                                "\n\\.\nselect coalesce(values_of(x), 'null'::jsonb)::text from e order by id;\n")
        return [json.loads(line) for line in out.split("\n") if line]

    def ask(self, texts):
        """Both at the same time."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            here, there = pool.submit(self.here, texts), pool.submit(self.there, texts)
            return here.result(), there.result()


def error_class(cell):
    return cell["e"][:2] if isinstance(cell, dict) else None


def close(ours, theirs):
    try:
        return math.isclose(float(ours), float(theirs), rel_tol=1e-12)
    except ValueError:
        return False


READS_TIMES = ("::date", "::timestamp", "::interval")
JSON_PARTS = re.compile(r"->|#>|jsonb_extract_path|\)\[")


def same_cells(text, ours, theirs):
    if error_class(ours) == "22" and ours["e"] in ("22007", "22008") and not error_class(theirs) and any(map(text.__contains__, READS_TIMES)):
        return True  # time-input: a form of writing that only PostgreSQL reads
    made_json = "to_jsonb" in text or "jsonb_build" in text
    if ours is None and made_json and (theirs == "null" or JSON_PARTS.search(text)) and (not error_class(theirs) or theirs["e"] == "22023"):
        return True  # json-null
    if theirs in ("infinity", "-infinity") and error_class(ours) == "22":
        return True  # time-infinity
    if error_class(ours) and error_class(theirs):
        return True  # error-order: which of a row's errors is told
    if "date_part" in text and None not in (ours, theirs) and not error_class(ours) and not error_class(theirs):
        return ours == theirs or close(ours, theirs)  # PostgreSQL adds seconds and fraction in float8.
    if error_class(ours) or error_class(theirs):
        return error_class(ours) == error_class(theirs)
    return ours == theirs


def difference(text, ours, theirs):
    """None if they agree; else what differs."""
    if "inconsistent" in ours:
        return ours["inconsistent"]
    if isinstance(theirs, dict):  # PostgreSQL refuses the whole query.
        state = theirs["plan"]
        if "refused" in ours or state[:2] != "42":
            return None  # literal-error, constant-error
        return f"PostgreSQL refuses it with {state}"
    if "not supported for type" in ours.get("refused", ""):
        return None  # literal-error: a unit that the type lacks
    if re.search("for type (interval|date|timestamp)", ours.get("refused", "")):
        return None  # time-input, in a constant
    if "refused" in ours and any(map(error_class, theirs)) and all(cell is None or error_class(cell) for cell in theirs):
        return None  # literal-error: a constant argument that no row can use
    if "refused" in ours:
        return f"refused here: {ours['refused']}"
    for number, (mine, other) in enumerate(zip(ours["rows"], theirs)):
        if not same_cells(text, mine, other):
            return f"row {number + 1}: here {json.dumps(mine, ensure_ascii=False)}, PostgreSQL {json.dumps(other, ensure_ascii=False)}"
    return None


def null_beforehand(both, node, ours, theirs):
    """constant-null: NULL here for each row that fails there, and some part is a NULL constant here that reads like none."""
    if "rows" not in ours or not isinstance(theirs, list):
        return False
    text = node.text()
    unlike = [(mine, other) for mine, other in zip(ours["rows"], theirs) if not same_cells(text, mine, other)]
    if not all(mine is None and error_class(other) for mine, other in unlike):
        return False
    parts = [part.text() for part in node.walk() if part is not node and not part.text().startswith("null::")]
    return any(part.get("constant") and part["rows"][0] is None for part in both.here(parts)) if parts else False


def differ(both, node, ours, theirs):
    return difference(node.text(), ours, theirs) and not null_beforehand(both, node, ours, theirs)


def smaller(both, node):
    """The smallest expression that still differs, by dropping what is around and what is inside."""
    while True:
        candidates = [part for part in node.walk() if part is not node]
        for part in node.walk():
            if part.children:
                candidates += [node.replaced(part, generate.Node(generate.FIELDS[part.kind] + "1", part.kind))] if part.kind in generate.FIELDS else []
                candidates += [node.replaced(part, child) for child in part.children if child.kind == part.kind]
        candidates = [one for one in candidates if one.size() < node.size()]
        texts = [one.text() for one in candidates]
        if not texts:
            return node
        failing = [one for one, ours, theirs in zip(candidates, both.here(texts), both.there(texts)) if differ(both, one, ours, theirs)]
        if not failing:
            return node
        node = min(failing, key=lambda one: one.size())


def report(both, node):
    node = smaller(both, node)
    text = node.text()
    print("they differ:", text)
    print("   ", difference(text, both.here([text])[0], both.there([text])[0]), flush=True)


KNOWN_DEPARTURES = {
    "constant-error", "literal-error", "error-order", "constant-null", "json-null", "jsonb-as-it-came", "numeric-functions", "aggregate-types", "aggregate-order",
    "time-input", "time-infinity", "interval-overflow", "time-end", "regex", "made-text", "text-digests", "time-zone", "array-dimensions", "collation",
}


def check_departures(evaluate):
    out = subprocess.run([evaluate, "--departures"], capture_output=True, check=True).stdout.decode()
    listed = {json.loads(line)["id"] for line in out.split("\n") if line}
    if listed != KNOWN_DEPARTURES:
        sys.exit(f"the table of departures and this test disagree about {sorted(listed ^ KNOWN_DEPARTURES)}")


def written():
    """Forms that the generator does not make: grammar, literals, templates (written.txt)."""
    lines = (pathlib.Path(__file__).resolve().parent / "written.txt").read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line and not line.startswith("# ")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--evaluate", required=True)
    parser.add_argument("--expressions", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--only", help="one expression instead of random ones")
    parser.add_argument("--failures", type=int, default=20, help="stop after so many")
    options = parser.parse_args()
    check_departures(options.evaluate)
    binaries = postgres.find_binaries()
    if binaries is None:
        print("SKIPPED: there is no PostgreSQL 15 here (Debian: postgresql-15), so nothing was compared")
        return 77
    rng = random.Random(options.seed)
    functions = [json.loads(line) for line in subprocess.run([options.evaluate, "--functions"], capture_output=True, check=True).stdout.decode().split("\n") if line]
    make = generate.Generator(rng, functions)
    failures = compared = 0
    begun = time.monotonic()
    with postgres.Postgres(binaries) as database:
        both = Both(options.evaluate, database, generate.rows(rng, options.rows))
        if options.only:
            print(json.dumps(both.here([options.only])[0], ensure_ascii=False), "\n", json.dumps(both.there([options.only])[0], ensure_ascii=False), sep="")
            return 0
        for text, mine, other in zip(written(), *both.ask(written())):
            found = difference(text, mine, other)
            failures += bool(found)
            if found:
                print("they differ:", text, "\n   ", found, flush=True)
        while compared < options.expressions and failures < options.failures:
            nodes = [make.whole(make.any_kind(), rng.randint(1, options.depth)) for _ in range(min(1000, options.expressions - compared))]
            texts = [node.text() for node in nodes]
            ours, theirs = both.ask(texts)
            if not len(ours) == len(theirs) == len(nodes):
                raise RuntimeError(f"{len(nodes)} expressions, {len(ours)} results here, {len(theirs)} there")
            for node, mine, other in zip(nodes, ours, theirs):
                if failures < options.failures and differ(both, node, mine, other):
                    failures += 1
                    report(both, node)
            compared += len(nodes)
    print(f"{compared} expressions and {len(written())} written ones x {options.rows} rows compared with PostgreSQL, seed {options.seed}: {failures} differ; {time.monotonic() - begun:.1f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
