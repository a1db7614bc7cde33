//! The directives of `cache_control = ".."`, as far as a mistake in them shows.

use syn::LitStr;

use super::fields::is_token;
use crate::diagnostics::{Errors, did_you_mean};

/// What follows a directive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    None,
    Seconds,
    /// Names of fields, or nothing.
    Fields,
}

/// Directives of responses (RFC 9111, 5.2.2; RFC 5861; RFC 8246).
const KNOWN: [(&str, Argument); 13] = [
    ("max-age", Argument::Seconds),
    ("s-maxage", Argument::Seconds),
    ("stale-while-revalidate", Argument::Seconds),
    ("stale-if-error", Argument::Seconds),
    ("public", Argument::None),
    ("private", Argument::Fields),
    ("no-cache", Argument::Fields),
    ("no-store", Argument::None),
    ("no-transform", Argument::None),
    ("must-revalidate", Argument::None),
    ("proxy-revalidate", Argument::None),
    ("must-understand", Argument::None),
    ("immutable", Argument::None),
];

pub(super) fn check(text: &LitStr, is_per_identity: bool, errors: &mut Errors) {
    let value = text.value();
    if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        errors.at(text, "directives are visible ASCII; write such as \"public, max-age=60\"");
        return;
    }
    for directive in split(&value) {
        if let Some(problem) = problem(directive.trim()) {
            errors.at(text, problem);
        }
        if is_per_identity && directive.trim().eq_ignore_ascii_case("public") {
            errors.at(
                text,
                "cannot combine `per` and `public`, which gives one user's response to others; write \"private\"",
            );
        }
    }
}

/// Splits at commas outside of quotes.
fn split(text: &str) -> Vec<&str> {
    let mut is_quoted = false;
    text.split(move |char| {
        is_quoted ^= char == '"';
        char == ',' && !is_quoted
    })
    .collect()
}

fn problem(directive: &str) -> Option<String> {
    let (name, argument) = match directive.split_once('=') {
        Some((name, argument)) => (name, Some(argument)),
        None => (directive, None),
    };
    if name.is_empty() || !name.bytes().all(is_token) {
        return Some(format!(
            "{directive:?} is not a directive; write such as \"public, max-age=60\""
        ));
    }
    let name = name.to_ascii_lowercase();
    let Some((_, takes)) = KNOWN.iter().find(|(known, _)| *known == name) else {
        // A directive that we do not know may be of an extension, if it resembles none we know.
        let hint = did_you_mean(&name, KNOWN.iter().map(|(known, _)| *known));
        return hint.starts_with("did").then(|| format!("unknown directive `{name}`; {hint}"));
    };
    let is_seconds =
        |argument: &str| !argument.is_empty() && argument.bytes().all(|byte| byte.is_ascii_digit());
    match (takes, argument) {
        (Argument::Seconds, Some(argument)) if is_seconds(argument) => None,
        (Argument::Seconds, _) => Some(format!("`{name}` takes whole seconds; write `{name}=60`")),
        (Argument::None, Some(_)) => Some(format!("`{name}` takes no value; write `{name}`")),
        (Argument::None | Argument::Fields, _) => None,
    }
}
