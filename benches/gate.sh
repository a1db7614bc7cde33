#!/usr/bin/env bash
# Counts the instructions of a hit and fails where they exceed the limits in
# benches/benches/instructions.rs. Installs what it needs: valgrind and the harness's runner.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v valgrind > /dev/null; then
    if [ "$(id -u)" != 0 ]; then
        echo "skipped: valgrind is not installed, and only root can install it"
        exit 0
    fi
    apt-get update -q > /dev/null && apt-get install -yq valgrind > /dev/null
fi
# The runner must be of the version that the benchmarks are built with.
version=$(cargo metadata --format-version 1 --all-features |
    sed -n 's/.*"name":"gungraun","version":"\([0-9.]*\)".*/\1/p')
tools=${CARGO_TARGET_DIR:-target}/tools
if ! "$tools/bin/gungraun-runner" --version 2> /dev/null | grep -qF "$version"; then
    # What it runs takes the time: it need not be fast itself.
    cargo install -q --debug gungraun-runner --version "=$version" --root "$tools" --locked
fi
GUNGRAUN_RUNNER=$(realpath "$tools/bin/gungraun-runner") \
    cargo bench -q -p cached-benches --no-default-features --bench instructions
