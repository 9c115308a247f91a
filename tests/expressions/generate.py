"""Random typed expressions from the engine's own table of functions, and rows with the values that hurt.

An expression is a tree of Node, so that a failing one can be made smaller. A function that is added to the table is in
the test at once; only arguments with a language of their own (units, patterns, paths) are listed here.
"""
import dataclasses

SCALARS = ("bool", "int4", "int8", "float8", "numeric", "text", "timestamptz", "timestamp", "date", "interval", "jsonb")
ARRAYS = tuple(kind + "[]" for kind in SCALARS)
TYPES = SCALARS + ARRAYS
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


def array_text(values):
    """PostgreSQL's form; None is NULL."""
    cells = ["NULL" if value is None else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]
    return "{" + ",".join(cells) + "}"


for scalar in SCALARS:
    some = VALUES[scalar]
    FIELDS[scalar + "[]"] = FIELDS[scalar] + "a"
    VALUES[scalar + "[]"] = ("{}", "{NULL}", array_text(some[:1]), array_text(some[:2]), array_text((some[1], some[0])), array_text(some[-2:]),
                             array_text((some[0], None, some[0])), array_text((some[-1], None, some[0], some[-1])), array_text(some))
COLUMNS = [(f"{letter}{number}", kind) for kind, letter in FIELDS.items() for number in (1, 2)]

UNITS = ("microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century",
         "millennium", "epoch", "dow", "isodow", "doy", "isoyear", "timezone")
CUTS = UNITS[:13]
REGEXES = ("a", "^a", "b$", "[0-9]+", "^[A-Z]", "(a)(b)", "a|b", "a*", "\\\\d", "\\\\s", "[[:alpha:]]+", "^$", "l+", "(x)?y", "[^a-z]", "o.", "\\\\ya", "o\\\\Y", "\\\\bx", "\\\\w+$")
LIKES = ("a%", "%a%", "_b_", "%", "", "\\\\%a%", "%d", "A_C", "%語%")
PATHS = ("{a}", "{a,b}", "{b,0}", "{b,-1}", "{0,a}", "{}", "{k}")
FORMATS = ("%s", "%%", "a%sb", "%I", "%L", "%s %s", "%2$s", "%5s|", "%-5s|", "%1$s %1$L", "%*s", "%1$-8I|", "%", "%z", "%3$s", "", "x")
SIMILAR = ("a%", "%(a|b)_*", "abc", "[a-c]+", "_____", "%d+%", "(a|A)bc|ABC", "%", "a#%b", "\\\\%a_b%")
NUMBERS = ("9999.99", "0000", "S99999D99", "FM999999.99", "9G999G999", "999.9MI", "PL999", "999PR", "FM0009.90", "9.99EEEE", "L99", "099,999", "FM99", "999th", "V99", "99V9",
           "FMRN", "RN", "SG99", "9 9 9", "FM9,999.0099", "00.00S")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe")
MOMENTS = ("2026-11-03 09:05:07.25", "03/11/2026 9:05 pm", "3 Nov 26", "Tuesday, 3rd of November 2026", "20261103T090507", "1762160707", "12:00 am", "2020-W53-7",
           "2024-366", "  05-06-07", "-44-03-15 BC", "31.02.2024", "24:00:00", "2026-11-03 09:05+05:30", "abc", "", "99", "2,026 11")
TEMPLATES = ("YYYY-MM-DD HH24:MI:SS.US", "DD/MM/YYYY HH:MI am", "DD Mon YY", 'Day, DDth "of" Month YYYY', 'YYYYMMDD"T"HH24MISS', "HH12:MI AM", 'IYYY-"W"IW-ID',
             "YYYY-DDD", "FXYYYY-MM-DD", "YYYY-MM-DD BC", "DD.MM.YYYY", "HH24:MI:SS", "YYYY-MM-DD HH24:MITZH:TZM", "Y,YYY MM", "J", "CC YY", "YY-MM-DD", "Q RM", "SSSS", "MS")
# (function, place) -> texts that mean something there.
LANGUAGES = {
    ("date_trunc", 0): CUTS, ("extract", 0): UNITS, ("date_part", 0): UNITS, ("~", 1): REGEXES, ("~*", 1): REGEXES, ("!~", 1): REGEXES,
    ("!~*", 1): REGEXES, ("like", 1): LIKES, ("~~", 1): LIKES, ("~~*", 1): LIKES, ("!~~", 1): LIKES, ("!~~*", 1): LIKES,
    ("regexp_replace", 1): REGEXES, ("regexp_replace", 2): ("", "x", "<\\\\&>", "\\\\1"), ("regexp_replace", 3): ("g", "i", "gi"),
    ("regexp_substr", 1): REGEXES, ("regexp_count", 1): REGEXES, ("regexp_like", 1): REGEXES, 
    ("->", 1): ("a", "b", "k", ""), ("->>", 1): ("a", "b", "k", ""), ("?", 1): ("a", "b", "1", ""), ("split_part", 1): (",", "b", "", "a,"),
    ("to_char", 1): ("YYYY-MM-DD HH24:MI:SS.US", "FMDDth FMMonth YYYY", "Dy, DD Mon YY", "Day|IYYY-IW-ID", "Q CC J SSSS", "HH12:MI am", "DDD WW W D",
                     'YYYY"x"MM', "Y,YYY MS"),
    ("to_timestamp", 0): MOMENTS, ("to_timestamp", 1): TEMPLATES, ("to_date", 0): MOMENTS, ("to_date", 1): TEMPLATES,
    ("timezone", 0): ZONES, ("date_trunc", 2): ZONES,
    ("regexp_match", 1): REGEXES, ("regexp_match", 2): ("", "i", "c"), ("regexp_split_to_array", 1): REGEXES,
    ("regexp_split_to_array", 2): ("i", "c"), ("string_to_array", 1): (",", "", "b", " "), ("string_to_array", 2): ("", "a", "42"),
    ("array_to_string", 1): (",", "", "; "), ("array_to_string", 2): ("", "?"), ("format", 0): FORMATS,
    ("jsonb_extract_path", 1): ("a", "b", "0"), ("jsonb_extract_path_text", 1): ("a", "b", "1"),
}
# Small numbers where large ones only make large texts.
SMALL = {("array_position", 2), ("trim_array", 1), ("array_length", 1), ("array_upper", 1), ("array_lower", 1), ("repeat", 1), ("lpad", 1), ("rpad", 1), ("chr", 0), ("round", 1), ("trunc", 1)} | {("make_interval", place) for place in range(7)} | {("to_timestamp", 0)}
# Not generated: forms of their own below, or what the table of departures says.
LEFT_OUT = {"similar_to_escape", "substring", "power", "^", "exp", "ln", "log", "log10", "sqrt", "cbrt"}
ANY_REST = {"concat", "concat_ws", "format", "jsonb_build_object", "jsonb_build_array"}
FORMS = ("case", "coalesce", "nullif", "greatest", "least", "logic", "in", "between", "distinct", "null", "simple_case", "similar", "any", "any", "array", "array")


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
    plain = value.replace("'", "''")
    return Node(escaped(f"'{plain}'::{kind}"), kind)


def concrete(kind, scalar):
    """A type of the table in a call whose arrays hold this scalar."""
    return {"anyarray": scalar + "[]", "orderedarray": scalar + "[]", "textsofarray": scalar + "[]", "anyelement": scalar, "orderedelement": scalar}.get(kind, kind)


def overloads(one):
    """A function over any array, once per type of elements."""
    kinds = [*one["args"], one["result"]]
    if one["any"] or all(concrete(kind, "") == kind for kind in kinds):
        return [one]
    ordered = any(kind.startswith("ordered") for kind in kinds)
    return [{**one, "args": [concrete(kind, scalar) for kind in one["args"]], "result": concrete(one["result"], scalar)}
            for scalar in SCALARS if not (ordered and scalar == "jsonb")]


class Generator:
    def __init__(self, random, functions):
        self.random = random
        self.by_result = {kind: [] for kind in TYPES}
        self.made = {}  # Parts of this expression so far, by type.
        self.operators = {}  # Type of both sides -> names, for any and all.
        for one in functions:
            if one["ours"] or one["form"] or one["name"] in LEFT_OUT or (" " in one["name"] and not one["name"].startswith("is ")):
                continue
            for overload in overloads(one):
                self.by_result[overload["result"]].append(overload)
            if one["result"] == "bool" and len(one["args"]) == 2 and one["args"][0] == one["args"][1] in SCALARS and not one["name"][0].isalpha():
                self.operators.setdefault(one["args"][0], []).append(one["name"])
        # By name, so that comparisons of eleven types of arrays are not most of all calls.
        self.names = {kind: sorted({one["name"] for one in several}) for kind, several in self.by_result.items()}

    def any_kind(self):
        return self.random.choice(SCALARS if self.random.random() < 0.75 else ARRAYS)

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

    def whole(self, kind, depth):
        """An expression of its own."""
        self.made = {kind: [] for kind in TYPES}
        return self.expression(kind, depth)

    def expression(self, kind, depth):
        if self.made[kind] and self.random.random() < 0.08:
            return self.random.choice(self.made[kind])  # The same part again: it is computed once.
        node = self.new_expression(kind, depth)
        self.made[kind].append(node)
        return node

    def new_expression(self, kind, depth):
        if depth <= 0 or self.random.random() < 0.1:
            return self.leaf(kind)
        if self.random.random() < 0.25:
            return self.form(kind, depth - 1)
        if not self.by_result[kind]:
            return self.leaf(kind)
        name = self.random.choice(self.names[kind])
        return self.call(self.random.choice([one for one in self.by_result[kind] if one["name"] == name]), depth - 1)

    def argument(self, name, place, kind, depth, first):
        if name == "to_char" and place == 1 and first in ("int4", "int8", "float8", "numeric"):
            return Node(escaped(quoted(self.random.choice(NUMBERS))), "text")
        if name in ("#>", "#>>") and place == 1 and self.random.random() < 0.7:
            return Node(escaped(quoted(self.random.choice(PATHS))), "text")
        if (name, place) in LANGUAGES and kind == "text":
            return Node(escaped(quoted(self.random.choice(LANGUAGES[name, place]))), "text")
        if (name, place) == ("split_part", 2):  # A constant 0 is refused at once.
            return Node(str(self.random.choice((1, 2, 3, -1, -2))), "int4")
        if (name, place) in SMALL:
            return Node(str(self.random.choice((0, 1, 2, 3, 65) if name == "chr" else (0, 1, 2, 3))), "int4")
        return self.expression(kind, depth)

    def call(self, one, depth):
        name, result = one["name"], one["result"]
        kinds = [self.any_kind()] if one["any"] else list(one["args"])
        if one["rest"]:
            kinds += [self.any_kind() if name in ANY_REST else "text" for _ in range(self.random.randint(1, 3))]
        if name == "jsonb_build_object":
            kinds = [kind for value in kinds for kind in (self.random.choice(SCALARS[:-1]), value)]
        children = [self.argument(name, place, kind, depth, kinds[0]) for place, kind in enumerate(kinds)]
        places = ["{%d}" % place for place in range(len(children))]
        if one["cast"]:
            return Node("({0})::" + result, result, children)
        if name.startswith("is "):
            return Node("(({0}) " + name + ")", result, children)
        if name == "extract":
            unit = children[0].text().strip("'")
            return Node("extract(" + unit + " from {0})", result, children[1:])
        if name == "position":
            return Node("position(({1}) in ({0}))", result, children)
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
        if make in ("coalesce", "greatest", "least") and (make == "coalesce" or not kind.startswith("jsonb")):
            return Node(make + "(" + ", ".join("{%d}" % n for n in range(len(several))) + ")", kind, several)
        if make == "nullif" and not kind.startswith("jsonb"):
            return Node("nullif({0}, {1})", kind, [self.expression(kind, depth), self.expression(kind, depth)])
        if make == "array":
            return self.array_form(kind, depth)
        return self.condition(make, depth) if kind == "bool" else self.expression(kind, depth)

    def array_form(self, kind, depth):
        """Constructors, slices and casts give arrays, subscripts give what is in them."""
        small = Node(str(self.random.choice((-1, 0, 1, 2, 3))), "int4")
        if kind not in ARRAYS:
            if kind == "text" and self.random.random() < 0.3:
                return Node("({0})::text", kind, [self.expression(self.random.choice(ARRAYS), depth)])
            index = small if self.random.random() < 0.7 else self.expression("int4", depth)
            return Node("({0})[{1}]", kind, [self.expression(kind + "[]", depth), index])
        make = self.random.choice(("constructor", "constructor", "slice", "cast", "text"))
        if make == "slice":
            words = self.random.choice(("{1}:{2}", ":{2}", "{1}:", ":"))
            return Node("({0})[" + words + "]", kind, [self.expression(kind, depth), small, self.expression("int4", 0)])
        if make == "cast":
            return Node("({0})::" + kind, kind, [self.expression(self.casts_to(kind), depth)])
        if make == "text":
            return Node("({0})::text::" + kind, kind, [self.expression(kind, depth)])
        items = [self.expression(kind[:-2], depth) for _ in range(self.random.randint(0, 3))]
        words = ", ".join("{%d}" % n for n in range(len(items)))
        return Node("array[" + words + "]::" + kind, kind, items)

    def casts_to(self, kind):
        """An array type whose elements can be cast to those of `kind`."""
        numbers = ("int4[]", "int8[]", "float8[]", "numeric[]")
        if kind in numbers:
            return self.random.choice(numbers)
        return self.random.choice(ARRAYS) if kind == "text[]" else kind

    def comparable(self):
        return self.random.choice([kind for kind in (SCALARS if self.random.random() < 0.8 else ARRAYS) if not kind.startswith("jsonb")])

    def condition(self, make, depth):
        kind = self.comparable()
        some = [self.expression(kind, depth) for _ in range(3)]
        if make == "logic":
            word = self.random.choice(("and", "or"))
            return Node("({0} " + word + " {1})", "bool", [self.expression("bool", depth), self.expression("bool", depth)])
        if make == "similar":
            return Node("({0} " + self.random.choice(("", "not ")) + "similar to " + escaped(quoted(self.random.choice(SIMILAR))) + ")", "bool", [self.expression("text", depth)])
        if make == "any":
            return self.quantified(depth)
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


    def quantified(self, depth):
        kind = self.random.choice(sorted(self.operators))
        operator, word = self.random.choice(self.operators[kind]), self.random.choice(("any", "all", "any"))
        if (operator, 1) in LANGUAGES and kind == "text":
            array = literal("text[]", array_text([self.random.choice(LANGUAGES[operator, 1]).replace("\\\\", "\\") for _ in range(self.random.randint(0, 3))]))
        elif self.random.random() < 0.4:
            array = literal(kind + "[]", self.random.choice(VALUES[kind + "[]"]))
        else:
            array = self.expression(kind + "[]", depth)
        return Node("({0} " + operator + " " + word + "({1}))", "bool", [self.expression(kind, depth), array])


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
