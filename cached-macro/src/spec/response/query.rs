//! Names of query parameters, or of those that begin alike: `"page"`, `"utm_*"`.

use syn::LitStr;

use crate::diagnostics::Errors;

pub(super) fn check_ignored(name: &LitStr, errors: &mut Errors) {
    check(name, errors);
}

pub(super) fn check_only(name: &LitStr, errors: &mut Errors) {
    if name.value() == "*" {
        errors.at(name, "the whole query is in the key as it is; remove `only_query`");
    } else {
        check(name, errors);
    }
}

fn check(name: &LitStr, errors: &mut Errors) {
    let text = name.value();
    if text.is_empty() {
        errors.at(name, "an empty name names no parameter; write one such as \"page\"");
    } else if text.strip_suffix('*').unwrap_or(&text).contains('*') {
        errors.at(name, "a `*` stands for the rest of a name; put it at the end, once");
    } else if let Some(char) = text.chars().find(|char| is_reserved(*char)) {
        errors.at(
            name,
            format!("a parameter's name holds no {char:?}; write the name alone, such as \"page\""),
        );
    }
}

/// Whether a character ends the name of a parameter, or stands in no query.
fn is_reserved(char: char) -> bool {
    matches!(char, '&' | '=' | '?' | '#') || char.is_whitespace() || char.is_control()
}
