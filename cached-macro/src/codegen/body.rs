//! The user's body, its tokens untouched, as something to call or to await.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::{ReturnType, Type, TypeImplTrait, parse_quote};

use crate::function::Function;
use crate::returned;

/// `move || -> R { body }`; `ty` is the type it returns, where that can be written.
///
/// The arguments move, since a borrow that the body may not take is then shown in the body.
pub(crate) fn closure(function: &Function, ty: Option<&Type>, span: Span) -> TokenStream {
    let block = braces(function, &function.body.stream());
    match ty {
        Some(ty) => quote_spanned!(span=> move || -> #ty #block),
        None => quote_spanned!(span=> move || #block),
    }
}

/// `async move { body }`.
pub(crate) fn future(function: &Function, ty: Option<&Type>, span: Span) -> TokenStream {
    // Tells `?` and closures in the body what it returns, as the signature did.
    let returned = ty.map(|ty| {
        quote_spanned!(span=>
            #[allow(
                unreachable_code,
                clippy::all,
                clippy::pedantic,
                clippy::nursery,
                reason = "never run: it only gives the block its type"
            )]
            if false {
                let __returned: #ty = loop {};
                return __returned;
            }
        )
    });
    let statements = function.body.stream();
    let block = braces(function, &hygienic!(#returned #statements));
    quote_spanned!(span=> async move #block)
}

// Input: `async fn list() -> Result<impl IntoResponse, Failure>`, whose return type is another now
//
// Output:
//
//     {
//         fn __declared<__Hidden0: IntoResponse>(
//             future: impl Future<Output = Result<__Hidden0, Failure>>,
//         ) -> impl Future<Output = Result<__Hidden0, Failure>> { future }
//         __declared(future)
//     }
//
/// A future that gives what the function was declared to return, with its `impl Trait`, which cannot
/// be written anywhere else. As it is, where that may name what only the function knows.
pub(crate) fn declared(function: &Function, future: TokenStream, span: Span) -> TokenStream {
    let ReturnType::Type(_, ty) = &function.sig.output else { return future };
    let (mut ty, mut params) = (Type::clone(ty), Vec::new());
    returned::replace_impl(&mut ty, &mut |TypeImplTrait { bounds, .. }| {
        let name = format_ident!("__Hidden{}", params.len(), span = span);
        params.push(quote!(#name: #bounds));
        parse_quote!(#name)
    });
    if params.is_empty() || !function.sig.generics.params.is_empty() {
        return future;
    }
    quote_spanned!(span=> {
        #[allow(clippy::items_after_statements, reason = "an item that only names a type")]
        #[allow(clippy::future_not_send, reason = "whether it is, is for its user to say")]
        fn __declared<#(#params),*>(
            future: impl ::core::future::Future<Output = #ty>,
        ) -> impl ::core::future::Future<Output = #ty> {
            future
        }
        __declared(#future)
    })
}

/// A block in the user's own braces.
pub(crate) fn braces(function: &Function, statements: &TokenStream) -> TokenStream {
    let mut group = Group::new(Delimiter::Brace, statements.clone());
    group.set_span(function.body.span());
    TokenTree::Group(group).into()
}
