#!/usr/bin/env bash
# Every check of this workspace, in one command. Needs Rust, and installs what else it needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Nothing is compiled twice without need: what checks (clippy, docs) shares one set of dependencies,
# what runs (tests, doctests, examples) another, because these steps select the same packages, and
# `tests` asks for every feature of the runtime.

skipped=""
has_servers=yes
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
    [ ! -e fuzz ] || step "Fuzz targets" fuzz_targets
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

# Installs what is missing: a linker, the servers that tests start, the components of the toolchain,
# valgrind.
setup() {
    local missing=() servers=() package
    command -v cc >/dev/null || missing+=(gcc libc6-dev)
    command -v valgrind >/dev/null || missing+=(valgrind libc6-dbg)
    command -v openssl >/dev/null || missing+=(openssl)
    for package in redis-server redis-sentinel memcached; do
        command -v "$package" >/dev/null || servers+=("$package")
    done
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        [ $((${#missing[@]} + ${#servers[@]})) -eq 0 ] || install "${missing[@]}" "${servers[@]}"
    fi
    for package in redis-server redis-cli redis-sentinel memcached openssl; do
        command -v "$package" >/dev/null || has_servers=no
    done
    if [ "$has_servers" = no ]; then
        echo "Tests that start servers are skipped. To run them, install what they start:"
        echo "    apt-get install redis-server redis-sentinel memcached openssl"
        skipped+="${skipped:+, }tests that start servers"
    fi
    cargo fmt --version || rustup component add rustfmt
    cargo clippy --version || rustup component add clippy
    cargo --version
}

# Installs packages, and starts none of the services in them: tests start servers of their own.
install() (
    local policy=/usr/sbin/policy-rc.d package
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
    # Nor at the next boot.
    for package in "${servers[@]}"; do
        [ ! -d /run/systemd/system ] || systemctl disable --now --quiet "$package" || true
    done
)

lints() {
    # With the benchmark that is no default, since it brings in the caches published for frameworks.
    cargo clippy --workspace --all-targets --features cached-benches/web -- -D warnings
    # Not among all targets: its feature would make every other benchmark's hits dearer.
    cargo clippy -p cached-benches --no-default-features --features simulation --bench freshness \
        -- -D warnings
    # As users build them: without `testing`, and with few features or one.
    lints_of cached-runtime "" macros json filesystem memcached redis tokio
    lints_of cached-web "" tower axum actix rocket poem salvo
}

# Lints a crate with each of these features alone.
lints_of() {
    local crate=$1 features
    shift
    for features in "$@"; do
        printf '\n> %s, features: %s\n' "$crate" "${features:-none}"
        cargo clippy -p "$crate" --no-default-features --features "$features" -- -D warnings
    done
}

run_tests() {
    local suites=()
    if [ "$has_servers" = no ] && [ $# -eq 0 ]; then
        mapfile -t suites < <(serverless)
        set -- --lib "${suites[@]/#/--test=}"
    fi
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run "$@"
    elif [ "${#suites[@]}" -gt 0 ]; then
        cargo test "$@"
    else
        cargo test --tests "$@"
    fi
    [ "${#suites[@]}" -eq 0 ] || cargo test -p cached-tests-web -- --skip stores::
}

# The names of the suites that start no servers. That of web handlers has a module for those that do.
serverless() {
    local suite
    for suite in {tests,tests/compile,cached-runtime,cached-web}/tests/{*.rs,*/main.rs}; do
        [ -e "$suite" ] || continue
        suite=${suite%/main.rs}
        grep -rqE 'cached_tests|memcached_server' "${suite%.rs}"* || basename "$suite" .rs
    done
}

documentation() {
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features \
        -p cached-runtime -p cached-macro -p cached-web
}

examples() {
    local file example
    for file in examples/{,web/}examples/*.rs; do
        example=$(basename "$file" .rs)
        printf '\n> cargo run --example %s\n' "$example"
        case $example in
            # They serve until they are stopped; this way they ask themselves for their pages.
            web_*) cargo run --quiet --example "$example" -- --check ;;
            *) cargo run --quiet --example "$example" ;;
        esac
    done
}

# A few seconds of each target; whoever changes what they test lets them run longer.
fuzz_targets() {
    local target
    if cargo +nightly fuzz --version >/dev/null 2>&1; then
        for target in $(cargo +nightly fuzz list); do
            cargo +nightly fuzz run "$target" -- -max_total_time=5
        done
    else
        echo "Skipped: that takes a nightly toolchain, and cargo-fuzz."
        skipped+="${skipped:+, }fuzz targets"
    fi
}

instructions() {
    if command -v valgrind >/dev/null; then
        benches/gate.sh
    else
        echo "Skipped: valgrind is missing, and only root can install it."
        skipped+="${skipped:+, }instruction counts, for want of valgrind"
    fi
}

# What would be published is complete, and gives cargo nothing to warn of. Not built anew from the
# packages: cargo would build the runtime against the macro of the first time this ever ran here.
packages() {
    local crate file log
    log=$(cargo package -p cached-macro -p cached-runtime -p cached-web --no-verify --allow-dirty 2>&1) || fail "$log"
    echo "$log"
    [[ $log != *warning:* ]] || fail "cargo warns of the packages"
    for crate in cached-macro cached-runtime cached-web; do
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
