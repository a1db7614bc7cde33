//! The user's body, its tokens untouched, as something to call or to await.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::Type;

use crate::function::Function;

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

/// A block in the user's own braces.
pub(crate) fn braces(function: &Function, statements: &TokenStream) -> TokenStream {
    let mut group = Group::new(Delimiter::Brace, statements.clone());
    group.set_span(function.body.span());
    TokenTree::Group(group).into()
}
