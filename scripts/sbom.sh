#!/usr/bin/env bash
# `make sbom`: what the tablet, the station and the server are made of, as CycloneDX lists under target/sbom.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh sbom
out="${CARGO_TARGET_DIR:-target}/sbom"
rm -rf "$out"
mkdir -p "$out"
# The tool writes beside each Cargo.toml; the lists of what is delivered are taken from there, the others thrown away.
list() {
  find . -name 'zoufang.cdx.json' -not -path './target/*' -not -path '*/node_modules/*'
}
target/tools/bin/cargo-cyclonedx cyclonedx --quiet --format json --spec-version 1.5 --override-filename zoufang.cdx
for crate in src-tauri crates/webhost sync-server; do
  cp "$crate/zoufang.cdx.json" "$out/$(basename "$crate").cdx.json"
done
list | while read -r file; do rm "$file"; done
npm --prefix ui sbom --sbom-format cyclonedx --omit dev >"$out/ui.cdx.json"

parts=0
for file in "$out"/*.json; do
  count="$(python3 -c 'import json,sys; print(len(json.load(open(sys.argv[1])).get("components", [])))' "$file")"
  echo "$file: $count parts"
  parts=$((parts + count))
done
[ "$parts" -gt 0 ]
echo "sbom lists=4 parts=$parts"
