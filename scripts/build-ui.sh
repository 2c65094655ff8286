#!/usr/bin/env bash
# Builds the screens into ui/dist when a source is newer than the last build.
set -euo pipefail
cd "$(dirname "$0")/../ui"

stamp=dist/.built
if [ -f "$stamp" ] &&
  [ -z "$(find src public index.html package-lock.json vite.config.ts tsconfig.json -newer "$stamp" -print -quit)" ]; then
  exit 0
fi
printf 'building the screens\n' >&2
npm run --silent build -- --logLevel warn >&2
touch "$stamp"
