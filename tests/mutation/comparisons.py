"""Finds the comparisons of a C++ file, laid out by clang-format, and rewrites them so that each can be flipped."""
import re

NAMES = {"<": "kLess", "<=": "kLessEqual", ">": "kGreater", ">=": "kGreaterEqual", "==": "kEqual", "!=": "kNotEqual"}
FLIPPED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
# clang-format sets blanks around a comparison and none inside of template brackets.
OPERATOR = re.compile(r"(?<=\S) (<=|>=|==|!=|<|>)(?= \S|$)")
# What is known when compiling cannot be flipped while running; an assertion is no decision.
NOT_THESE = re.compile(r"^\s*#|static_assert|MILLRACE_ASSERT|^\s*template <|\boperator[<>=!]|constexpr .*[<>=!]=? .*;|requires ")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')


def blanked(line):
    """The line with its texts and its comment blanked out, column by column."""
    line = STRING.sub(lambda m: '"' + "_" * (len(m.group()) - 2) + '"', line)
    comment = line.find("//")
    return line if comment < 0 else line[:comment] + " " * (len(line) - comment)


class Comparison:
    def __init__(self, path, number, line, ordinal, operator, start):
        self.path, self.line_number, self.line = path, number, line.strip()
        self.ordinal, self.operator, self.start = ordinal, operator, start

    @property
    def key(self):
        """What it is known by, wherever its line moves."""
        return f"{self.path}: {self.line}" + (f" #{self.ordinal + 1}" if self.ordinal else "")

    def __str__(self):
        return f"{self.path}:{self.line_number}: {self.operator} -> {FLIPPED[self.operator]} in `{self.line}`" + (
            f", comparison {self.ordinal + 1}" if self.ordinal else "")


def find(path, text):
    """All comparisons of a file, in order."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        code = blanked(line)
        if NOT_THESE.search(code):
            continue
        for ordinal, match in enumerate(OPERATOR.finditer(code)):
            found.append(Comparison(path, number, line, ordinal, match.group(1), match.start(1)))
    return found


def rewrite(text, comparisons, first, include):
    """The text with comparison i as site first + i."""
    lines = text.split("\n")
    for offset, one in reversed(list(enumerate(comparisons))):
        line = lines[one.line_number - 1]
        site = f"::millrace::mutation::site({first + offset}, ::millrace::mutation::{NAMES[one.operator]})"
        before, behind = ("==", "!=") if one.operator in ("==", "!=") else ("<", ">")
        lines[one.line_number - 1] = f"{line[:one.start]}{before} {site} {behind}{line[one.start + len(one.operator):]}"
    return f'#include "{include}"\n' + "\n".join(lines)
