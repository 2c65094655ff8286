#!/usr/bin/env bash
# `make fuzz TARGET=… SECONDS=…`: libFuzzer over one parser, or over all of them in turn.
# Runs on the stable toolchain, so without a sanitizer: a panic, a hang or more than 512 MiB is what it finds.
# Ends with one line of counts, after a line for each target.
set -euo pipefail
cd "$(dirname "$0")/.."

target="${1:-}"
seconds="${2:-60}"
scripts/setup.sh fuzz
built="${CARGO_TARGET_DIR:-target}"
cargo build --quiet --package zoufang-tests --bin zoufang-fuzz
targets=("$target")
if [ -z "$target" ]; then
  mapfile -t targets < <("$built/debug/zoufang-fuzz")
fi
export CARGO_TARGET_DIR="$built/fuzz"
runs=0
found=0
for name in "${targets[@]}"; do
  corpus="$CARGO_TARGET_DIR/corpus/$name"
  said="$CARGO_TARGET_DIR/$name.log"
  "$built/debug/zoufang-fuzz" "$name" "$corpus"
  if ! target/tools/bin/cargo-fuzz run --fuzz-dir tests/fuzz --sanitizer none "$name" "$corpus" -- \
    -max_total_time="$seconds" -rss_limit_mb=512 -timeout=2 -print_final_stats=1 2>&1 | tee "$said"; then
    found=$((found + 1))
  fi
  these="$(sed -n 's/^stat::number_of_executed_units: *//p' "$said")"
  printf 'fuzz %s: %s runs\n' "$name" "${these:-no}"
  runs=$((runs + ${these:-0}))
done
printf 'fuzz targets=%s runs=%s found=%s\n' "${#targets[@]}" "$runs" "$found"
[ "$found" = 0 ]
