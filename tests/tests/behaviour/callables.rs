//! Keys that a callable or an expression makes.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::num::ParseIntError;

use cached_runtime::{Outcome, Stats, cached, hit, miss, testing};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct User {
    id: u64,
    name: String,
}

fn user(id: u64, name: &str) -> User {
    User { id, name: name.into() }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "callables are given references")]
fn initial_and_page(user: &User, page: &u32) -> (Option<char>, u32) {
    (user.name.chars().next(), *page)
}

#[cached(key = initial_and_page)]
fn by_path(user: &User, page: u32) -> String {
    format!("{} {page}", user.name)
}

#[test]
fn a_path_is_called_with_every_argument_by_reference() {
    testing::isolated(|| {
        miss!(by_path(&user(1, "Ann"), 1), "Ann 1");
        hit!(by_path(&user(2, "Abe"), 1), "Ann 1");
        miss!(by_path(&user(1, "Ann"), 2), "Ann 2");
        miss!(by_path(&user(1, ""), 1), " 1");
    });
}

#[cached(key = |name, list, _number| format!("{}/{}", name.len(), list.len()), handle)]
fn by_closure(name: &str, list: Vec<u8>, number: u64) -> u64 {
    name.len() as u64 + list.len() as u64 + number
}

#[test]
fn the_text_of_a_closure_is_the_key_as_it_stands() {
    testing::isolated(|| {
        miss!(by_closure("ab", vec![1], 10), 13);
        hit!(by_closure("xy", vec![2], 99), 13);
        miss!(by_closure("x", vec![2, 2], 10), 13);
        assert_eq!(by_closure::entry("ab", vec![1], 0).key(), "2/1");
    });
}

#[cached(key = |_, name| name, skip(verbose), handle)]
fn by_borrow(number: u64, name: String, verbose: bool) -> String {
    format!("{number} {name} {verbose}")
}

#[test]
fn a_callable_may_return_what_it_borrows_and_never_sees_skipped_arguments() {
    testing::isolated(|| {
        miss!(by_borrow(1, "a".into(), true), "1 a true");
        hit!(by_borrow(2, "a".into(), false), "1 a true");
        assert_eq!(by_borrow::entry(3, "a".into()).key(), "a");
    });
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cached(key = digest)]
fn by_number(text: &str) -> usize {
    text.len()
}

#[cached(key = |text| text.split_once('.').map(|(stem, _)| stem))]
fn by_option(text: &str) -> usize {
    text.len()
}

#[test]
fn numbers_and_optional_text_are_keys() {
    testing::isolated(|| {
        miss!(by_number("a"), 1);
        hit!(by_number("a"), 1);
        miss!(by_number("b"), 1);
        miss!(by_option("a.rs"), 4);
        hit!(by_option("a.toml"), 4);
        miss!(by_option("a"), 1);
        hit!(by_option("b.."[..1].trim_end_matches('.')), 1);
        miss!(by_option(".."), 2);
    });
}

#[cached(key = str::parse::<u64>, handle)]
fn by_result(text: &str) -> Result<u64, ParseIntError> {
    text.parse()
}

#[test]
fn a_callable_that_fails_bypasses_the_cache_and_is_counted() {
    testing::isolated(|| {
        assert!(by_result("x").is_err());
        assert_eq!(testing::last_outcome(), Some(Outcome::Bypass));
        assert!(by_result("y").is_err());
        miss!(by_result("007"), Ok(7));
        hit!(by_result("7"), Ok(7));
        let Stats { hits, misses, bypasses, loads, entries, .. } = by_result::cache().stats();
        assert_eq!((hits, misses, bypasses, loads, entries), (1, 1, 2, 3, 1));
    });
}

#[cached(key = str::trim, handle)]
fn by_trimmed(text: &str) -> usize {
    text.len()
}

#[cached(key = |text| if text == "!" { Err(()) } else { Ok(text.to_lowercase()) }, handle)]
fn by_lower_case(text: &str) -> usize {
    text.len()
}

#[test]
fn an_empty_text_bypasses_the_cache_and_is_counted() {
    testing::isolated(|| {
        for spaces in ["", " ", "  "] {
            assert_eq!(by_trimmed(spaces), spaces.len());
            assert_eq!(testing::last_outcome(), Some(Outcome::Bypass));
        }
        assert_eq!(by_lower_case(""), 0);
        assert_eq!(by_lower_case("!"), 1);
        miss!(by_lower_case("A"), 1);
        hit!(by_lower_case("a"), 1);
        assert_eq!(by_trimmed::cache().stats().bypasses, 3);
        assert_eq!(by_lower_case::cache().stats().bypasses, 2);
    });
}

#[cached(key = (user.id, page))]
fn parts(user: &User, page: u32) -> String {
    format!("{} {page}", user.name)
}

#[test]
fn a_tuple_of_expressions_is_the_key() {
    testing::isolated(|| {
        miss!(parts(&user(1, "Ann"), 1), "Ann 1");
        hit!(parts(&user(1, "Bob"), 1), "Ann 1");
        miss!(parts(&user(2, "Ann"), 1), "Ann 1");
        miss!(parts(&user(1, "Ann"), 2), "Ann 2");
    });
}

#[cached(key = (name.trim(), user.name.as_str(), name.len() % 2))]
fn borrowed_parts(name: &str, user: &User) -> String {
    format!("{name} {}", user.id)
}

#[test]
fn parts_may_borrow_and_are_never_run_together() {
    testing::isolated(|| {
        miss!(borrowed_parts("ab", &user(1, "c")), "ab 1");
        miss!(borrowed_parts("a", &user(1, "bc")), "a 1");
        hit!(borrowed_parts(" ab ", &user(9, "c")), "ab 1");
        miss!(borrowed_parts("", &user(1, "")), " 1");
        hit!(borrowed_parts("  ", &user(2, "")), " 1");
    });
}

#[cached(key = name, skip(page), handle)]
fn by_argument(name: &str, page: u32) -> String {
    format!("{name} {page}")
}

#[cached(key = user.id, handle)]
fn by_field(user: &User) -> String {
    user.name.clone()
}

#[cached(key = number / 10 * 10)]
fn by_arithmetic(number: u64) -> u64 {
    number
}

#[test]
fn any_expression_over_the_arguments_is_a_key() {
    testing::isolated(|| {
        miss!(by_argument("a", 1), "a 1");
        hit!(by_argument("a", 2), "a 1");
        assert_eq!(by_argument::entry("a").key(), "a");
        miss!(by_field(&user(1, "Ann")), "Ann");
        hit!(by_field(&user(1, "Bob")), "Ann");
        miss!(by_arithmetic(11), 11);
        hit!(by_arithmetic(19), 11);
        miss!(by_arithmetic(20), 20);
    });
}

#[tokio::test]
async fn keys_of_async_functions_are_made_the_same_way() {
    #[cached(key = |user, page| (user.id, *page))]
    async fn load(user: &User, page: u32) -> String {
        format!("{} {page}", user.name)
    }
    #[cached(key = str::parse::<u64>)]
    async fn parse(text: &str) -> usize {
        text.len()
    }
    testing::isolated_async(async {
        miss!(load(&user(1, "Ann"), 1).await, "Ann 1");
        hit!(load(&user(1, "Bob"), 1).await, "Ann 1");
        miss!(parse("007").await, 3);
        hit!(parse("7").await, 3);
        assert_eq!(parse("x").await, 1);
        assert_eq!(testing::last_outcome(), Some(Outcome::Bypass));
    })
    .await;
}

#[cached(key = name, skip(page))]
fn by_owned_argument(name: String, page: u32) -> String {
    format!("{name} {page}")
}

#[cached(key = (name, user.name, list[0]))]
fn by_owned_parts(name: String, user: &User, list: Vec<String>) -> String {
    format!("{name} {} {}", user.name, list.len())
}

#[test]
fn a_key_borrows_owned_arguments_and_fields() {
    testing::isolated(|| {
        miss!(by_owned_argument("a".into(), 1), "a 1");
        hit!(by_owned_argument("a".into(), 2), "a 1");
        let list = |first: &str| vec![String::from(first)];
        miss!(by_owned_parts("a".into(), &user(1, "Ann"), list("x")), "a Ann 1");
        hit!(by_owned_parts("a".into(), &user(2, "Ann"), list("x")), "a Ann 1");
        miss!(by_owned_parts("a".into(), &user(1, "Ann"), list("y")), "a Ann 1");
    });
}

#[cached(key = format!("{name}/{page:03}"))]
fn by_formatted_text(name: &str, page: u32) -> String {
    format!("{name} {page}")
}

#[test]
fn a_formatted_key_may_capture_its_arguments() {
    testing::isolated(|| {
        miss!(by_formatted_text("a", 1), "a 1");
        hit!(by_formatted_text("a", 1), "a 1");
        miss!(by_formatted_text("a", 2), "a 2");
    });
}

#[cached(key = |_id| -> u64 { unreachable!("the key of a bypass is made") }, unless = id == 0)]
fn by_key_that_is_not_needed(id: u64) -> u64 {
    id
}

#[test]
fn a_bypass_makes_no_key() {
    testing::isolated(|| {
        assert_eq!(by_key_that_is_not_needed(0), 0);
        assert_eq!(testing::last_outcome(), Some(Outcome::Bypass));
    });
}
