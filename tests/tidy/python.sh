#!/usr/bin/env bash
# No Python file uses a name that is not there, or imports what it does not use. Usage: python.sh ROOT. Skipped (77) without pyflakes.
set -euo pipefail
cd "$1"
if ! /usr/bin/python3 -c 'import pyflakes' 2> /dev/null; then
  echo "skipped: python3-pyflakes is not installed"
  exit 77
fi
find configs sdk tests -name '*.py' -print0 | xargs -0 /usr/bin/python3 -m pyflakes
