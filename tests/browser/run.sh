#!/usr/bin/env bash
# Drives cached pages in headless Chromium: tests/browser/run.sh. All servers listen on free ports of
# the loopback, and are stopped at the end. Needs Rust; installs Chromium and its driver as root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v chromedriver >/dev/null || missing+=(chromium-driver)
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "Install what is missing, and try again: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}"
fi

# The shop of the examples, which the tests start.
cargo build -p cached-examples-web --no-default-features --features axum --example web_axum
SHOP="${CARGO_TARGET_DIR:-target}/debug/examples/web_axum"
[ "${SHOP:0:1}" = / ] || SHOP="$PWD/$SHOP"
export SHOP
cargo test -p cached-tests-browser "$@"
