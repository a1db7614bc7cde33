//! What the compiler says of each misuse.
//!
//! One folder per kind of mistake, one mistake a file. `TRYBUILD=overwrite cargo test -p cached-tests-compile`
//! writes the `.stderr` files anew; read them as a user will.

#[path = "ui/without_a_codec.rs"]
mod without_a_codec;

#[test]
fn each_mistake_is_said_once_at_its_place_with_a_remedy() {
    let cases = trybuild::TestCases::new();
    for kind in [
        "argument",
        "background",
        "body",
        "conflict",
        "freshness",
        "handle",
        "invalidates",
        "key",
        "shared",
        "signature",
        "tags",
        "template",
        "timeout",
        "value",
    ] {
        cases.compile_fail(format!("tests/ui/{kind}/*.rs"));
    }
}
