//! What the arguments mean for this function: everything checked, nothing written yet.

mod background;
mod caching;
mod freshness;
mod key;
mod policy;
pub(crate) mod response;
mod sharing;
pub(crate) mod tags;

use quote::ToTokens as _;
use syn::{Expr, Lit, Type};

use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Errors;
use crate::function::Function;
use crate::returned::{self, Naming, Returned};
use crate::template::Template;
pub(crate) use background::{Background, Kept};
use caching::Subject;
pub(crate) use caching::{Caching, Handle};
pub(crate) use freshness::Late;

/// What `#[cached]` says of a function.
pub(crate) struct Spec {
    pub(crate) caching: Caching,
    pub(crate) returned: Returned,
    pub(crate) weigh: Option<Expr>,
    pub(crate) negatives: Negatives,
    /// What a call returns that takes too long; none where it may take what it takes.
    pub(crate) late: Option<Late>,
}

pub(crate) enum Key {
    /// The unskipped arguments.
    Arguments,
    /// What the request asks for: its host, path and query.
    Request,
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

/// `errors` has what is wrong with the syntax of the arguments.
pub(crate) fn check(
    mut args: Args,
    function: &Function,
    mut errors: Errors,
) -> Result<Spec, Errors> {
    caching::check_signature(Attribute::Cached, function, &mut errors);
    caching::check_names(&args, function, &mut errors);
    let returned = errors.absorb(returned::check(function));
    let home = caching::home(&mut args, Attribute::Cached, &mut errors);
    check_pairs(&args, &mut errors);
    let skipped = key::skipped(&mut args, function, &mut errors);
    let key = key::key(&mut args, function, &skipped, &mut errors);
    let late = freshness::late(&args);
    let negatives = policy::negatives(&mut args);
    let subject = Subject { home, function, returned: returned.as_ref() };
    let caching = caching::caching(&mut args, subject, key, skipped, &mut errors);
    if let Some(returned) = &returned
        && returned.is_parameter
        && caching.store_if.is_none()
        && args.is_complete
    {
        let ty = written(&returned.ty);
        errors.at(&returned.ty, format!(
            "`{ty}` may stand for a `Result`, whose `Err` would be stored; say what to store with `store_if = |value| ..`"
        ));
    }
    let Some(returned) = returned else { return Err(errors) };
    let weigh = args.take_value("weigh").map(|(_, expr)| expr);
    errors.or(Spec { caching, returned, weigh, negatives, late })
}

/// A type as a user writes it.
fn written(ty: &Type) -> String {
    let text = ty.to_token_stream().to_string();
    text.replace(" :: ", "::").replace("< ", "<").replace(" <", "<").replace(" >", ">")
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
