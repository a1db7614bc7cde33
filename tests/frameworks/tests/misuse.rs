//! What the compiler says of misuse of `#[cached_response]` where frameworks differ from axum.

#[test]
fn each_mistake_is_said_once_at_its_place_with_a_remedy() {
    let cases = trybuild::TestCases::new();
    for framework in ["actix", "poem", "rocket", "salvo"] {
        cases.compile_fail(format!("tests/ui/{framework}/*.rs"));
    }
}
