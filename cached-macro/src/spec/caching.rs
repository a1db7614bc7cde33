//! What the attributes that cache have in common, whatever the entries hold. The key is read by
//! each for itself.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Expr, FnArg, Lit, PatType, Receiver};

use super::background::{self, Background};
use super::tags::{self, Tags};
use super::{Key, bool_of, freshness, policy, sharing, ungrouped};
use crate::args::{Args, Value};
use crate::attribute::{Attribute, Home};
use crate::diagnostics::Errors;
use crate::function::{Function, Param, plain};
use crate::returned::Returned;

/// What is said of a function's entries, whatever they hold.
pub(crate) struct Caching {
    pub(crate) home: Home,
    pub(crate) key: Key,
    /// Names of parameters that are left out of the key.
    pub(crate) skipped: Vec<String>,
    /// Calls on the policy, such as `.timeout(300)`.
    pub(crate) policy: Vec<TokenStream>,
    pub(crate) unless: Option<Expr>,
    pub(crate) refresh: Option<Expr>,
    pub(crate) store_if: Option<Expr>,
    pub(crate) timeout_of: Option<Expr>,
    pub(crate) stale_if: Option<Expr>,
    /// Where loads begin that nobody waits for.
    pub(crate) background: Option<Background>,
    pub(crate) name: Option<String>,
    pub(crate) version: u32,
    pub(crate) handle: Option<Handle>,
    /// Where it was asked for that entries leave the process, if it was.
    pub(crate) shared: Option<Span>,
    pub(crate) tags: Tags,
}

pub(crate) enum Handle {
    /// An enum beside the function, and where it was asked for.
    Item(Ident, Span),
    /// Associated functions beside the method, and where they were asked for.
    Impl(Span),
}

impl Caching {
    /// What generated code calls of `cached_runtime`, for a path whose mistakes are shown at `span`.
    pub(crate) fn rt_at(&self, span: Span) -> TokenStream {
        self.home.rt_at(span)
    }

    pub(crate) fn rt(&self) -> TokenStream {
        self.home.rt()
    }

    pub(crate) fn is_skipped(&self, name: &Ident) -> bool {
        self.skipped.contains(&plain(name))
    }

    /// Whether a parameter plays no part in the key: every name it binds is skipped.
    pub(crate) fn is_param_skipped(&self, param: &Param) -> bool {
        param.names.iter().all(|name| self.is_skipped(name))
    }

    /// Whether keys are text, whatever they are made of.
    pub(crate) fn has_text_keys(&self) -> bool {
        self.shared.is_some() || self.home.attribute == Attribute::Response
    }

    /// The trait by which the runtime refuses what cannot be written into such a key.
    pub(crate) fn refusal(&self) -> Ident {
        let name = match self.home.attribute {
            Attribute::Cached => "RefuseSpelled",
            Attribute::Response => "RefuseIdentity",
        };
        Ident::new(name, Span::mixed_site())
    }
}

/// What the arguments are about.
pub(super) struct Subject<'a> {
    pub(super) home: Home,
    pub(super) function: &'a Function,
    /// What is cached of it, where that is a value.
    pub(super) returned: Option<&'a Returned>,
}

pub(super) fn caching(
    args: &mut Args,
    subject: Subject<'_>,
    key: Key,
    skipped: BTreeMap<String, Span>,
    errors: &mut Errors,
) -> Caching {
    let Subject { home, function, returned } = subject;
    let sharing = sharing::sharing(args, returned, &home, function, errors);
    let background = background::background(args, function, errors);
    let freshness = freshness::freshness(args, returned, &home, function, errors);
    let mut policy = policy::policy(args, &home, function, errors);
    policy.extend(freshness);
    let tags = tags::tags(args, &skipped, function, errors);
    let shared = sharing.map(|sharing| {
        policy.extend(sharing.policy);
        sharing.asked
    });
    check_closures(args, home.attribute, errors);
    check_conditions(args, errors);
    let name = text(args, "name", "users", errors);
    let version = version(args, errors);
    let handle = handle(args, function, errors);
    let mut value = |name| args.take_value(name).map(|(_, expr)| expr);
    Caching {
        home,
        key,
        skipped: skipped.into_keys().collect(),
        policy,
        unless: value("unless"),
        refresh: value("refresh"),
        store_if: value("store_if"),
        timeout_of: value("timeout_of"),
        stale_if: value("stale_if"),
        background,
        name,
        version,
        handle,
        shared,
        tags,
    }
}

pub(super) fn home(args: &mut Args, attribute: Attribute, errors: &mut Errors) -> Home {
    let given = match args.take_value("crate").map(|(_, expr)| ungrouped(expr)) {
        Some(Expr::Path(path)) => Some(path.path.to_token_stream()),
        Some(other) => {
            let krate = attribute.krate();
            errors.at(other, format!("`crate` takes a path; write `crate = {krate}`"));
            None
        }
        None => None,
    };
    Home::new(attribute, given)
}

pub(super) fn check_signature(attribute: Attribute, function: &Function, errors: &mut Errors) {
    check_attributes(attribute, function, errors);
    let (sig, attribute) = (&function.sig, attribute.name());
    for input in &sig.inputs {
        let (FnArg::Receiver(Receiver { attrs, .. }) | FnArg::Typed(PatType { attrs, .. })) = input;
        if let Some(cfg) = attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
            errors.at(cfg, "an argument that may be missing cannot be in a cache key; put the `#[cfg]` on two functions");
        }
    }
    for pattern in function.params.iter().flat_map(|param| &param.unreadable) {
        errors.at(pattern, "what a macro binds cannot be seen; write the pattern out");
    }
    if let Some(constness) = &sig.constness {
        errors.at(
            constness,
            format!("`const fn` cannot be cached; remove `const` or `#[{attribute}]`"),
        );
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            format!(
                "a function with variadic arguments cannot be cached; remove `...` or `#[{attribute}]`"
            ),
        );
    }
}

/// What one attribute has cached, another is not to cache again.
fn check_attributes(attribute: Attribute, function: &Function, errors: &mut Errors) {
    for attr in &function.attrs {
        let last = attr.path().segments.last().map(|last| last.ident.to_string());
        let other = [Attribute::Cached, Attribute::Response]
            .into_iter()
            .find(|other| last.as_deref() == Some(other.name()));
        match other {
            Some(Attribute::Cached) if attribute == Attribute::Cached => {}
            Some(other) if other == attribute => {
                errors.at(attr.path(), "`#[cached_response]` is here twice; remove one");
            }
            Some(_) => errors.at(
                attr.path(),
                "cannot combine `#[cached]` and `#[cached_response]`; keep the second for a handler, the first for any other function",
            ),
            None => {}
        }
    }
}

/// Names that read the same differ where `macro_rules!` has written one of them.
pub(super) fn check_names(args: &Args, function: &Function, errors: &mut Errors) {
    if ["key", "skip", "per", "tags"].iter().all(|name| args.span(name).is_none()) {
        return;
    }
    let mut names = BTreeSet::new();
    for (name, _) in function.names() {
        if !names.insert(plain(name)) {
            errors.at(name, format!(
                "two arguments are called `{name}`, which this attribute cannot tell apart; rename one"
            ));
        }
    }
}

/// Arguments that cannot but be closures, or functions by name.
fn check_closures(args: &Args, attribute: Attribute, errors: &mut Errors) {
    let value = attribute.result();
    for name in ["store_if", "timeout_of", "weigh"] {
        if let Some(Expr::Lit(literal)) = args.value(name) {
            errors.at(
                literal,
                format!("`{name}` takes a closure over the {value}; write `{name} = |{value}| ..`"),
            );
        }
    }
}

/// Arguments that are decided by each call's arguments.
fn check_conditions(args: &Args, errors: &mut Errors) {
    for name in ["unless", "refresh"] {
        let Some(expr) = args.value(name).cloned().map(ungrouped) else { continue };
        let is_none = match &expr {
            Expr::Closure(_) => true,
            Expr::Lit(_) => bool_of(&expr).is_none(),
            _ => false,
        };
        if is_none {
            errors.at(expr, format!("`{name}` takes a condition on the arguments; write a `bool`, such as `{name} = page > 9`"));
        }
    }
}

pub(super) fn text(
    args: &mut Args,
    name: &str,
    example: &str,
    errors: &mut Errors,
) -> Option<String> {
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
        Value::Flag => {
            let mut name = function.sig.ident.clone();
            name.set_span(name.span().located_at(ident.span()));
            Handle::Item(name, ident.span())
        }
        Value::Expr(expr) => match expr {
            Expr::Path(ref path) if path.path.get_ident().is_some() => {
                Handle::Item(path.path.get_ident()?.clone(), ident.span())
            }
            other => {
                errors.at(
                    other,
                    "`handle` takes a name; write `handle`, `handle = name` or `handle(impl)`",
                );
                return None;
            }
        },
        Value::List(list) if list.to_string() == "impl" => Handle::Impl(ident.span()),
        Value::List(list) => {
            let place = if list.is_empty() { ident.to_token_stream() } else { list };
            errors.at(
                place,
                "`handle` takes `impl`; write `handle`, `handle = name` or `handle(impl)`",
            );
            return None;
        }
    };
    if matches!(handle, Handle::Item(..)) && function.has_receiver() {
        errors.at(&ident, "a method cannot have an item beside it; write `handle(impl)`");
    }
    for (input, param) in function.sig.inputs.iter().zip(&function.params) {
        if param.has_impl {
            errors.at_span(input.span(), "cannot combine `handle` and an `impl Trait` argument; name its type, as in `fn f<T: Trait>(x: T)`");
        }
    }
    Some(handle)
}
