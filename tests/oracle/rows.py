"""Values as the contract writes them (§4 Rows), and times as it reads them (§3, R1). No engine code was read for this."""
import json
import re
from datetime import datetime, timedelta, timezone
from fractions import Fraction

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
UNITS_US = {"s": 10**6, "ms": 10**3, "us": 1, "ns": Fraction(1, 1000)}
DURATION_US = {"us": 1, "ms": 10**3, "s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}
# PostgreSQL's timestamptz reaches from 4714-11-24 BC to 294276 AD; outside a time is unusable.
TIME_MIN_US, TIME_MAX_US = -210866803200 * 10**6, 9224318016000 * 10**6
RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)")


class Number(float):
    """A JSON number with fraction or exponent that remembers how it was written."""
    text = ""

    @staticmethod
    def read(text):
        number = Number(text)
        number.text = text
        return number


class Time(int):
    """A timestamptz in µs: compares as a number, is written as RFC 3339."""


def parse_record(line):
    """The JSON value of a line of bytes; ValueError if it is broken. Duplicate keys: the last wins."""
    def refuse(name):
        raise ValueError(f"not JSON: {name}")
    return json.loads(line.decode("utf-8"), parse_float=Number.read, parse_constant=refuse)


def duration_us(text):
    sign, number, unit = re.fullmatch(r"(-?)(\d+(?:\.\d+)?)(us|ms|s|m|h|d)", text).groups()
    return int(Fraction(number) * DURATION_US[unit]) * (-1 if sign else 1)


def time_us(value, unit):
    """Event time in µs, floored; None if unusable."""
    at = _rfc3339_us(value) if unit == "rfc3339" else _count_us(value, unit)
    return at if at is not None and TIME_MIN_US <= at < TIME_MAX_US else None


def _count_us(value, unit):
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    text = value.text if isinstance(value, Number) else str(value)
    if isinstance(value, str) and not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return None
    exact = Fraction(text) * UNITS_US[unit]
    return exact.numerator // exact.denominator


def _rfc3339_us(value):
    match = RFC3339.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return None
    date, clock, fraction, offset = match.groups()
    try:
        at = datetime.fromisoformat(f"{date}T{clock}" + ("+00:00" if offset in "Zz" else offset))
    except ValueError:
        return None
    return (at - EPOCH) // timedelta(microseconds=1) + int(((fraction or "") + "000000")[:6])


def format_time(us):
    """RFC 3339 UTC, the fraction only if it is not zero and without zeros at its end."""
    at = EPOCH + timedelta(seconds=us // 10**6)
    fraction = f".{us % 10**6:06d}".rstrip("0") if us % 10**6 else ""
    return f"{at.year:04d}-{at:%m-%dT%H:%M:%S}{fraction}Z"


def format_float(value):
    """The shorter of fixed and scientific spelling of the shortest digits; fixed if equally long."""
    if value != value or value in (float("inf"), float("-inf")):
        return '"NaN"' if value != value else '"Infinity"' if value > 0 else '"-Infinity"'
    sign = "-" if str(value).startswith("-") else ""
    digits, exponent = _digits(abs(value))
    scientific = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + f"e{exponent:+03d}"
    if exponent < 0:
        fixed = "0." + "0" * (-exponent - 1) + digits
    elif len(digits) <= exponent + 1:
        fixed = f"{abs(value):.0f}"
    else:
        fixed = digits[:exponent + 1] + "." + digits[exponent + 1:]
    return sign + (scientific if len(scientific) < len(fixed) else fixed)


def _digits(value):
    """(significant digits, decimal exponent of the first) of a finite value."""
    mantissa, _, exponent = f"{value!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return "0", 0
    lead = len(whole) - 1 if whole != "0" else -(len(fraction) - len(fraction.lstrip("0"))) - 1
    return digits.rstrip("0") or "0", lead + int(exponent or 0)


def format_value(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Time):
        return f'"{format_time(value)}"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return format_float(float(value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def format_row(pairs):
    """[(name, text of the value)] as one ndjson line."""
    return "{" + ",".join(json.dumps(name, ensure_ascii=False) + ":" + text for name, text in pairs) + "}"


def order_key(value):
    """R49: numbers by value, text by UTF-8 bytes, false before true, NULL last."""
    if value is None:
        return (1, 0)
    return (0, value.encode() if isinstance(value, str) else value)
