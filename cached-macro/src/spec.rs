//! What the arguments mean for this function: everything checked, nothing written yet.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Expr, Lit, Token};

use crate::args::{Args, Value};
use crate::diagnostics::{Errors, did_you_mean};
use crate::duration;
use crate::function::{Function, Param, plain};
use crate::returned::{self, Naming, Returned};
use crate::template::{self, Template, names_in};

pub(crate) struct Spec {
    /// Where `cached_runtime` is.
    pub(crate) krate: TokenStream,
    pub(crate) key: Key,
    /// Names of parameters that are left out of the key.
    pub(crate) skipped: Vec<String>,
    pub(crate) returned: Returned,
    /// Calls on the policy, such as `.timeout(300)`.
    pub(crate) policy: Vec<TokenStream>,
    pub(crate) unless: Option<Expr>,
    pub(crate) refresh: Option<Expr>,
    pub(crate) store_if: Option<Expr>,
    pub(crate) timeout_of: Option<Expr>,
    pub(crate) weigh: Option<Expr>,
    pub(crate) negatives: Negatives,
    pub(crate) name: Option<String>,
    pub(crate) version: u32,
    pub(crate) handle: Option<Handle>,
}

pub(crate) enum Key {
    /// The unskipped arguments.
    Arguments,
    Template(Template),
    /// A function or closure over the unskipped arguments.
    Callable(Expr),
    /// A tuple of expressions over the arguments.
    Parts(Vec<Expr>),
    /// Any other expression over the arguments.
    Whole(Expr),
}

/// Which results without a value are stored.
#[derive(Default)]
pub(crate) struct Negatives {
    pub(crate) errors: Errs,
    pub(crate) none: bool,
}

/// Which `Err` are stored.
#[derive(Default)]
pub(crate) enum Errs {
    /// `err_timeout` was not given.
    #[default]
    None,
    All,
    /// Those that `err_if` accepts.
    If(Expr),
}

pub(crate) enum Handle {
    /// An enum beside the function.
    Item(Ident),
    /// Associated functions beside the method.
    Impl,
}

impl Spec {
    pub(crate) fn is_skipped(&self, name: &Ident) -> bool {
        self.skipped.contains(&plain(name))
    }

    /// Whether a parameter plays no part in the key: every name it binds is skipped.
    pub(crate) fn is_param_skipped(&self, param: &Param) -> bool {
        param.names.iter().all(|name| self.is_skipped(name))
    }
}

pub(crate) fn check(mut args: Args, function: &Function) -> Result<Spec, Errors> {
    let mut errors = Errors::default();
    check_signature(function, &mut errors);
    let returned = errors.absorb(returned::check(function));

    let krate = match args.take_value("crate") {
        Some((_, Expr::Path(path))) => path.path.to_token_stream(),
        Some((_, other)) => {
            errors.at(other, "`crate` takes a path; write `crate = ::cached_runtime`");
            quote!(::cached_runtime)
        }
        None => quote!(::cached_runtime),
    };
    check_pairs(&args, &mut errors);

    let skipped = skipped(&mut args, function, &mut errors);
    let key = key(&mut args, function, &skipped, &mut errors);
    let (policy, negatives) = policy(&mut args, &krate, &mut errors);
    let store_if = args.take_value("store_if").map(|(_, expr)| expr);
    if let Some(returned) = &returned
        && returned.is_parameter
        && store_if.is_none()
    {
        let ty = returned.ty.to_token_stream();
        errors.at(&returned.ty, format!(
            "`{ty}` may stand for a `Result`, whose `Err` would be stored; say what to store with `store_if = |value| ..`"
        ));
    }
    let name = text(&mut args, "name", "users", &mut errors);
    let version = version(&mut args, &mut errors);
    let handle = handle(&mut args, function, &mut errors);
    let Some(returned) = returned else { return Err(errors) };
    let mut value = |name| args.take_value(name).map(|(_, expr)| expr);
    errors.or(Spec {
        krate,
        key,
        skipped: skipped.into_keys().collect(),
        returned,
        policy,
        unless: value("unless"),
        refresh: value("refresh"),
        store_if,
        timeout_of: value("timeout_of"),
        weigh: value("weigh"),
        negatives,
        name,
        version,
        handle,
    })
}

fn check_signature(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    if let Some(constness) = &sig.constness {
        errors.at(constness, "`const fn` cannot be cached; remove `const` or `#[cached]`");
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            "a function with variadic arguments cannot be cached; remove `...` or `#[cached]`",
        );
    }
}

/// Arguments that need or exclude one another.
fn check_pairs(args: &Args, errors: &mut Errors) {
    let mut requires = |name: &str, other: &str, remedy: &str| {
        if let (Some(span), None) = (args.span(name), args.span(other)) {
            errors.at_span(span, format!("`{name}` requires `{other}`; {remedy}"));
        }
    };
    requires("err_if", "err_timeout", "say how long an `Err` is stored with `err_timeout = ..`");
    requires("weigh", "capacity", "say how much the cache may hold with `capacity = \"64MiB\"`");
}

/// The names in `skip(..)`, with their places.
fn skipped(args: &mut Args, function: &Function, errors: &mut Errors) -> BTreeMap<String, Span> {
    let mut skipped = BTreeMap::new();
    let Some((skip, Value::List(list))) = args.take("skip") else { return skipped };
    let names = Punctuated::<Ident, Token![,]>::parse_terminated_with;
    let parsed = (|input: syn::parse::ParseStream<'_>| names(input, Ident::parse_any)).parse2(list);
    let Ok(parsed) = parsed else {
        errors.at(skip, "`skip` takes names of arguments; write `skip(db, self)`");
        return skipped;
    };
    if parsed.is_empty() {
        errors.at(skip, "`skip()` names nothing; name an argument or remove it");
    }
    for name in parsed {
        let plain_name = plain(&name);
        let known = || function.names().map(|(name, _)| plain(name));
        if known().all(|known| known != plain_name) {
            let known: Vec<_> = known().collect();
            let hint = did_you_mean(&plain_name, known.iter().map(String::as_str));
            errors.at(&name, format!("no argument is called `{plain_name}`; {hint}"));
        } else if skipped.insert(plain_name.clone(), name.span()).is_some() {
            errors.at(&name, format!("`{plain_name}` is skipped twice; remove one"));
        }
    }
    skipped
}

fn key(
    args: &mut Args,
    function: &Function,
    skipped: &BTreeMap<String, Span>,
    errors: &mut Errors,
) -> Key {
    let is_skipped = |name: &Ident| skipped.contains_key(&plain(name));
    let Some((_, expr)) = args.take_value("key") else {
        check_mutable(function.names().filter(|(name, _)| !is_skipped(name)), errors);
        return Key::Arguments;
    };
    let expr = ungrouped(expr);
    let key = match expr {
        Expr::Lit(literal) => match literal.lit {
            Lit::Str(text) => match errors.absorb(template::parse(&text, function)) {
                Some(template) => Key::Template(template),
                // What is wrong with it is said already.
                None => return Key::Arguments,
            },
            other => {
                errors.at(other, "this key is the same for every call; write a template such as \"user:{id}\" or an expression over the arguments");
                return Key::Arguments;
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
    if matches!(key, Key::Callable(_)) {
        check_mutable(function.names().filter(|(name, _)| !is_skipped(name)), errors);
        return key;
    }
    let mentioned: Vec<&Ident> = match &key {
        Key::Template(template) => {
            template.values().flat_map(|value| names_in(value.clone(), function)).collect()
        }
        Key::Parts(parts) => {
            parts.iter().flat_map(|part| names_in(part.to_token_stream(), function)).collect()
        }
        Key::Whole(expr) => names_in(expr.to_token_stream(), function),
        Key::Arguments | Key::Callable(_) => Vec::new(),
    };
    check_coverage(&key, &mentioned, skipped, function, errors);
    key
}

/// An expression without the invisible brackets that `macro_rules!` puts around it.
fn ungrouped(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => ungrouped(*group.expr),
        other => other,
    }
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
                let put = match (key, param.is_receiver) {
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

fn policy(
    args: &mut Args,
    krate: &TokenStream,
    errors: &mut Errors,
) -> (Vec<TokenStream>, Negatives) {
    let mut policy = Vec::new();
    let mut negatives = Negatives::default();
    for (name, zero) in [
        ("timeout", "write `never` for no end, or `unless = true` to bypass the cache"),
        ("err_timeout", "remove it to store no `Err`"),
        ("none_timeout", "remove it to store no `None`"),
        ("wait_timeout", "write `coalesce = false` to wait for no other call"),
        ("lead_timeout", "write `coalesce = false` to let every call load"),
    ] {
        let Some((ident, expr)) = args.take_value(name) else { continue };
        if let Some(value) = errors.absorb(duration::timeout(name, &ungrouped(expr), zero, krate)) {
            policy.push(quote!(.#ident(#value)));
        }
        match name {
            "err_timeout" => negatives.errors = Errs::All,
            "none_timeout" => negatives.none = true,
            _ => {}
        }
    }
    if let Some((_, err_if)) = args.take_value("err_if") {
        negatives.errors = Errs::If(err_if);
    }
    policy.extend(capacity(args, errors));
    policy.extend(coalesce(args, errors));
    (policy, negatives)
}

fn capacity(args: &mut Args, errors: &mut Errors) -> Option<TokenStream> {
    let has_weigh = args.span("weigh").is_some();
    let (_, expr) = args.take_value("capacity")?;
    let amount = match ungrouped(expr) {
        Expr::Lit(literal) => {
            match &literal.lit {
                Lit::Int(number) => {
                    let amount = number.base10_parse::<u64>().unwrap_or(u64::MAX);
                    if amount == 0 {
                        errors.at(number, "`capacity` cannot be zero; write at least 1, or `unless = true` to bypass the cache");
                    }
                    quote!(#amount)
                }
                Lit::Str(text) => {
                    match bytes(&text.value()) {
                    None => errors.at(text, format!(
                        "{:?} is not an amount; write a whole number and one of `B KB MB GB KiB MiB GiB`, such as \"64MiB\"",
                        text.value()
                    )),
                    Some(0) => errors.at(text, "`capacity` cannot be zero; write at least 1, or `unless = true` to bypass the cache"),
                    Some(_) if !has_weigh => errors.at(
                        text,
                        "a `capacity` in bytes requires `weigh`; add `weigh = |value| ..`, or write a number of entries",
                    ),
                    Some(_) => {}
                }
                    let amount = bytes(&text.value()).unwrap_or(1);
                    quote!(#amount)
                }
                other => {
                    errors.at(other, "`capacity` takes a number of entries, or bytes such as \"64MiB\" with `weigh`");
                    return None;
                }
            }
        }
        other => other.to_token_stream(),
    };
    Some(if has_weigh { quote!(.weight_capacity(#amount)) } else { quote!(.capacity(#amount)) })
}

fn bytes(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 7] = [
        ("B", 1),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
    ];
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (_, size) = UNITS.iter().find(|(unit, _)| *unit == &text[digits..])?;
    text[..digits].parse::<u64>().ok()?.checked_mul(*size)
}

fn coalesce(args: &mut Args, errors: &mut Errors) -> Option<TokenStream> {
    let (_, expr) = args.take_value("coalesce")?;
    match &expr {
        Expr::Lit(literal) if matches!(&literal.lit, Lit::Bool(value) if !value.value) => {
            Some(quote!(.uncoalesced()))
        }
        Expr::Lit(literal) if matches!(&literal.lit, Lit::Bool(_)) => None,
        _ => {
            errors.at(expr, "`coalesce` takes `true` or `false`");
            None
        }
    }
}

fn text(args: &mut Args, name: &str, example: &str, errors: &mut Errors) -> Option<String> {
    let (_, expr) = args.take_value(name)?;
    match &ungrouped(expr) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) if !text.value().is_empty() => return Some(text.value()),
            other => errors.at(
                other,
                format!("`{name}` takes a text that is not empty, such as \"{example}\""),
            ),
        },
        other => errors
            .at(other, format!("`{name}` takes a text that is not empty, such as \"{example}\"")),
    }
    None
}

fn version(args: &mut Args, errors: &mut Errors) -> u32 {
    let Some((_, expr)) = args.take_value("version") else { return 0 };
    if let Expr::Lit(literal) = &ungrouped(expr.clone())
        && let Lit::Int(number) = &literal.lit
        && let Ok(version) = number.base10_parse()
    {
        return version;
    }
    errors.at(expr, "`version` takes a whole number, such as `version = 2`");
    0
}

fn handle(args: &mut Args, function: &Function, errors: &mut Errors) -> Option<Handle> {
    let (ident, value) = args.take("handle")?;
    let handle = match value {
        Value::Flag => Handle::Item(function.sig.ident.clone()),
        Value::Expr(expr) => match expr {
            Expr::Path(ref path) if path.path.get_ident().is_some() => {
                Handle::Item(path.path.get_ident()?.clone())
            }
            other => {
                errors.at(
                    other,
                    "`handle` takes a name; write `handle`, `handle = name` or `handle(impl)`",
                );
                return None;
            }
        },
        Value::List(list) if list.to_string() == "impl" => Handle::Impl,
        Value::List(list) => {
            errors.at(
                list,
                "`handle` takes `impl`; write `handle`, `handle = name` or `handle(impl)`",
            );
            return None;
        }
    };
    if matches!(handle, Handle::Item(_)) && function.has_receiver() {
        errors.at(&ident, "a method cannot have an item beside it; write `handle(impl)`");
    }
    for (input, param) in function.sig.inputs.iter().zip(&function.params) {
        if param.has_impl {
            errors.at_span(input.span(), "cannot combine `handle` and an `impl Trait` argument; name its type, as in `fn f<T: Trait>(x: T)`");
        }
    }
    Some(handle)
}

/// Whether generated code may name the return type in a signature of its own.
pub(crate) fn is_named(returned: &Returned) -> bool {
    returned.naming == Naming::Named
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn amounts() {
        assert_eq!(bytes("64MiB"), Some(64 << 20));
        assert_eq!(bytes("1KB"), Some(1_000));
        for wrong in ["", "64", "MiB", "64 MiB", "64mb", "99999999999999999999B"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
