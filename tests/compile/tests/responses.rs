//! What the compiler says of misuse of `#[cached_response]`: of axum in `ui/web`, and where other frameworks
//! differ from it in a folder for each.

#[test]
fn each_mistake_is_said_once_at_its_place_with_a_remedy() {
    let cases = trybuild::TestCases::new();
    for framework in ["web", "actix", "poem", "rocket", "salvo"] {
        cases.compile_fail(format!("tests/ui/{framework}/*.rs"));
    }
}
