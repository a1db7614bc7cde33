//! How entries leave the process: `shared`, `store`, `local`, `lease`. Where they go is not said
//! here, but by the running program.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use super::caching::text;
use super::policy::check_constant;
use super::{bool_of, ungrouped};
use crate::args::{Args, Value};
use crate::attribute::Home;
use crate::diagnostics::Errors;
use crate::duration::{self, Wanted};
use crate::function::Function;
use crate::returned::{Naming, Returned, has_reference, result};

/// The store of a function that names none.
const DEFAULT: &str = "default";

/// Seconds that a lease lasts where the argument names no time.
const LEASE: u64 = 10;

/// What was asked for of entries that leave the process.
pub(super) struct Sharing {
    /// Where it was asked for.
    pub(super) asked: Span,
    /// The calls on the policy, such as `.shared("default").lease(10)`.
    pub(super) policy: Vec<TokenStream>,
}

/// None for a function whose entries stay in the process.
pub(super) fn sharing(
    args: &mut Args,
    returned: Option<&Returned>,
    home: &Home,
    function: &Function,
    errors: &mut Errors,
) -> Option<Sharing> {
    let asked = args.span("shared").or(args.span("store"));
    args.take("shared");
    let store = text(args, "store", "sessions", errors).unwrap_or_else(|| DEFAULT.to_owned());
    if asked.is_none() && args.is_complete {
        refuse_alone(args, errors);
    }
    // Looked at all the same: what is wrong with them is said at once.
    let local = local(args, home, function, errors);
    let lease = lease(args, home, function, errors);
    let asked = asked?;
    if let Some(returned) = returned {
        check_returned(returned, args, errors);
    }
    let mut policy = vec![quote!(.shared(#store))];
    policy.extend(local);
    policy.extend(lease);
    Some(Sharing { asked, policy })
}

/// Arguments that mean nothing where entries stay in the process.
fn refuse_alone(args: &Args, errors: &mut Errors) {
    for name in ["local", "lease"] {
        if let Some(span) = args.span(name) {
            errors.at_span(
                span,
                format!("`{name}` requires `shared`; add `shared`, or remove `{name}`"),
            );
        }
    }
}

/// What a store gives back is made anew, and so has a type that can be named and owns what it holds.
fn check_returned(returned: &Returned, args: &Args, errors: &mut Errors) {
    let declared = &returned.declared;
    let stored = match result(declared) {
        Some((value, _)) if args.span("err_timeout").is_none() => value,
        _ => declared,
    };
    if returned.naming != Naming::Named {
        errors.at(
            declared,
            "`shared` cannot read back what `impl Trait` hides; return a type that has a name",
        );
    } else if has_reference(stored) {
        errors.at(
            stored,
            "`shared` cannot read back a reference; return an owned value, such as `String` for `&str`",
        );
    }
}

fn local(
    args: &mut Args,
    home: &Home,
    function: &Function,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let (_, expr) = args.take_value("local")?;
    let expr = ungrouped(expr);
    match bool_of(&expr) {
        Some(false) => return Some(quote!(.not_local())),
        Some(true) => {
            errors.at(
                expr,
                "`local` takes a timeout or `false`; write `local = \"10s\"`, or remove it to do as the store is configured",
            );
            return None;
        }
        None => {}
    }
    check_constant("local", &expr, function, errors);
    let wanted = Wanted {
        name: "local",
        zero: "write `local = false` to let no memory answer",
        never: None,
    };
    let value = errors.absorb(duration::timeout(wanted, &expr, &home.rt()))?;
    Some(quote!(.local(#value)))
}

fn lease(
    args: &mut Args,
    home: &Home,
    function: &Function,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let (ident, value) = args.take("lease")?;
    let coalesce = args.value("coalesce").cloned().map(ungrouped);
    if coalesce.as_ref().and_then(bool_of) == Some(false) {
        errors.at(
            &ident,
            "cannot combine `lease` and `coalesce = false`, which lets every call load; remove one",
        );
    }
    let Value::Expr(expr) = value else { return Some(quote!(.lease(#LEASE))) };
    let expr = ungrouped(expr);
    let problem = match bool_of(&expr) {
        Some(true) => Some("`lease` takes a time or none; write `lease` or `lease = \"10s\"`"),
        Some(false) => {
            Some("`lease` takes a time or none; remove it to let every process load for itself")
        }
        None if duration::is_never(&expr) => Some(
            "a lease has to end, or nobody could load after a crash of its holder; write `lease = \"10s\"`",
        ),
        None => None,
    };
    if let Some(problem) = problem {
        errors.at(expr, problem);
        return None;
    }
    check_constant("lease", &expr, function, errors);
    let wanted = Wanted {
        name: "lease",
        zero: "remove it to let every process load for itself",
        never: Some("write `lease = \"10s\"`"),
    };
    let value = errors.absorb(duration::timeout(wanted, &expr, &home.rt()))?;
    Some(quote!(.lease(#value)))
}
