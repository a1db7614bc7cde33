//! How entries leave the process: `shared`, `store`, `local`, `lease`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Expr, Lit};

use super::policy::check_constant;
use super::{text, ungrouped};
use crate::args::{Args, Value};
use crate::diagnostics::Errors;
use crate::duration;
use crate::function::Function;
use crate::returned::{Naming, Returned};

/// The store of a function that names none.
const DEFAULT: &str = "default";

/// Seconds that a lease lasts which nobody renews.
const LEASE: u64 = 10;

/// Where sharing was asked for, and the calls on the policy; none where it was not.
pub(super) fn sharing(
    args: &mut Args,
    returned: Option<&Returned>,
    krate: &TokenStream,
    function: &Function,
    errors: &mut Errors,
) -> Option<(Span, Vec<TokenStream>)> {
    let Some(span) = args.span("shared").or(args.span("store")) else {
        for name in ["local", "lease"] {
            if let Some(span) = args.span(name).filter(|_| args.is_complete) {
                errors.at_span(
                    span,
                    format!(
                        "`{name}` requires `shared`; add `shared` to let entries leave the process"
                    ),
                );
            }
            args.take(name);
        }
        return None;
    };
    if let Some(returned) = returned.filter(|returned| returned.naming != Naming::Named) {
        errors.at(
            &returned.declared,
            "`shared` cannot read back what `impl Trait` hides; return a type that has a name",
        );
    }
    args.take("shared");
    let store = text(args, "store", "sessions", errors).unwrap_or_else(|| DEFAULT.to_owned());
    let mut calls = vec![quote!(.shared(#store))];
    calls.extend(local(args, krate, function, errors));
    calls.extend(lease(args, krate, function, errors));
    Some((span, calls))
}

fn local(
    args: &mut Args,
    krate: &TokenStream,
    function: &Function,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let (_, expr) = args.take_value("local")?;
    let expr = ungrouped(expr);
    if let Expr::Lit(literal) = &expr
        && let Lit::Bool(is_local) = &literal.lit
    {
        if is_local.value {
            errors.at(
                is_local,
                "`local` takes a timeout or `false`; remove it, or write `local = \"10s\"`",
            );
            return None;
        }
        return Some(quote!(.not_local()));
    }
    check_constant("local", &expr, function, errors);
    let zero = "write `local = false` to let no memory answer";
    let value = errors.absorb(duration::timeout("local", &expr, zero, krate))?;
    Some(quote!(.local(#value)))
}

fn lease(
    args: &mut Args,
    krate: &TokenStream,
    function: &Function,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let (ident, value) = args.take("lease")?;
    if args.value("coalesce").is_some_and(|value| value.to_token_stream().to_string() == "false") {
        errors.at(
            &ident,
            "cannot combine `lease` and `coalesce = false`, which lets every call load; remove one",
        );
    }
    let Value::Expr(expr) = value else { return Some(quote!(.lease(#LEASE))) };
    let expr = ungrouped(expr);
    if duration::is_never(&expr) {
        errors.at(
            &expr,
            "a lease has an end, after which another process may load; write `lease = \"10s\"`",
        );
        return None;
    }
    check_constant("lease", &expr, function, errors);
    let zero = "remove it to let every process load for itself";
    let value = errors.absorb(duration::timeout("lease", &expr, zero, krate))?;
    Some(quote!(.lease(#value)))
}
