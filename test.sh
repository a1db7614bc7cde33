#!/usr/bin/env bash
# Every check of this workspace, in one command. Needs Rust, and installs what else it needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Nothing is compiled twice: what checks (clippy, docs) shares one set of dependencies, what runs
# (tests, doctests, examples) another, because these steps select the same packages. Among them is
# `cached-tests`, which asks for every feature of the runtime.

skipped=""
title=""
trap '[ $? -eq 0 ] || printf "\nFAILED: %s\n" "$title" >&2' EXIT

main() {
    step "Set-up" setup
    step "Format" cargo fmt --all --check
    step "Lints" lints
    step "Tests" run_tests
    step "Documentation tests" cargo test --doc
    step "Documentation" documentation
    step "Examples" examples
    step "Model checker" run_tests -p cached-tests-model
    [ ! -e tests/model/mutants.sh ] || step "Mutations" tests/model/mutants.sh
    [ ! -e benches/gate.sh ] || step "Instruction counts" instructions
    step "Packages" packages

    printf '\nAll checks passed in %s%s.\n' "$(duration "$SECONDS")" "${skipped:+; skipped: $skipped}"
}

# Runs a command under a heading, and says how long it took.
step() {
    local start=$SECONDS
    title=$1
    shift
    printf '\n=== %s\n' "$title"
    "$@"
    printf -- '--- %s: %s\n' "$title" "$(duration $((SECONDS - start)))"
}

duration() {
    printf '%d:%02d min' $(($1 / 60)) $(($1 % 60))
}

# Installs what is missing: a linker, the components of the toolchain, valgrind, and the servers that
# tests start on free ports of the loopback, and stop.
setup() {
    local missing=()
    command -v cc >/dev/null || missing+=(gcc libc6-dev)
    command -v valgrind >/dev/null || missing+=(valgrind libc6-dbg)
    command -v redis-server >/dev/null || missing+=(redis-server)
    command -v redis-cli >/dev/null || missing+=(redis-tools)
    command -v redis-sentinel >/dev/null || missing+=(redis-sentinel)
    command -v memcached >/dev/null || missing+=(memcached)
    command -v openssl >/dev/null || missing+=(openssl)
    if [ "${#missing[@]}" -gt 0 ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        without_services apt-get install -qq -y --no-install-recommends "${missing[@]}"
    fi
    for server in redis-server redis-cli redis-sentinel memcached openssl; do
        command -v "$server" >/dev/null ||
            fail "$server is missing, and only root can install it: apt-get install redis-server redis-sentinel memcached openssl"
    done
    cargo fmt --version || rustup component add rustfmt
    cargo clippy --version || rustup component add clippy
    cargo --version
}

# Installs packages without starting the services that some of them bring.
without_services() {
    local policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    else
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        DEBIAN_FRONTEND=noninteractive "$@" || { rm "$policy"; return 1; }
        rm "$policy"
    fi
}

lints() {
    cargo clippy --workspace --all-targets -- -D warnings
    # As users build it: without `testing`, and without the attributes.
    cargo clippy -p cached-runtime -- -D warnings
    cargo clippy -p cached-runtime --no-default-features -- -D warnings
    cargo clippy -p cached-runtime --features json -- -D warnings
}

run_tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run "$@"
    else
        cargo test --tests "$@"
    fi
}

documentation() {
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features -p cached-runtime -p cached-macro
}

examples() {
    local file
    for file in examples/examples/*.rs; do
        printf '\n> cargo run --example %s\n' "$(basename "$file" .rs)"
        cargo run --quiet --example "$(basename "$file" .rs)"
    done
}

instructions() {
    if command -v valgrind >/dev/null; then
        benches/gate.sh
    else
        echo "Skipped: valgrind is missing, and only root can install it."
        skipped="instruction counts, for want of valgrind"
    fi
}

# What would be published is complete, and gives cargo nothing to warn of. Not built anew from the
# packages: cargo would build the runtime against the macro of the first time this ever ran here.
packages() {
    local crate file log
    log=$(cargo package -p cached-macro -p cached-runtime --no-verify --allow-dirty 2>&1) || fail "$log"
    echo "$log"
    [[ $log != *warning:* ]] || fail "cargo warns of the packages"
    for crate in cached-macro cached-runtime; do
        log=$(cargo package -p "$crate" --list --allow-dirty)
        for file in LICENSE-APACHE LICENSE-MIT README.md; do
            grep -qx "$file" <<<"$log" || fail "the package of $crate lacks $file"
        done
        cmp LICENSE-APACHE "$crate/LICENSE-APACHE"
        cmp LICENSE-MIT "$crate/LICENSE-MIT"
    done
}

fail() {
    echo "$1" >&2
    exit 1
}

main "$@"
