//! What expansions have in common, whatever they are of.

use proc_macro2::{TokenStream, TokenTree};

use crate::attribute::Attribute;
use crate::diagnostics::Errors;
use crate::{args, function, spec};

fn expand(args: &str, item: &str) -> TokenStream {
    let expanded = function::parse(item.parse().expect("an item"), "cached").and_then(|item| {
        let mut errors = Errors::default();
        let args = args::parse(args.parse().expect("arguments"), Attribute::Cached, &mut errors);
        Ok(super::function(&spec::check(args, &item, errors)?, &item))
    });
    expanded.unwrap_or_else(|_| panic!("`#[cached({args})] {item}` is refused"))
}

pub(super) fn count(tokens: TokenStream, is_meant: &dyn Fn(&TokenTree) -> bool) -> usize {
    let count_token = |token: TokenTree| {
        let here = usize::from(is_meant(&token));
        match token {
            TokenTree::Group(group) => here + count(group.stream(), is_meant),
            _ => here,
        }
    };
    tokens.into_iter().map(count_token).sum()
}

pub(super) fn count_ident(tokens: TokenStream, name: &str) -> usize {
    count(tokens, &|token| matches!(token, TokenTree::Ident(ident) if ident == name))
}

const FUNCTIONS: [(&str, &str); 14] = [
    ("", "fn f(a: u64) -> u64 { body }"),
    ("timeout = never, key = \"{a}:{b:?}\"", "fn f(a: &str, b: u8) -> u64 { body }"),
    ("key = |a| *a, timeout = \"5m\"", "async fn f(a: u64) -> Result<u64, E> { body }"),
    ("key = (a.b, 1), err_timeout = 5", "fn f(a: A) -> Result<u64, E> { body }"),
    ("none_timeout = 5", "fn f() -> Option<impl Trait> { body }"),
    ("skip(a), store_if = |_| true", "async fn f(a: u64) -> impl Trait { body }"),
    ("shared, lease", "fn f(a: u64, b: &str) -> u64 { body }"),
    ("store = \"s\", local = \"5s\", key = |a| *a", "async fn f(a: u64) -> Option<u64> { body }"),
    ("shared, local = false, key = \"{a}\"", "fn f(a: &u64) -> Result<u64, E> { body }"),
    ("stale = 60", "fn f(a: u64, b: &str) -> u64 { body }"),
    ("refresh_ahead = 0.8, tags(\"{a}\")", "async fn f(a: u64, b: &&str) -> impl Trait { body }"),
    (
        "stale_if_error = 60, stale_if = |_| true, soft_timeout = 1",
        "fn f<T, const N: usize>(a: T, b: impl Trait) -> Result<u64, E> { body }",
    ),
    ("hard_timeout = 2, on_timeout = E::Slow", "async fn f(a: u64) -> Result<u64, E> { body }"),
    ("shared, early = 1.0", "async fn f(a: u64, b: &str) -> Option<u64> { body }"),
];

/// The handles that a function can have.
fn handles(item: &str) -> &[&str] {
    if item.contains(": impl") { &[""] } else { &["", "handle,", "handle(impl),"] }
}

#[test]
fn a_given_path_replaces_the_crate_everywhere() {
    for (args, item) in FUNCTIONS {
        for handle in handles(item) {
            let expanded = expand(&format!("{handle} crate = ::given, {args}"), item);
            assert_eq!(count_ident(expanded.clone(), "cached_runtime"), 0, "{args} {item}");
            assert!(count_ident(expanded, "given") > 0);
        }
    }
}

#[test]
fn the_body_is_written_once() {
    for (args, item) in FUNCTIONS {
        for handle in handles(item) {
            let expanded = expand(&format!("{handle} {args}"), item);
            assert_eq!(count_ident(expanded, "body"), 1, "{handle} {args} {item}");
        }
    }
}

#[test]
fn expansions_stay_thin() {
    let tokens = |args| count(expand(args, FUNCTIONS[0].1), &|_| true);
    for (args, limit) in [
        ("", 400),
        ("handle", 910),
        ("shared", 430),
        ("shared, handle", 1_000),
        ("stale_if_error = 60, throttle = 5", 430),
        ("stale = 60", 540),
        ("stale = 60, handle", 1_050),
        ("stale = 60, shared, handle", 1_150),
    ] {
        let tokens = tokens(args);
        assert!(tokens < limit, "{tokens} tokens for `{args}`");
    }
}

#[test]
fn what_is_not_shared_pays_nothing_for_sharing() {
    for (args, item) in &FUNCTIONS[..6] {
        for handle in ["", "handle,", "handle(impl),"] {
            let expanded = expand(&format!("{handle} {args}"), item).to_string();
            for name in ["shared", "FitShared", "SharedEntry", "SharedHandle", "Spelled", "codec"] {
                assert!(!expanded.contains(name), "`{name}` in {args} {item}");
            }
        }
    }
}

#[test]
fn who_waits_for_every_load_pays_nothing_for_others() {
    let waiting = ["stale_if_error = 60, throttle = 5, jitter = 0.1", "timeout = 5, handle"];
    for args in waiting {
        let expanded = expand(args, FUNCTIONS[0].1).to_string();
        for name in ["begin_refreshing", "Keep", "start", "tagged"] {
            assert!(!expanded.contains(name), "`{name}` in {args}");
        }
    }
}

#[test]
fn a_load_in_the_background_calls_the_function_by_a_name_that_it_has() {
    let again = |args: &str, item: &str| {
        let expanded = expand(&format!("stale = 60, {args}"), item).to_string();
        let (_, job) = expanded.split_once("let _ =").expect("a job");
        job.split(';').next().unwrap_or_default().trim().replace(' ', "")
    };
    assert_eq!(again("", "fn f(a: u64) -> u64 { body }"), "f(__kept0)");
    assert_eq!(again("", "async fn f(a: &u64) -> u64 { body }"), "f(__kept0.lend()).await");
    assert_eq!(again("", "fn f(&self) -> u64 { body }"), "Self::f(__kept0.lend())");
    assert_eq!(again("", "fn f(a: &&u64) -> Self { body }"), "Self::f(&__kept0.lend())");
    assert_eq!(again("", "fn f(a: u64) -> u64 { Self::g(body) }"), "Self::f(__kept0)");
    assert_eq!(again("", "fn f<'a, T, const N: u8>(a: T) -> u64 { body }"), "f::<T,N>(__kept0)");
    let normal = "::cached_runtime::__private::Mode::Normal";
    assert_eq!(
        again("handle", "fn f(a: u64) -> u64 { body }"),
        format!("f::__call({normal},__kept0)"),
    );
    assert_eq!(
        again("handle(impl)", "fn f(&self, a: u64) -> u64 { body }"),
        format!("Self::__f_call(__kept0.lend(),{normal},__kept1)"),
    );
}

#[test]
fn a_hit_writes_no_tags() {
    let asks = |args: &str| count_ident(expand(args, FUNCTIONS[0].1), "tagged");
    assert_eq!(asks("stale = 60"), 0);
    assert_eq!(asks("stale = 60, tags(\"{a}\", \"all\")"), 1);
}
