#!/usr/bin/env bash
# `make run`: sets up what is missing, builds, and becomes the demo runner.
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-auto}"
arguments=(--data "${DATA:-data/demo}" --port "${PORT:-0}" --screens ui/dist --policy policy)
[ -z "${VILLAGES:-}" ] || arguments+=(--villages "$VILLAGES")
[ -z "${DAYS:-}" ] || arguments+=(--days "$DAYS")

window=yes
if [ "${HEADLESS:-}" = 1 ] || { [ -z "${DISPLAY:-}" ] && [ -z "${WAYLAND_DISPLAY:-}" ]; }; then
  window=no
fi

if [ "$window" = yes ]; then
  scripts/setup.sh window
else
  scripts/setup.sh run
fi
scripts/build-ui.sh
printf 'building Zoufang (the first time takes some minutes)\n' >&2
binaries="${CARGO_TARGET_DIR:-target}/debug"
if [ "$window" = yes ]; then
  # One invocation, so that what both need is built once.
  cargo build --package zoufang-tests --bin zoufang-run \
    --package zoufang --bin zoufang --features zoufang/custom-protocol
  arguments+=(--window "$binaries/zoufang")
else
  cargo build --package zoufang-tests --bin zoufang-run
fi
exec "$binaries/zoufang-run" "${arguments[@]}"
