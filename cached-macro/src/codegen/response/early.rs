//! Answers that lie ready: at the start of the handler, or before its arguments are made. For these it
//! has a number, in the type of what it is given of the request, and says what its arguments read.

use std::sync::atomic::{AtomicU64, Ordering};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{FnArg, LitInt};

use crate::framework::Early;
use crate::function::Function;
use crate::spec::response::{Spec, added};

/// The type of what a handler is given of the request.
//
// Output:
//
//     axum::RequestInfoOf<{ __private::handler!(7) }>
pub(super) fn numbered(krate: &TokenStream, module: &TokenStream, span: Span) -> TokenStream {
    // Tells apart the handlers that a macro makes of one line.
    static HANDLERS: AtomicU64 = AtomicU64::new(0);
    let nth = HANDLERS.fetch_add(1, Ordering::Relaxed).to_string();
    let nth = LitInt::new(&nth, span);
    quote_spanned!(span=> #module::RequestInfoOf<{ #krate::__private::handler!(#nth) }>)
}

/// Statements that spare a hit what only a load needs, if they can.
//
// Output, where an extractor answers:
//
//     axum::__private::answer_early(&__cached_request, &__SITE, __instance, &__RULES, reads);
//
// Where the first argument is the answer:
//
//     let __cached_request = match
//         salvo::__private::early(__cached_request, &__SITE, __instance, &__RULES, reads)
//     {
//         ControlFlow::Continue(__cached_request) => __cached_request,
//         ControlFlow::Break(__hit) => return __hit,
//     };
//
// With these `reads`:
//
//     &__private::reads!(Query<Page>,)
//
// Where the handler has the request as it came:
//
//     if let Some(__hit) = actix::__private::hit(&__cached_request, &__SITE, __instance, &__RULES) {
//         return __hit;
//     }
pub(super) fn early(spec: &Spec, function: &Function, site: &TokenStream) -> Option<TokenStream> {
    let krate = spec.caching.home.krate_at(Span::mixed_site());
    let module = Ident::new(spec.framework.module, Span::mixed_site());
    let module = hygienic!(#krate::#module::__private);
    let types = function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&typed.ty),
        FnArg::Receiver(_) => None,
    });
    let reads = hygienic!(&#krate::__private::reads!(#(#types,)*));
    let place = hygienic!(#site, __instance, &__RULES);
    let request = super::request(spec, function);
    match spec.early {
        Early::Extractor => Some(hygienic!(#module::answer_early(#request, #place, #reads);)),
        Early::Argument => {
            let name = added();
            Some(hygienic!(
                let #name = match #module::early(#name, #place, #reads) {
                    ::core::ops::ControlFlow::Continue(#name) => #name,
                    ::core::ops::ControlFlow::Break(__hit) => return __hit,
                };
            ))
        }
        Early::Handler => Some(hygienic!(
            if let ::core::option::Option::Some(__hit) = #module::hit(#request, #place) {
                return __hit;
            }
        )),
        Early::Never => None,
    }
}
