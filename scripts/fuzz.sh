#!/usr/bin/env bash
# `make fuzz TARGET=… SECONDS=…`: libFuzzer over one parser, or over all of them in turn.
# Runs on the stable toolchain, so without a sanitizer: a panic, a hang or more than 512 MiB is what it finds.
set -euo pipefail
cd "$(dirname "$0")/.."

target="${1:-}"
seconds="${2:-60}"
scripts/setup.sh fuzz
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/fuzz"
targets=("$target")
if [ -z "$target" ]; then
  mapfile -t targets < <(cargo run --quiet --release --manifest-path tests/fuzz/Cargo.toml --bin zoufang-fuzz)
fi
for name in "${targets[@]}"; do
  corpus="$CARGO_TARGET_DIR/corpus/$name"
  cargo run --quiet --release --manifest-path tests/fuzz/Cargo.toml --bin zoufang-fuzz -- "$name" "$corpus"
  target/tools/bin/cargo-fuzz run --fuzz-dir tests/fuzz --sanitizer none "$name" "$corpus" -- \
    -max_total_time="$seconds" -rss_limit_mb=512 -timeout=2 -print_final_stats=1
done
