//! Answers that lie ready: at the start of the handler, or before its arguments are made. For these it
//! has a number, in the type of what it is given of the request, or a handler around it; and it says
//! what its arguments read.

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
//     axum::__private::Added<{ __private::handler!(7) }>
pub(super) fn numbered(krate: &TokenStream, module: &TokenStream, span: Span) -> TokenStream {
    // Tells apart the handlers that a macro makes of one line.
    static HANDLERS: AtomicU64 = AtomicU64::new(0);
    let nth = HANDLERS.fetch_add(1, Ordering::Relaxed).to_string();
    let nth = LitInt::new(&nth, span);
    quote_spanned!(span=> #module::__private::Added<{ #krate::__private::handler!(#nth) }>)
}

/// Statements that spare a hit what only a load needs, if they can.
//
// Output, where an extractor answers:
//
//     axum::__private::answer_early(&__cached_request, &__SITE, __instance, &__RULES, reads);
//
// Where a handler around this one does:
//
//     __EARLY.begin(&__SITE, __instance, &__RULES, reads);
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
        Early::Wrapper => Some(hygienic!(__EARLY.begin(#place, #reads);)),
        Early::Handler => Some(hygienic!(
            if let ::core::option::Option::Some(__hit) = #module::hit(#request, #place) {
                return __hit;
            }
        )),
        Early::Never => None,
    }
}

// Output:
//
//     #[derive(Debug)]
//     struct list;
//     #[async_trait]
//     impl Handler for list {
//         async fn handle(
//             &self,
//             __request: &mut Request,
//             __depot: &mut Depot,
//             __response: &mut Written,
//             __flow: &mut FlowCtrl,
//         ) {
//             static __EARLY: Early = Early::new();
//             handler
//             if !__EARLY.answers(__request, __response) {
//                 Handler::handle(&list, __request, __depot, __response, __flow).await;
//             }
//         }
//     }
//
/// A handler around a handler, of the same name.
pub(super) fn around(spec: &Spec, function: &Function, handler: &TokenStream) -> TokenStream {
    let krate = spec.caching.home.krate_at(Span::mixed_site());
    let module = Ident::new(spec.framework.module, Span::mixed_site());
    let module = hygienic!(#krate::#module::__private);
    let Function { attrs, vis, sig, .. } = function;
    let docs = attrs.iter().filter(|attr| attr.path().is_ident("doc"));
    let name = &sig.ident;
    hygienic!(
        #(#docs)*
        #[allow(non_camel_case_types, reason = "it has the name of a function")]
        #[derive(Debug)]
        #vis struct #name;

        #[#module::async_trait]
        impl #module::Handler for #name {
            async fn handle(
                &self,
                __request: &mut #module::Request,
                __depot: &mut #module::Depot,
                __response: &mut #module::Written,
                __flow: &mut #module::FlowCtrl,
            ) {
                static __EARLY: #module::Early = #module::Early::new();
                #handler
                if !__EARLY.answers(__request, __response) {
                    #module::Handler::handle(&#name, __request, __depot, __response, __flow).await;
                }
            }
        }
    )
}
