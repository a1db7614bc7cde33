#!/usr/bin/env bash
# Breaks the runtime in one place at a time and expects the model checker to notice: a check that
# cannot fail proves nothing.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
copy=${CARGO_TARGET_DIR:-$root/target}/mutants
# A folder of its own: in the workspace's, cargo could take one tree's build for the other's.
export CARGO_TARGET_DIR=$copy/target RUST_BACKTRACE=0

fresh() {
    rm -rf "$copy/cached-runtime" "$copy/tests"
    mkdir -p "$copy/tests"
    cp -r "$root/cached-runtime" "$root/tests/model" "$copy"
    mv "$copy/model" "$copy/tests/model"
    sed -e 's/^members = .*/members = ["tests\/model"]/' -e '/^default-members/d' \
        "$root/Cargo.toml" > "$copy/Cargo.toml"
    # The same versions as in the workspace.
    cp "$root/Cargo.lock" "$copy" 2> /dev/null || true
}

# mutant NAME FILE SED-EXPRESSION TEST MESSAGE: the test must fail with the message.
mutant() {
    local name=$1 file=$2 expression=$3 test=$4 message=$5
    fresh
    sed -i "$expression" "$copy/cached-runtime/src/$file"
    if cmp -s "$copy/cached-runtime/src/$file" "$root/cached-runtime/src/$file"; then
        echo "mutant '$name' changes nothing in $file: its expression no longer matches" >&2
        exit 1
    fi
    if (cd "$copy" && timeout 300 cargo test -q -p cached-tests-model -- --exact "$test") \
        > "$copy/log" 2>&1; then
        echo "mutant '$name' survived: $test passes" >&2
        exit 1
    fi
    if ! grep -q "$message" "$copy/log"; then
        grep -E -A8 '^error' "$copy/log" >&2 || tail -20 "$copy/log" >&2
        echo "mutant '$name' fails in another way than expected" >&2
        exit 1
    fi
    echo "killed by $test: $name"
}

mutant "an invalidation does not doom the flight" flight.rs \
    's/flight\.board()\.doomed = true;//' \
    an_invalidation_is_never_lost_in_a_load 'loaded before . was announced'
mutant "newcomers join a flight that a clear overtook" flight.rs \
    's/|| tower\.is_overtaken(self\.as_of)//' \
    a_clear_is_never_lost_in_a_load 'loaded before . was announced'
mutant "a clear does not count for entries" tier.rs \
    's/life\.glance(self\.cleared\.load(Ordering::Acquire)/life.glance(0/
     s/if life\.as_of < self\.cleared\.load(Ordering::Acquire)/if false/
     s/|| self\.is_overtaken(as_of)$//' \
    a_clear_is_never_lost_in_a_load 'loaded before . was announced'
mutant "loads outside flights ignore invalidations" flight.rs \
    's/if shard\.invalidated > as_of/if false \&\& shard.invalidated > as_of/' \
    loads_outside_flights_keep_the_rule_as_well 'loaded before . was announced'
mutant "a lost lead elects no thread" flight.rs \
    's/self\.changed\.notify_one();//' \
    a_lead_that_panics_is_succeeded_by_one_follower 'deadlock'
mutant "a lost lead elects no task" flight.rs \
    's/waker\.wake();//' \
    a_task_that_is_dropped_hands_its_lead_over 'deadlock'
mutant "newcomers join a flight that a tag overtook" flight.rs \
    's/|| board\.labels\.may_be_overtaken(board\.as_of)//' \
    an_invalidated_tag_is_never_lost_in_a_load 'loaded before . was announced'
mutant "an invalidated tag does not count for entries" tier.rs \
    's/if tags()\.any(|tag| tag\.is_overtaken(life\.as_of))/if false/' \
    an_invalidated_tag_is_never_lost_in_a_load 'loaded before . was announced'
mutant "a renewal does not look whether the entry is still the one" flight.rs \
    's/if !is_wanted() {/if false \&\& !is_wanted() {/' \
    a_stale_entry_is_renewed_once_whoever_comes 'renewed more than once'
mutant "an invalidation does not doom a renewal" flight.rs \
    's/flight\.board()\.doomed = true;/{ let mut board = flight.board(); board.doomed = !board.is_renewal; }/' \
    an_invalidation_is_never_lost_in_a_renewal 'before . was announced'
mutant "newcomers join a flight that a tag overtook softly" tag.rs \
    's/self\.is_overtaken(as_of) || self\.0\.softened\.load(Ordering::Acquire) > as_of/self.is_overtaken(as_of)/' \
    who_waits_is_handed_nothing_from_before_a_soft_invalidation 'before . was announced'
mutant "a renewal that nobody starts holds its key" flight.rs \
    's/shard\.forget(self);//' \
    a_renewal_that_nobody_starts_is_left_to_others 'the renewed entry is lost'
echo "every mutant was killed"
