//! Whether a key holds whatever a handler's response can depend on.
//!
//! A parameter counts by the last segment of its type's path, since that is all an attribute sees.
//! What is not known to be safe has to be named: in the key, in `per` or in `skip`.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span};
use syn::{FnArg, Type};

use super::super::Key;
use crate::diagnostics::Errors;
use crate::framework::{Framework, Reads};
use crate::function::{Function, Origin, Param, plain};
use crate::route::Route;

/// Every name that the handler is given is in the key, skipped or of no account.
pub(super) fn check(
    framework: &Framework,
    key: &Key,
    mentioned: &[&Ident],
    skipped: &BTreeMap<String, Span>,
    function: &Function,
    errors: &mut Errors,
) {
    let route = Route::of(framework, function);
    for (ty, param) in typed(function) {
        for name in &param.names {
            let text = plain(name);
            let is_mentioned = mentioned.contains(&name);
            let reads = match framework.reads(ty) {
                Reads::Other if route.has(&text, ty) => Reads::Uri,
                other => other,
            };
            let is_covered = is_mentioned
                || match reads {
                    // Where it is a response or sets cookies, that is refused already.
                    Reads::Nothing | Reads::Response | Reads::Cookies => true,
                    Reads::Uri | Reads::Request => matches!(key, Key::Request | Key::Callable(_)),
                    // A callable is given all that is not the same for every request.
                    Reads::Other => matches!(key, Key::Callable(_)),
                };
            match skipped.get(&text) {
                Some(span) if is_mentioned => errors.at_span(
                    *span,
                    format!("`{text}` is in the key; remove it from `skip` or from `key`"),
                ),
                Some(span) if reads == Reads::Uri && matches!(key, Key::Request) => {
                    errors.at_span(*span, format!(
                        "`{text}` is a part of the URI, which is the key; remove it from `skip`, or write `key = ..` without it"
                    ));
                }
                None if !is_covered => errors.at(name, format!(
                    "`{text}` is not in the cache key; two requests that differ only in it would get one another's response; put it in the key or write `skip({text})`"
                )),
                _ => {}
            }
        }
    }
}

/// Names that are in no key for what they are: what is the same for all, and `request` itself.
pub(super) fn unkeyed(framework: &Framework, function: &Function) -> Vec<String> {
    let exempt = typed(function).filter(|(ty, _)| framework.reads(ty) == Reads::Nothing);
    let exempt = exempt.flat_map(|(_, param)| &param.names);
    let implied = function.params.iter().filter(|param| param.origin == Origin::Implied);
    let implied = implied.flat_map(|param| &param.names);
    exempt.chain(implied).map(plain).collect()
}

/// The parameters with their types.
fn typed(function: &Function) -> impl Iterator<Item = (&Type, &Param)> {
    function.sig.inputs.iter().zip(&function.params).filter_map(|(input, param)| match input {
        FnArg::Typed(typed) => Some((&*typed.ty, param)),
        FnArg::Receiver(_) => None,
    })
}
