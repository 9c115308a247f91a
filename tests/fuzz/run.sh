#!/usr/bin/env bash
# Runs every fuzz target for so many seconds, two at a time. usage: run.sh BUILD_FOLDER SECONDS
set -euo pipefail
build=$1 seconds=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
run_one() {
  local target=$1 name corpus
  name=$(basename "$target")
  corpus=$build/corpus/$name
  mkdir -p "$corpus"
  if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=3000 -artifact_prefix="$build/$name-" \
      "$corpus" > "$build/$name.log" 2>&1; then
    echo "$name: $(grep -c '^#' "$build/$name.log" || true) log lines, $(ls "$corpus" | wc -l) inputs kept, no crash"
  else
    echo "$name: FAILED, see $build/$name.log"
    tail -n 30 "$build/$name.log"
    return 1
  fi
}
export -f run_one
export build seconds here
find "$build/bin" -maxdepth 1 -name '*_fuzz' -print0 | xargs -0 -n1 -P2 bash -c 'run_one "$0"'
