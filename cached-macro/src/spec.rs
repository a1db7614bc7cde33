//! What the arguments mean for this function: everything checked, nothing written yet.

mod background;
mod freshness;
mod key;
mod policy;
mod sharing;
pub(crate) mod tags;

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, FnArg, Lit, PatType, Receiver, Type};

use crate::args::{Args, Value};
use crate::diagnostics::Errors;
use crate::function::{Function, Param, plain};
use crate::returned::{self, Naming, Returned};
use crate::template::Template;
pub(crate) use background::{Background, Kept};
pub(crate) use freshness::Late;
use tags::Tags;

pub(crate) struct Spec {
    /// Where `cached_runtime` is.
    pub(crate) krate: TokenStream,
    /// The same, if the user says it.
    given_krate: Option<TokenStream>,
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
    pub(crate) stale_if: Option<Expr>,
    /// What a call returns that takes too long; none where it may take what it takes.
    pub(crate) late: Option<Late>,
    /// Where loads begin that nobody waits for.
    pub(crate) background: Option<Background>,
    pub(crate) name: Option<String>,
    pub(crate) version: u32,
    pub(crate) handle: Option<Handle>,
    /// Where it was asked for that entries leave the process, if it was.
    pub(crate) shared: Option<Span>,
    pub(crate) tags: Tags,
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
    /// An enum beside the function, and where it was asked for.
    Item(Ident, Span),
    /// Associated functions beside the method.
    Impl,
}

impl Spec {
    /// Where `cached_runtime` is, for a path whose mistakes are shown at `span`.
    pub(crate) fn krate_at(&self, span: Span) -> TokenStream {
        self.given_krate.clone().unwrap_or_else(|| quote_spanned!(span=> ::cached_runtime))
    }

    pub(crate) fn is_skipped(&self, name: &Ident) -> bool {
        self.skipped.contains(&plain(name))
    }

    /// Whether a parameter plays no part in the key: every name it binds is skipped.
    pub(crate) fn is_param_skipped(&self, param: &Param) -> bool {
        param.names.iter().all(|name| self.is_skipped(name))
    }
}

/// `errors` has what is wrong with the syntax of the arguments.
pub(crate) fn check(
    mut args: Args,
    function: &Function,
    mut errors: Errors,
) -> Result<Spec, Errors> {
    check_signature(function, &mut errors);
    check_names(&args, function, &mut errors);
    let returned = errors.absorb(returned::check(function));

    let given_krate = match args.take_value("crate").map(|(_, expr)| ungrouped(expr)) {
        Some(Expr::Path(path)) => Some(path.path.to_token_stream()),
        Some(other) => {
            errors.at(other, "`crate` takes a path; write `crate = ::cached_runtime`");
            None
        }
        None => None,
    };
    let krate = given_krate.clone().unwrap_or_else(|| quote!(::cached_runtime));
    check_pairs(&args, &mut errors);

    let skipped = key::skipped(&mut args, function, &mut errors);
    let key = key::key(&mut args, function, &skipped, &mut errors);
    let sharing = sharing::sharing(&mut args, returned.as_ref(), &krate, function, &mut errors);
    let background = background::background(&args, function, &mut errors);
    let freshness =
        freshness::freshness(&mut args, returned.as_ref(), &krate, function, &mut errors);
    let (mut policy, negatives) = policy::policy(&mut args, &krate, function, &mut errors);
    policy.extend(freshness.policy);
    let tags = tags::tags(&mut args, &skipped, function, &mut errors);
    let shared = sharing.map(|sharing| {
        policy.extend(sharing.policy);
        sharing.asked
    });
    if let Some(returned) = &returned
        && returned.is_parameter
        && args.value("store_if").is_none()
        && args.is_complete
    {
        let ty = written(&returned.ty);
        errors.at(&returned.ty, format!(
            "`{ty}` may stand for a `Result`, whose `Err` would be stored; say what to store with `store_if = |value| ..`"
        ));
    }
    check_closures(&args, &mut errors);
    let name = text(&mut args, "name", "users", &mut errors);
    let version = version(&mut args, &mut errors);
    let handle = handle(&mut args, function, &mut errors);
    let Some(returned) = returned else { return Err(errors) };
    let mut value = |name| args.take_value(name).map(|(_, expr)| expr);
    errors.or(Spec {
        krate,
        given_krate,
        key,
        skipped: skipped.into_keys().collect(),
        returned,
        policy,
        unless: value("unless"),
        refresh: value("refresh"),
        store_if: value("store_if"),
        timeout_of: value("timeout_of"),
        weigh: value("weigh"),
        negatives,
        stale_if: value("stale_if"),
        late: freshness.late,
        background,
        name,
        version,
        handle,
        shared,
        tags,
    })
}

/// A type as a user writes it.
fn written(ty: &Type) -> String {
    let text = ty.to_token_stream().to_string();
    text.replace(" :: ", "::").replace("< ", "<").replace(" <", "<").replace(" >", ">")
}

fn check_signature(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
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
        errors.at(constness, "`const fn` cannot be cached; remove `const` or `#[cached]`");
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            "a function with variadic arguments cannot be cached; remove `...` or `#[cached]`",
        );
    }
}

/// Names that read the same differ where `macro_rules!` has written one of them.
fn check_names(args: &Args, function: &Function, errors: &mut Errors) {
    if args.span("key").or(args.span("skip")).is_none() {
        return;
    }
    let mut names = BTreeSet::new();
    for (name, _) in function.names() {
        if !names.insert(plain(name)) {
            errors.at(name, format!(
                "two arguments are called `{name}`, which `key` and `skip` cannot tell apart; rename one"
            ));
        }
    }
}

/// Arguments that cannot but be closures, or functions by name.
fn check_closures(args: &Args, errors: &mut Errors) {
    for name in ["store_if", "timeout_of", "weigh"] {
        if let Some(Expr::Lit(literal)) = args.value(name) {
            errors.at(
                literal,
                format!("`{name}` takes a closure over the value; write `{name} = |value| ..`"),
            );
        }
    }
}

/// Arguments that need or exclude one another.
fn check_pairs(args: &Args, errors: &mut Errors) {
    if !args.is_complete {
        return;
    }
    let mut requires = |name: &str, other: &str, remedy: &str| {
        if let (Some(span), None) = (args.span(name), args.span(other)) {
            errors.at_span(span, format!("`{name}` requires `{other}`; {remedy}"));
        }
    };
    requires("err_if", "err_timeout", "say how long an `Err` is stored with `err_timeout = ..`");
    requires("weigh", "capacity", "say how much the cache may hold with `capacity = \"64MiB\"`");
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
        Value::List(list) if list.to_string() == "impl" => Handle::Impl,
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

/// An expression without the invisible brackets that `macro_rules!` puts around it.
pub(crate) fn ungrouped(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => ungrouped(*group.expr),
        other => other,
    }
}

/// The value of `true` or `false`.
fn bool_of(expr: &Expr) -> Option<bool> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Bool(literal) => Some(literal.value),
            _ => None,
        },
        _ => None,
    }
}

/// Whether generated code may name the return type in a signature of its own.
pub(crate) fn is_named(returned: &Returned) -> bool {
    returned.naming == Naming::Named
}
