"""Random typed expressions from the engine's own table of functions, and rows with the values that hurt.

An expression is a tree of Node, so that a failing one can be made smaller. A function that is added to the table is in
the test at once; only arguments with a language of their own (units, patterns, paths) are listed here.
"""
import dataclasses

TYPES = ("bool", "int4", "int8", "float8", "numeric", "text", "timestamptz", "timestamp", "date", "interval", "jsonb")
FIELDS = {"bool": "b", "int4": "i", "int8": "l", "float8": "f", "numeric": "n", "text": "t", "timestamptz": "z",
          "timestamp": "s", "date": "d", "interval": "v", "jsonb": "j"}
VALUES = {
    "bool": ("true", "false"),
    "int4": ("0", "1", "-1", "2", "7", "-13", "100", "2147483647", "-2147483648"),
    "int8": ("0", "1", "-1", "5", "42", "-1000", "2147483648", "5000000000", "9223372036854775807", "-9223372036854775808"),
    "float8": ("0", "-0", "1", "-1.5", "0.1", "2.5", "1e-300", "1e300", "123456.789", "-2147483648.5", "NaN", "Infinity", "-Infinity"),
    "numeric": ("0", "0.00", "1", "-1.50", "0.1", "2.345", "-7.5", "100", "99999999999999999999.99", "0.00000000000000000001",
                "12345678901234567890123456789012345678901234567890.5", "NaN", "Infinity", "-Infinity", "9223372036854775807.5"),
    "text": ("", "a", "abc", "ABC", "Hello World", "42", "-7", "1.5", "true", "né", "日本語テキスト", "a\U0001F600b", "a,b,,c", " pad ", "%a_b\\",
             "2024-02-29", "2024-02-29 12:34:56.789+02", "1 day", '{"a": 1}', "[1, 2]", "x=1&y=2"),
    "timestamptz": ("1970-01-01 00:00:00+00", "2024-02-29 23:59:59.999999+00", "2026-03-29 01:30:00+00", "1969-12-31 23:59:59.5+00",
                    "9999-12-31 23:59:59+00", "0001-01-01 00:00:00+00", "2026-10-25 00:30:00+00"),
    "timestamp": ("1970-01-01 00:00:00", "2024-02-29 23:59:59.999999", "2026-03-29 02:30:00", "1900-03-01 12:00:00.25",
                  "9999-12-31 23:59:59", "0001-01-01 00:00:00"),
    "date": ("1970-01-01", "2024-02-29", "2023-12-31", "2024-12-30", "9999-12-31", "0001-01-01", "1900-03-01"),
    "interval": ("00:00:00", "1 day", "-1 days", "1 mon", "30 days", "1 year 2 mons 3 days 04:05:06.789", "-00:00:00.000001",
                 "-1 years -2 mons +3 days -04:05:06", "24:00:00", "100 years"),
    "jsonb": ("true", "0", "1.50", '"a"', '""', "[]", "{}", "[1, 2, 3]", '{"a": 1, "b": [1, "x", []]}', '{"a": {"b": "c"}}',
              '[{"a": 1}, {"a": 2}]', '{"k": "né\\n"}', "-12", '[1, 1, "1"]', '{"": 0}'),
}
COLUMNS = [(f"{letter}{number}", kind) for kind, letter in FIELDS.items() for number in (1, 2)]

UNITS = ("microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century",
         "millennium", "epoch", "dow", "isodow", "doy", "isoyear", "timezone")
CUTS = UNITS[:13]
REGEXES = ("a", "^a", "b$", "[0-9]+", "^[A-Z]", "(a)(b)", "a|b", "a*", "\\\\d", "\\\\s", "[[:alpha:]]+", "^$", "l+", "(x)?y", "[^a-z]", "o.")
LIKES = ("a%", "%a%", "_b_", "%", "", "\\\\%a%", "%d", "A_C", "%語%")
PATHS = ("{a}", "{a,b}", "{b,0}", "{b,-1}", "{0,a}", "{}", "{k}")
# (function, place) -> texts that mean something there.
LANGUAGES = {
    ("date_trunc", 0): CUTS, ("extract", 0): UNITS, ("date_part", 0): UNITS, ("~", 1): REGEXES, ("~*", 1): REGEXES, ("!~", 1): REGEXES,
    ("!~*", 1): REGEXES, ("like", 1): LIKES, ("~~", 1): LIKES, ("~~*", 1): LIKES, ("!~~", 1): LIKES, ("!~~*", 1): LIKES,
    ("regexp_replace", 1): REGEXES, ("regexp_replace", 2): ("", "x", "<\\\\&>", "\\\\1"), ("regexp_replace", 3): ("g", "i", "gi"),
    ("regexp_substr", 1): REGEXES, ("regexp_count", 1): REGEXES, ("regexp_like", 1): REGEXES, ("#>", 1): PATHS, ("#>>", 1): PATHS,
    ("->", 1): ("a", "b", "k", ""), ("->>", 1): ("a", "b", "k", ""), ("?", 1): ("a", "b", "1", ""), ("split_part", 1): (",", "b", "", "a,"),
    ("to_char", 1): ("YYYY-MM-DD HH24:MI:SS.US", "FMDDth FMMonth YYYY", "Dy, DD Mon YY", "Day|IYYY-IW-ID", "Q CC J SSSS", "HH12:MI am", "DDD WW W D",
                     'YYYY"x"MM', "Y,YYY MS"),
    ("timezone", 0): ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe", "Nowhere/Land"),
    ("jsonb_extract_path", 1): ("a", "b", "0"), ("jsonb_extract_path_text", 1): ("a", "b", "1"),
}
# Small numbers where large ones only make large texts.
SMALL = {("repeat", 1), ("lpad", 1), ("rpad", 1), ("chr", 0), ("round", 1), ("trunc", 1)} | {("make_interval", place) for place in range(7)} | {("to_timestamp", 0)}
# Not generated: forms of their own below, or what the table of departures says.
LEFT_OUT = {"similar_to_escape", "substring", "power", "^", "exp", "ln", "log", "log10", "sqrt", "cbrt"}
FORMS = ("case", "coalesce", "nullif", "greatest", "least", "logic", "in", "between", "distinct", "null", "simple_case")


@dataclasses.dataclass
class Node:
    template: str  # With {0}, {1} … for the children.
    kind: str
    children: list = dataclasses.field(default_factory=list)

    def text(self):
        out = self.template.replace("{{", "\0").replace("}}", "\1")
        for number, child in enumerate(self.children):
            out = out.replace("{%d}" % number, child.text())
        return out.replace("\0", "{").replace("\1", "}")

    def size(self):
        return 1 + sum(child.size() for child in self.children)

    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()

    def replaced(self, old, new):
        if self is old:
            return new
        return Node(self.template, self.kind, [child.replaced(old, new) for child in self.children])


def escaped(text):
    return text.replace("{", "{{").replace("}", "}}")


def quoted(text):
    plain = text.replace("'", "''")
    if "\\\\" in plain:
        return "E'" + plain + "'"
    return "'" + plain + "'"


def literal(kind, value):
    return Node(escaped(f"{quoted(value)}::{kind}"), kind)


class Generator:
    def __init__(self, random, functions):
        self.random = random
        self.by_result = {kind: [] for kind in TYPES}
        for one in functions:
            if one["ours"] or one["form"] or one["name"] in LEFT_OUT or (" " in one["name"] and not one["name"].startswith("is ")):
                continue
            self.by_result[one["result"]].append(one)

    def leaf(self, kind):
        dice = self.random.random()
        if dice < 0.7:
            return Node(f"{FIELDS[kind]}{self.random.randint(1, 2)}", kind)
        if dice < 0.75:
            return Node(f"null::{kind}", kind)
        if kind in ("int4", "numeric") and self.random.random() < 0.5:
            value = self.random.choice(("0", "1", "2", "10") if kind == "int4" else ("0.5", "1.25", "100.0"))
            return Node(value, kind)
        return literal(kind, self.random.choice(VALUES[kind]))

    def expression(self, kind, depth):
        if depth <= 0 or self.random.random() < 0.1:
            return self.leaf(kind)
        if self.random.random() < 0.25:
            return self.form(kind, depth - 1)
        if not self.by_result[kind]:
            return self.leaf(kind)
        return self.call(self.random.choice(self.by_result[kind]), depth - 1)

    def argument(self, name, place, kind, depth):
        if (name, place) in LANGUAGES and kind == "text":
            return Node(escaped(quoted(self.random.choice(LANGUAGES[name, place]))), "text")
        if (name, place) in SMALL:
            return Node(str(self.random.choice((0, 1, 2, 3, 65) if name == "chr" else (0, 1, 2, 3))), "int4")
        return self.expression(kind, depth)

    def call(self, one, depth):
        name, result = one["name"], one["result"]
        kinds = [self.random.choice(TYPES)] if one["any"] else list(one["args"])
        if one["rest"]:
            kinds += ["text"] * self.random.randint(1, 3)
        children = [self.argument(name, place, kind, depth) for place, kind in enumerate(kinds)]
        places = ["{%d}" % place for place in range(len(children))]
        if one["cast"]:
            return Node("({0})::" + result, result, children)
        if name.startswith("is "):
            return Node("(({0}) " + name + ")", result, children)
        if name == "extract":
            unit = children[0].text().strip("'")
            return Node("extract(" + unit + " from {0})", result, children[1:])
        if name[0].isalpha():
            return Node(name + "(" + ", ".join(places) + ")", result, children)
        if len(children) == 1:
            return Node("(" + name + " ({0}))", result, children)
        return Node("(({0}) " + name + " ({1}))", result, children)

    def form(self, kind, depth):
        make = self.random.choice(FORMS)
        several = [self.expression(kind, depth) for _ in range(self.random.randint(1, 3))]
        if make == "case":
            return Node("case when {0} then {1} else {2} end", kind,
                        [self.expression("bool", depth), self.expression(kind, depth), self.expression(kind, depth)])
        if make == "simple_case":
            other = self.comparable()
            return Node("case {0} when {1} then {2} end", kind,
                        [self.expression(other, depth), self.expression(other, depth), self.expression(kind, depth)])
        if make in ("coalesce", "greatest", "least") and (make == "coalesce" or kind != "jsonb"):
            return Node(make + "(" + ", ".join("{%d}" % n for n in range(len(several))) + ")", kind, several)
        if make == "nullif" and kind != "jsonb":
            return Node("nullif({0}, {1})", kind, [self.expression(kind, depth), self.expression(kind, depth)])
        return self.condition(make, depth) if kind == "bool" else self.expression(kind, depth)

    def comparable(self):
        return self.random.choice([kind for kind in TYPES if kind != "jsonb"])

    def condition(self, make, depth):
        kind = self.comparable()
        some = [self.expression(kind, depth) for _ in range(3)]
        if make == "logic":
            word = self.random.choice(("and", "or"))
            return Node("({0} " + word + " {1})", "bool", [self.expression("bool", depth), self.expression("bool", depth)])
        if make == "in":
            items = [literal(kind, self.random.choice(VALUES[kind])) for _ in range(self.random.randint(1, 10))]
            items += [self.expression(kind, 0)] * self.random.randint(0, 1)
            words = ", ".join("{%d}" % (n + 1) for n in range(len(items)))
            return Node("({0} " + self.random.choice(("", "not ")) + "in (" + words + "))", "bool", [some[0], *items])
        if make == "between":
            words = self.random.choice(("between", "not between", "between symmetric"))
            return Node("({0} " + words + " {1} and {2})", "bool", some)
        if make == "distinct":
            words = self.random.choice(("is distinct from", "is not distinct from"))
            return Node("({0} " + words + " {1})", "bool", some[:2])
        if make == "null":
            return Node("(not ({0}))", "bool", [self.expression("bool", depth)])
        return self.expression("bool", depth)


def rows(random, count):
    """Each row a list of texts or None."""
    made = []
    for _ in range(count):
        made.append([None if random.random() < 0.15 else random.choice(VALUES[kind]) for _, kind in COLUMNS])
    return made


def copy_line(row):
    def cell(value):
        return "\\N" if value is None else value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return "\t".join(cell(value) for value in row)
