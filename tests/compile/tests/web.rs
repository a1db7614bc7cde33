//! What the compiler says of misuse of `#[cached_response]`, and that handlers of every shape
//! compile. Of axum: what differs elsewhere is tested where it is decided, in `cached-macro`, and in
//! `tests/frameworks`.

#[test]
fn each_mistake_is_said_once_at_its_place_with_a_remedy() {
    trybuild::TestCases::new().compile_fail("tests/ui/web/*.rs");
}

#[test]
fn every_shape_of_handler_compiles_and_caches() {
    trybuild::TestCases::new().pass("tests/ui/web/pass/*.rs");
}
