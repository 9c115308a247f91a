#!/usr/bin/env bash
# clang-tidy on the sources that differ from the last commit's parent; `--all`: on every source.
# usage: clang_tidy.sh ROOT [--all]. Reads ROOT/build-test/compile_commands.json.
set -euo pipefail
root=$1
cd "$root"
if [ "${2:-}" = --all ]; then
  files=$(git ls-files 'core/*.cc' 'plugins/*.cc')
else
  files=$( { git diff --name-only --diff-filter=d HEAD~1 -- 'core/*.cc' 'plugins/*.cc' || true; } | sort -u)
fi
if [ -z "$files" ]; then echo "clang-tidy: nothing changed"; exit 0; fi
if [ ! -f build-test/compile_commands.json ]; then
  echo "clang-tidy: run ./dev test first, it needs build-test/compile_commands.json" >&2
  exit 1
fi
# Options of gcc that clang does not know would be errors.
commands=$(mktemp -d)
trap 'rm -rf "$commands"' EXIT
sed 's/ -fno-gnu-unique\b//g' build-test/compile_commands.json > "$commands/compile_commands.json"
xargs -n1 -P"$(nproc)" clang-tidy-14 -p "$commands" --quiet \
  --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-gnu-statement-expression --checks='-*,bugprone-use-after-move,bugprone-dangling-handle,bugprone-infinite-loop,performance-unnecessary-copy-initialization' \
  --warnings-as-errors='*' <<< "$files" 2> >(grep -v "warnings\? generated" >&2 || true)
