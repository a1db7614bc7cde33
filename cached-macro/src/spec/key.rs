//! The key: what stands in it, what is skipped, and that every argument is one or the other.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Token};

use super::{Key, ungrouped};
use crate::args::{Args, Value};
use crate::diagnostics::{Errors, did_you_mean};
use crate::function::{Function, Origin, Param, plain};
use crate::template::{self, binders_in, bound_anew, names_in};

/// The key of a function that caches values.
pub(super) fn key(
    args: &mut Args,
    function: &Function,
    skipped: &BTreeMap<String, Span>,
    errors: &mut Errors,
) -> Key {
    let check_mutable = |errors: &mut Errors| {
        let is_skipped = |name: &Ident| skipped.contains_key(&plain(name));
        check_mutable(function.names().filter(|(name, _)| !is_skipped(name)), errors);
    };
    if args.span("key").is_none() {
        check_mutable(errors);
        return Key::Arguments;
    }
    // What is wrong with it is said already.
    let Some(key) = given(args, function, errors) else { return Key::Arguments };
    if matches!(key, Key::Callable(_)) {
        check_mutable(errors);
        return key;
    }
    if let Some(mentioned) = mentioned(&key, function, errors)
        && args.is_complete
    {
        check_coverage(&key, &mentioned, skipped, function, errors);
    }
    key
}

/// What `key = ..` says.
pub(super) fn given(args: &mut Args, function: &Function, errors: &mut Errors) -> Option<Key> {
    let (_, expr) = args.take_value("key")?;
    let expr = ungrouped(expr);
    let key = match expr {
        Expr::Lit(literal) => match literal.lit {
            Lit::Str(text) => Key::Template(errors.absorb(template::parse(&text, function))?),
            other => {
                errors.at(other, "this key is the same for every call; write a template such as \"user:{id}\" or an expression over the arguments");
                return None;
            }
        },
        Expr::Closure(_) => Key::Callable(expr),
        Expr::Path(ref path) => {
            let is_argument = path
                .path
                .get_ident()
                .is_some_and(|ident| function.names().any(|(name, _)| name == ident));
            if is_argument { Key::Whole(expr) } else { Key::Callable(expr) }
        }
        Expr::Tuple(tuple) => Key::Parts(tuple.elems.into_iter().collect()),
        other => Key::Whole(other),
    };
    Some(key)
}

/// The parameters that a key mentions. None where it hides one of them.
pub(super) fn mentioned<'f>(
    key: &Key,
    function: &'f Function,
    errors: &mut Errors,
) -> Option<Vec<&'f Ident>> {
    let tokens: Vec<TokenStream> = match key {
        Key::Template(template) => {
            // Names that it binds are refused where it is read.
            let values = template.values();
            return Some(values.flat_map(|value| names_in(value.clone(), function)).collect());
        }
        Key::Parts(parts) => parts.iter().map(Expr::to_token_stream).collect(),
        Key::Whole(expr) => vec![expr.to_token_stream()],
        Key::Arguments | Key::Request | Key::Callable(_) => Vec::new(),
    };
    mentioned_in(quote!(#(#tokens),*), function, errors)
}

/// The parameters that an expression mentions. None where it hides one of them.
pub(super) fn mentioned_in<'f>(
    tokens: TokenStream,
    function: &'f Function,
    errors: &mut Errors,
) -> Option<Vec<&'f Ident>> {
    let binders = binders_in(tokens.clone(), function);
    for binder in &binders {
        errors.at(binder, bound_anew(binder));
    }
    binders.is_empty().then(|| names_in(tokens, function))
}

/// The names in `skip(..)`, with their places.
pub(super) fn skipped(
    args: &mut Args,
    function: &Function,
    errors: &mut Errors,
) -> BTreeMap<String, Span> {
    let mut skipped = BTreeMap::new();
    let Some((skip, Value::List(list))) = args.take("skip") else { return skipped };
    let names = Punctuated::<Ident, Token![,]>::parse_terminated_with;
    let parsed = (|input: ParseStream<'_>| names(input, Ident::parse_any)).parse2(list);
    let Ok(parsed) = parsed else {
        args.is_complete = false;
        errors.at(skip, "`skip` takes names of arguments; write `skip(db, self)`");
        return skipped;
    };
    if parsed.is_empty() {
        errors.at(skip, "`skip()` names nothing; name an argument or remove it");
    }
    for name in parsed {
        let plain_name = plain(&name);
        let written = || function.names().filter(|(_, param)| param.origin != Origin::Implied);
        let known = || written().map(|(name, _)| plain(name));
        if known().all(|known| known != plain_name) {
            let known: Vec<_> = known().collect();
            let hint = did_you_mean(&plain_name, known.iter().map(String::as_str));
            args.is_complete = false;
            errors.at(&name, format!("no argument is called `{plain_name}`; {hint}"));
        } else if skipped.insert(plain_name.clone(), name.span()).is_some() {
            errors.at(&name, format!("`{plain_name}` is skipped twice; remove one"));
        }
    }
    skipped
}

/// Every name is in the key or skipped, and none is both.
fn check_coverage(
    key: &Key,
    mentioned: &[&Ident],
    skipped: &BTreeMap<String, Span>,
    function: &Function,
    errors: &mut Errors,
) {
    for (name, param) in function.names() {
        let name_text = plain(name);
        let is_mentioned = mentioned.contains(&name);
        match skipped.get(&name_text) {
            Some(span) if is_mentioned => {
                errors.at_span(
                    *span,
                    format!("`{name_text}` is in the key; remove it from `skip` or from `key`"),
                );
            }
            None if !is_mentioned => {
                let put = match (key, param.origin == Origin::Receiver) {
                    (Key::Template(_), true) => {
                        "put a field such as `{self.id}` in the template".into()
                    }
                    (Key::Template(_), false) => format!("put `{{{name_text}}}` in the template"),
                    _ => format!("use `{name_text}` in `key`"),
                };
                errors.at(name, format!(
                    "`{name_text}` is not in the cache key, so calls that differ only in it would share an entry; {put} or write `skip({name_text})`"
                ));
            }
            _ => {}
        }
    }
}

/// `&mut` arguments cannot be in the key as they are.
fn check_mutable<'f>(keyed: impl Iterator<Item = (&'f Ident, &'f Param)>, errors: &mut Errors) {
    for (name, _) in keyed.filter(|(_, param)| param.is_mutable_reference) {
        let text = plain(name);
        errors.at(name, format!(
            "`{text}` is a `&mut` reference, which cannot be part of a cache key; write `skip({text})`, or `key = ..` with what identifies the call"
        ));
    }
}
