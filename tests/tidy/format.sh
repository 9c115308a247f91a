#!/usr/bin/env bash
# Every C and C++ file is as clang-format 14 writes it. Usage: format.sh ROOT. Skipped (77) where there is no clang-format-14.
set -euo pipefail
cd "$1"
if ! command -v clang-format-14 > /dev/null; then
  echo "skipped: clang-format-14 is not installed"
  exit 77
fi
find core plugins sdk tests \( -name '*.h' -o -name '*.hpp' -o -name '*.cc' -o -name '*.c' \) -print0 |
  xargs -0 clang-format-14 --dry-run --Werror
