//! Answers that lie ready: at the start of the handler, or before its arguments are made. For these it
//! has a number, in the type of what it is given of the request, and says what its arguments read.

use std::sync::atomic::{AtomicU64, Ordering};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{FnArg, LitInt};

use crate::framework::Early;
use crate::function::Function;
use crate::spec::response::Spec;

/// The type of what a handler is given of the request.
//
// Output:
//
//     axum::RequestInfoOf<{ axum::__private::handler!(7) }>
pub(super) fn numbered(module: &TokenStream, span: Span) -> TokenStream {
    // Tells apart the handlers that a macro makes of one line.
    static HANDLERS: AtomicU64 = AtomicU64::new(0);
    let nth = HANDLERS.fetch_add(1, Ordering::Relaxed).to_string();
    let nth = LitInt::new(&nth, span);
    quote_spanned!(span=> #module::RequestInfoOf<{ #module::__private::handler!(#nth) }>)
}

/// Statements that spare a hit what only a load needs, if they can.
pub(super) fn early(spec: &Spec, function: &Function, site: &TokenStream) -> Option<TokenStream> {
    let krate = spec.caching.home.krate_at(Span::mixed_site());
    let module = Ident::new(spec.framework.module, Span::mixed_site());
    let module = hygienic!(#krate::#module::__private);
    let request = super::request(spec, function);
    match spec.early {
        Early::Extractor => Some(allow(&module, function, &hygienic!(#request, #site))),
        Early::Handler => Some(answer(&module, &hygienic!(#request, #site))),
        Early::Never => None,
    }
}

// Output:
//
//     axum::__private::answer_early(
//         &__cached_request, &__SITE, __instance, &__RULES, &axum::__private::reads!(Query<Page>,),
//     );
fn allow(module: &TokenStream, function: &Function, place: &TokenStream) -> TokenStream {
    let types = function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&typed.ty),
        FnArg::Receiver(_) => None,
    });
    hygienic!(
        #module::answer_early(#place, __instance, &__RULES, &#module::reads!(#(#types,)*));
    )
}

// Output:
//
//     if let Some(__hit) = actix::__private::hit(&__cached_request, &__SITE, __instance, &__RULES) {
//         return __hit;
//     }
fn answer(module: &TokenStream, place: &TokenStream) -> TokenStream {
    hygienic!(
        if let ::core::option::Option::Some(__hit) = #module::hit(#place, __instance, &__RULES) {
            return __hit;
        }
    )
}
