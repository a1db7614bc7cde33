//! Whether a key holds whatever a handler's response can depend on.
//!
//! A parameter counts by the last segment of its type's path, since that is all an attribute sees.
//! What is not known to be safe has to be named: in the key, in `per` or in `skip`.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{FnArg, LitStr, Token, Type};

use super::super::{Key, bool_of, ungrouped};
use crate::args::Args;
use crate::diagnostics::Errors;
use crate::framework::{Framework, Reads};
use crate::function::{Function, Origin, Param, plain};
use crate::route::Route;

/// What of the URI is not in the default key.
pub(super) struct LeftOut {
    has_host: bool,
    /// The names of the query that are in it, where not all are.
    only_query: Option<Vec<String>>,
}

impl LeftOut {
    pub(super) fn of(args: &Args) -> Self {
        let host = args.value("host").and_then(|expr| bool_of(&ungrouped(expr.clone())));
        let only_query = args.list("only_query").map(|list| {
            let names = Punctuated::<LitStr, Token![,]>::parse_terminated.parse2(list.clone());
            names.into_iter().flatten().map(|name| name.value()).collect()
        });
        Self { has_host: host == Some(false), only_query }
    }

    /// What a parameter of this name reads, when that is left out.
    fn of_reads(&self, reads: Reads, name: &str) -> Reads {
        let is_left_out = match reads {
            Reads::Host => self.has_host,
            Reads::QueryName => self.only_query.as_ref().is_some_and(|only| {
                only.iter().all(|only| match only.strip_suffix('*') {
                    Some(start) => !name.starts_with(start),
                    None => name != only,
                })
            }),
            other => return other,
        };
        if is_left_out { Reads::Other } else { Reads::Uri }
    }
}

/// Every name that the handler is given is in the key, skipped or of no account.
pub(super) fn check(
    framework: &Framework,
    (key, left_out): (&Key, &LeftOut),
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
                Reads::Other => route.reads(&text, ty).unwrap_or(Reads::Other),
                other => other,
            };
            let reads = left_out.of_reads(reads, &text);
            let is_covered = is_mentioned
                || match reads {
                    // Where it is a response or sets cookies, that is refused already.
                    Reads::Nothing | Reads::Response | Reads::Cookies => true,
                    Reads::Uri | Reads::Host | Reads::QueryName | Reads::Request => {
                        matches!(key, Key::Request | Key::Callable(_))
                    }
                    // A callable is given all that is not the same for every request.
                    Reads::Other => matches!(key, Key::Callable(_)),
                };
            match skipped.get(&text) {
                Some(span) if is_mentioned => errors
                    .at_span(*span, format!("`{text}` is in the key; remove it from `skip`")),
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
    let implied = function.params.iter().filter(|param| param.origin == Origin::Implied);
    let implied = implied.flat_map(|param| &param.names);
    exempt(framework, function).chain(implied).map(plain).collect()
}

/// Whether requests can differ in one of these parameters.
pub(super) fn can_differ(framework: &Framework, mentioned: &[&Ident], function: &Function) -> bool {
    mentioned.iter().any(|name| exempt(framework, function).all(|exempt| exempt != *name))
}

/// Names of parameters that are the same for every request.
fn exempt<'f>(framework: &Framework, function: &'f Function) -> impl Iterator<Item = &'f Ident> {
    let exempt = typed(function).filter(|(ty, _)| framework.reads(ty) == Reads::Nothing);
    exempt.flat_map(|(_, param)| &param.names)
}

/// The parameters with their types.
fn typed(function: &Function) -> impl Iterator<Item = (&Type, &Param)> {
    function.sig.inputs.iter().zip(&function.params).filter_map(|(input, param)| match input {
        FnArg::Typed(typed) => Some((&*typed.ty, param)),
        FnArg::Receiver(_) => None,
    })
}
