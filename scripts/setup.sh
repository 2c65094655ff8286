#!/usr/bin/env bash
# Installs what is missing and nothing else; a second run is over at once.
#
#   scripts/setup.sh run     what `make run` needs in the browser
#   scripts/setup.sh window  the same and the app's own window
#   scripts/setup.sh test    what `make test` needs
#   scripts/setup.sh check   what `make check` needs
#   scripts/setup.sh fuzz    what `make fuzz` needs
#   scripts/setup.sh sbom    what `make sbom` needs
#   scripts/setup.sh schemathesis   what `make schemathesis` needs
set -euo pipefail
cd "$(dirname "$0")/.."

goal="${1:-test}"

say() { printf '%s\n' "setup: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

# The three things every machine brings; everything else is installed here.
for tool in cargo node npm python3; do
  command -v "$tool" >/dev/null || fail "$tool is missing; install it and try again"
done

has_package() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

install_packages() {
  local missing=()
  local name
  for name in "$@"; do
    has_package "$name" || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "these Debian packages are missing, install them as root: ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

packages=(pkg-config libssl-dev)
if [ "$goal" = fuzz ]; then
  packages+=(g++)
fi
command -v cc >/dev/null || packages+=(gcc libc6-dev)
if [ "$goal" != run ] && [ "$goal" != schemathesis ]; then
  packages+=(libwebkit2gtk-4.1-dev)
fi
if [ "$goal" = window ] || [ "$goal" = test ]; then
  packages+=(fonts-noto-cjk)
fi
if [ "$goal" = test ]; then
  packages+=(xvfb webkit2gtk-driver chromium)
fi
if [ "$goal" = test ] || [ "$goal" = schemathesis ]; then
  python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
fi
if command -v dpkg-query >/dev/null; then
  install_packages "${packages[@]}"
else
  say "this is not Debian; these packages or their like are needed: ${packages[*]}"
fi

# `npm ci` only when the lock is not the one that is installed.
install_modules() {
  local folder="$1"
  local stamp="$folder/node_modules/.installed-lock"
  local lock
  lock="$(sha256sum <"$folder/package-lock.json")"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$lock" ]; then
    return 0
  fi
  say "installing the npm packages of $folder"
  npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error >&2
  printf '%s\n' "$lock" >"$stamp"
}

install_modules ui
if [ "$goal" = test ]; then
  install_modules tests/e2e
fi

# What a Python test stands on, in a folder of its own, as its list says.
install_python() {
  local name="$1"
  local wanted="$2"
  local there="target/tools/$name"
  if cmp -s "$wanted" "$there/.installed"; then
    return 0
  fi
  say "installing $name"
  rm -rf "$there"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
    --no-deps --target "$there" --requirement "$wanted" >&2
  cp "$wanted" "$there/.installed"
}

# The converter of forms that ours is compared with, and the one that asks the server what its description says.
if [ "$goal" = test ]; then
  install_python pyxform crates/office/tests/beside/requirements.txt
fi
if [ "$goal" = test ] || [ "$goal" = schemathesis ]; then
  install_python schemathesis tests/schemathesis/requirements.txt
fi

# Tools, kept beside the build so that nothing outside this folder changes.
tools=()
if [ "$goal" = check ]; then
  tools=(cargo-deny cargo-machete)
elif [ "$goal" = fuzz ]; then
  tools=(cargo-fuzz)
elif [ "$goal" = sbom ]; then
  tools=(cargo-cyclonedx)
fi
for tool in "${tools[@]}"; do
  if [ ! -x "target/tools/bin/$tool" ]; then
    say "building $tool"
    cargo install --quiet --locked --root target/tools "$tool"
  fi
done
