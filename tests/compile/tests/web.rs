//! What the compiler says of misuse of `#[cached_response]`. Of axum: what differs elsewhere is tested where
//! it is decided, in `cached-macro`, and in `tests/frameworks`.

#[test]
fn each_mistake_is_said_once_at_its_place_with_a_remedy() {
    trybuild::TestCases::new().compile_fail("tests/ui/web/*.rs");
}
