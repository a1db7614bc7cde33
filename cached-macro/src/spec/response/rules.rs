//! What the arguments say of storing and sending: the calls on the rules.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, LitStr, Token, UnOp};

use super::super::policy::{amount, check_constant};
use super::super::{bool_of, ungrouped};
use super::{directives, fields, query};
use crate::args::{Args, Value};
use crate::attribute::Home;
use crate::diagnostics::Errors;
use crate::duration::{self, Wanted};
use crate::function::Function;

/// The calls on the rules, such as `.host(false)`.
pub(super) fn rules(
    args: &mut Args,
    home: &Home,
    is_per_identity: bool,
    function: &Function,
    errors: &mut Errors,
) -> Vec<TokenStream> {
    let mut rules = Vec::new();
    rules.extend(is_per_identity.then(|| quote!(.per_identity())));
    rules.extend(names(args, "ignore_query", query::check_ignored, errors));
    rules.extend(names(args, "only_query", query::check_only, errors));
    rules.extend(names(args, "vary", fields::check, errors));
    rules.extend(flag(args, "host", errors));
    rules.extend(flag(args, "cache_status", errors));
    if flag_value(args, "client_refresh", errors) == Some(true) {
        rules.push(quote!(.client_refresh()));
    }
    rules.extend(word(args, "credentials", &[("ignore", quote!(.ignore_credentials()))], errors));
    rules.extend(word(args, "stream", &[("tee", quote!(.tee()))], errors));
    let etag = |kind: TokenStream| {
        let krate = home.krate_at(Span::mixed_site());
        hygienic!(.etag(#krate::ETags::#kind))
    };
    let etags = [
        ("strong", etag(quote!(Strong))),
        ("weak", etag(quote!(Weak))),
        ("off", etag(quote!(Off))),
    ];
    rules.extend(word(args, "etag", &etags, errors));
    rules.extend(max_body(args, function, errors));
    rules.extend(not_found(args, function, errors));
    rules.extend(cache_control(args, is_per_identity, errors));
    rules
}

/// Arguments that exclude one another.
pub(super) fn check_pairs(args: &Args, errors: &mut Errors) {
    let mut excludes = |name: &str, other: &str, which: &str| {
        if let (Some(span), Some(_)) = (args.span(name), args.span(other)) {
            errors.at_span(
                span,
                format!("cannot combine `{other}` and `{name}`, {which}; remove one"),
            );
        }
    };
    excludes("only_query", "ignore_query", "which leaves out all but what it names");
    excludes("credentials", "per", "which lets requests with credentials use the cache as it is");
}

/// Checks one name of a list.
type CheckName = fn(&LitStr, &mut Errors);

/// A list of texts, as in `vary("accept-language")`.
fn names(
    args: &mut Args,
    name: &str,
    check: CheckName,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let (ident, Value::List(list)) = args.take(name)? else { return None };
    let Ok(list) = Punctuated::<LitStr, Token![,]>::parse_terminated.parse2(list) else {
        errors.at(&ident, format!("`{name}` takes texts; write `{name}(\"..\")`"));
        return None;
    };
    if list.is_empty() {
        errors.at(&ident, format!("`{name}()` names nothing; name something or remove it"));
    }
    let mut known: Vec<String> = Vec::new();
    for text in &list {
        let value = text.value();
        if known.contains(&value) {
            errors.at(text, format!("{value:?} is here twice; remove one"));
        } else {
            check(text, errors);
        }
        known.push(value);
    }
    Some(quote!(.#ident(&[#(#known),*])))
}

/// `host = false`
fn flag(args: &mut Args, name: &str, errors: &mut Errors) -> Option<TokenStream> {
    let span = args.span(name)?;
    let value = flag_value(args, name, errors)?;
    let call = Ident::new(name, span);
    Some(quote!(.#call(#value)))
}

fn flag_value(args: &mut Args, name: &str, errors: &mut Errors) -> Option<bool> {
    let (_, expr) = args.take_value(name)?;
    let value = bool_of(&ungrouped(expr.clone()));
    if value.is_none() {
        errors.at(expr, format!("`{name}` takes `true` or `false`"));
    }
    value
}

/// One of some words, as in `etag = "strong"`.
fn word(
    args: &mut Args,
    name: &str,
    words: &[(&str, TokenStream)],
    errors: &mut Errors,
) -> Option<TokenStream> {
    let (_, expr) = args.take_value(name)?;
    let given = text(&ungrouped(expr.clone())).map(LitStr::value);
    let found = words.iter().find(|(word, _)| given.as_deref() == Some(word));
    if let Some((_, call)) = found {
        return Some(call.clone());
    }
    let known: Vec<_> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
    let known = match known.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => known.concat(),
    };
    errors.at(expr, format!("`{name}` takes {known}; write one, or remove `{name}`"));
    None
}

fn text(expr: &Expr) -> Option<&LitStr> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// `max_body = "2MiB"`
fn max_body(args: &mut Args, function: &Function, errors: &mut Errors) -> Option<TokenStream> {
    let (_, expr) = args.take_value("max_body")?;
    let expr = ungrouped(expr);
    let zero = "`max_body` cannot be zero; write an amount such as \"2MiB\", or `unless = true` to bypass the cache";
    let bytes = match &expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => amount(text, errors)?,
            Lit::Int(bytes) => bytes.base10_parse().unwrap_or(u64::MAX),
            other => {
                errors.at(other, "`max_body` takes bytes, such as \"2MiB\"");
                return None;
            }
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            errors.at(expr, "`max_body` takes bytes, such as \"2MiB\"");
            return None;
        }
        _ => {
            check_constant("max_body", &expr, function, errors);
            return Some(quote!(.max_body(#expr)));
        }
    };
    if bytes == 0 {
        errors.at(expr, zero);
    }
    Some(quote!(.max_body(#bytes)))
}

/// `not_found_timeout = "10s"`
fn not_found(args: &mut Args, function: &Function, errors: &mut Errors) -> Option<TokenStream> {
    let wanted = Wanted {
        name: "not_found_timeout",
        zero: "remove it to store no 404 and no 410",
        never: Some("write a time such as \"10s\""),
    };
    let (_, expr) = args.take_value(wanted.name)?;
    let expr = ungrouped(expr);
    check_constant(wanted.name, &expr, function, errors);
    // The rules are a constant, for which nothing can be converted.
    errors.absorb(duration::timeout(wanted, &expr, &TokenStream::new()))?;
    let duration = match duration::literal(&expr) {
        Some(millis) => hygienic!(::core::time::Duration::from_millis(#millis)),
        None => expr.to_token_stream(),
    };
    Some(quote!(.not_found(#duration)))
}

/// `cache_control = "public, max-age=60"`
fn cache_control(
    args: &mut Args,
    is_per_identity: bool,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let (_, expr) = args.take_value("cache_control")?;
    let expr = ungrouped(expr);
    let Some(directives) = text(&expr) else {
        errors.at(expr, "`cache_control` takes a text such as \"public, max-age=60\"");
        return None;
    };
    directives::check(directives, is_per_identity, errors);
    Some(quote!(.cache_control(#directives)))
}
