//! Answers before a handler's arguments are made: the number of the handler, in the type of what it is
//! given of the request, and what its arguments read.

use std::sync::atomic::{AtomicU64, Ordering};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{FnArg, LitInt};

use crate::function::Function;
use crate::spec::response::{Spec, added};

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

// Output:
//
//     __cached_request.answer_early(
//         &__SITE, __instance, &__RULES, &axum::__private::reads!(Query<Page>,),
//     );
pub(super) fn allow(spec: &Spec, function: &Function, site: &TokenStream) -> Option<TokenStream> {
    if !spec.is_early {
        return None;
    }
    let krate = spec.caching.home.krate_at(Span::mixed_site());
    let module = Ident::new(spec.framework.module, Span::mixed_site());
    let types = function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&typed.ty),
        FnArg::Receiver(_) => None,
    });
    let request = added();
    Some(hygienic!(
        #request.answer_early(
            #site, __instance, &__RULES, &#krate::#module::__private::reads!(#(#types,)*),
        );
    ))
}
