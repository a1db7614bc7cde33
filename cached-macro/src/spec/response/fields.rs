//! Names of request fields that a response may vary by.

use syn::LitStr;

use crate::diagnostics::Errors;

/// Fields that a key cannot hold as they are, and what to write instead.
const REFUSED: [(&str, &str); 6] = [
    ("*", "`Vary: *` lets no response be kept; name the fields that the handler reads"),
    (
        "cookie",
        "every client has cookies of its own; write what the handler reads of them, as in `per = user.id`",
    ),
    ("authorization", "it says who asks; write that, as in `per = user.id`"),
    ("proxy-authorization", "it says who asks; write that, as in `per = user.id`"),
    ("host", "the host is in the key unless `host = false`; remove it"),
    ("range", "requests for a part of a response bypass the cache; remove it"),
];

pub(super) fn check(name: &LitStr, errors: &mut Errors) {
    let text = name.value();
    let lower = text.to_ascii_lowercase();
    if let Some((_, remedy)) = REFUSED.iter().find(|(refused, _)| *refused == lower) {
        errors.at(name, format!("a response cannot vary by {text:?}; {remedy}"));
    } else if text.is_empty() || !text.bytes().all(is_token) {
        errors.at(
            name,
            format!("{text:?} is not the name of a field; write one such as \"accept-language\""),
        );
    } else if text != lower {
        errors.at(name, format!("names of fields are in lower case; write {lower:?}"));
    }
}

/// Whether a byte may stand in a token (RFC 9110, 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
