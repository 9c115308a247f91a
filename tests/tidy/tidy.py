#!/usr/bin/env python3
"""The repository's own rules, as a test.

- #includes in core/ follow the table in core/README.md; plugins include only the SDK and plugins/common.
- Each third-party library is linked by one room (core/README.md names it); plugins bring their own.
- A class has a name of its own.
- Forbidden: paths of a machine, names like manager/util/helper, over-long files (a ratchet).
Usage: tidy.py [ROOT]. Prints each fault as file:line: text; exit 1 if there is one.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
LINES_MAX = 400  # Ratchet: today's worst file may not grow, new ones stay below.
BAD_NAMES = re.compile(r'(manager|helper|util)s?\b', re.I)

# How a third-party library shows in an #include.
LIBRARY_HEADERS = {
    'fmt': r'^fmt/', 'spdlog': r'^spdlog/', 'prometheus-cpp': r'^prometheus/',
    'xxhash': r'^xxhash', 'rapidjson': r'^rapidjson/', 'simdjson': r'^simdjson', 'pg_query': r'^pg_query',
    're2': r'^re2/', 'lmdb': r'^lmdb', 'valijson': r'^valijson/', 'boost': r'^boost/', 'CLI': r'^CLI/',
    'hiredis': r'^hiredis', 'rdkafka': r'^librdkafka', 'curl': r'^curl/', 'zstd': r'^zstd', 'zlib': r'^zlib',
}
EVERYWHERE = {'fmt'}  # base/log.h includes fmt/core.h; formatting is used in every room.

faults = []


def fault(path, line, text):
    faults.append(f'{path.relative_to(ROOT)}:{line}: {text}')


def read_table():
    rooms = {}
    for line in (ROOT / 'core/README.md').read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip('|').split('|')]
        if len(cells) == 4 and re.fullmatch(r'[a-z]+', cells[0]) and cells[0] != 'room':
            libraries = {l.strip() for l in cells[3].split(',') if l.strip()}
            rooms[cells[0]] = (set(cells[2].split()), libraries)
    return rooms


def sources(folder):
    for path in sorted((ROOT / folder).rglob('*')):
        if path.suffix in ('.h', '.hpp', '.cc', '.c') and 'build' not in path.parts:
            yield path


def includes(path):
    for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def check_core(rooms):
    for path in sources('core'):
        room = path.relative_to(ROOT / 'core').parts[0]
        if room not in rooms:
            fault(path, 1, f'room "{room}" is not in the table of core/README.md')
            continue
        allowed, libraries = rooms[room]
        for number, quote, name in includes(path):
            first = name.split('/')[0]
            if quote == '"' and first in rooms and first != room and first not in allowed:
                fault(path, number, f'{room} may not include {first} (core/README.md)')
            if quote == '"' and first in ('plugins', 'tests'):
                fault(path, number, f'core may not include {first}')
            for library, pattern in LIBRARY_HEADERS.items():
                if re.match(pattern, name) and library not in libraries and library not in EVERYWHERE:
                    fault(path, number, f'{library} belongs to another room (core/README.md)')


def check_plugins(rooms):
    for path in sources('plugins'):
        plugin = path.relative_to(ROOT / 'plugins').parts[0]
        own = {p.name for p in (ROOT / 'plugins' / plugin).iterdir()}
        is_test = path.name.endswith('test.cc') or 'testdata' in path.parts
        for number, quote, name in includes(path):
            first = name.split('/')[0]
            if quote == '"' and first in rooms and first not in own and not (ROOT / 'plugins/common' / first).exists():
                fault(path, number, 'plugins include the SDK and plugins/common only')
            if quote == '"' and re.match(r'(source|sink|processor)_', first) and first != plugin and not first.startswith(plugin + '_schema') and not is_test:
                fault(path, number, f'a plugin may not include its sibling {first}')


def check_files():
    for folder in ('core', 'sdk', 'plugins', 'tests'):
        for path in sources(folder):
            text = path.read_text(errors='replace')
            lines = text.count('\n')
            if lines > LINES_MAX and 'abi.h' not in path.name:
                fault(path, lines, f'{lines} lines; {LINES_MAX} are the most')
            if BAD_NAMES.search(path.stem):
                fault(path, 1, 'say what it is, not manager, util or helper')
            for number, line in enumerate(text.splitlines(), 1):
                if re.search(r'/work/|/tmp/build-', line):
                    fault(path, number, 'names a path of one machine')


def check_names():
    """Two classes of one name in one namespace are one class for the linker: it keeps one destructor of two."""
    first = {}
    for path in sources('core'):
        spaces = []
        for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1):
            if opened := re.match(r'(?:inline )?namespace ?([\w:]*) ?\{', line):
                spaces.append(opened.group(1) or 'unnamed')
            elif line.startswith('}  // namespace') and spaces:
                spaces.pop()
            elif (named := re.match(r'(?:class|struct|union) (\w+)(?: final)?(?: :[^:].*)? ?\{', line)) and 'unnamed' not in spaces:
                name = '::'.join(spaces + [named.group(1)])
                if first.setdefault(name, path) != path:
                    fault(path, number, f'{name} is also in {first[name].relative_to(ROOT)}')


def main():
    rooms = read_table()
    check_core(rooms)
    check_plugins(rooms)
    check_files()
    check_names()
    for text in faults:
        print(text)
    print(f'tidy: {len(rooms)} rooms, {len(faults)} faults')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
