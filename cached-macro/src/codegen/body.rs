//! The user's body, its tokens untouched, as something to call or to await.

use std::mem;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::{
    GenericArgument, GenericParam, PathArguments, ReturnType, Type, TypeParamBound, parse_quote,
};

use crate::function::{Function, has_impl};

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

// Input: `async fn list<S: Shop>() -> Result<impl IntoResponse, Failure>`, whose return type is
// another now
//
// Output:
//
//     {
//         fn __declared<'__left_out, S: Shop, __Part0: IntoResponse, __Part1, __Declared>(
//             future: __Declared,
//         ) -> __Declared
//         where
//             __Declared: Future<Output = Result<__Part0, __Part1>>,
//         { future }
//         __declared::<S, _, _, _>(future)
//     }
//
/// A future that gives what the function was declared to return, with its `impl Trait`, which cannot
/// be written anywhere else. As it is, where that names `Self`, which no item in a body can.
pub(crate) fn declared(function: &Function, future: TokenStream, span: Span) -> TokenStream {
    let ReturnType::Type(_, ty) = &function.sig.output else { return future };
    let mut parts = Parts { span, params: Vec::new() };
    let mut ty = Type::clone(ty);
    if !has_impl(&ty) || parts.take(&mut ty).is_none() {
        return future;
    }
    let generics = &function.sig.generics;
    let (own, bounds) = (&generics.params, &generics.where_clause);
    let params = &parts.params;
    if names_self(quote!(#own #bounds #(#params)*)) {
        return future;
    }
    let lifetimes = generics.lifetimes();
    let others: Vec<_> =
        own.iter().filter(|param| !matches!(param, GenericParam::Lifetime(_))).collect();
    // Those of the function alone may not be told by what it returns.
    let names = others.iter().map(|param| match param {
        GenericParam::Type(param) => &param.ident,
        GenericParam::Const(param) => &param.ident,
        GenericParam::Lifetime(param) => &param.lifetime.ident,
    });
    let inferred = params.iter().map(|_| quote!(_));
    let bounds = bounds.iter().flat_map(|clause| &clause.predicates);
    quote_spanned!(span=> {
        #[allow(clippy::items_after_statements, reason = "an item that only names a type")]
        fn __declared<'__left_out, #(#lifetimes,)* #(#others,)* #(#params,)* __Declared>(
            future: __Declared,
        ) -> __Declared
        where
            __Declared: ::core::future::Future<Output = #ty>,
            #(#bounds,)*
        {
            future
        }
        __declared::<#(#names,)* #(#inferred,)* _>(#future)
    })
}

/// The parts of a return type that are left to the compiler, as type parameters.
struct Parts {
    span: Span,
    params: Vec<TokenStream>,
}

impl Parts {
    /// Puts parameters in the place of what is `impl Trait`, and of what has none in it. None where
    /// `impl Trait` stands in something else.
    fn take(&mut self, ty: &mut Type) -> Option<()> {
        match ty {
            Type::ImplTrait(hidden) => {
                let bounds = hidden.bounds.iter();
                let bounds: Vec<_> = bounds
                    .filter(|bound| !matches!(bound, TypeParamBound::PreciseCapture(_)))
                    .collect();
                let bounds = with_lifetimes(quote!(#(#bounds)+*));
                *ty = self.param(&quote!(: #bounds));
            }
            _ if !has_impl(ty) => *ty = self.param(&TokenStream::new()),
            Type::Path(path) => {
                for segment in &mut path.path.segments {
                    let PathArguments::AngleBracketed(args) = &mut segment.arguments else {
                        continue;
                    };
                    for arg in &mut args.args {
                        if let GenericArgument::Type(ty) = arg {
                            self.take(ty)?;
                        }
                    }
                }
            }
            Type::Tuple(tuple) => tuple.elems.iter_mut().try_for_each(|ty| self.take(ty))?,
            Type::Array(array) => self.take(&mut array.elem)?,
            Type::Paren(paren) => self.take(&mut paren.elem)?,
            Type::Group(group) => self.take(&mut group.elem)?,
            _ => return None,
        }
        Some(())
    }

    fn param(&mut self, bounds: &TokenStream) -> Type {
        let name = format_ident!("__Part{}", self.params.len(), span = self.span);
        self.params.push(quote!(#name #bounds));
        parse_quote!(#name)
    }
}

/// Bounds with a name for each lifetime that is left out as `'_`.
fn with_lifetimes(bounds: TokenStream) -> TokenStream {
    let mut is_lifetime = false;
    let named = bounds.into_iter().map(|token| {
        let was_quote = mem::replace(&mut is_lifetime, is_quote(&token));
        match token {
            TokenTree::Ident(ident) if was_quote && ident == "_" => {
                TokenTree::Ident(Ident::new("__left_out", ident.span()))
            }
            TokenTree::Group(group) => {
                let mut named = Group::new(group.delimiter(), with_lifetimes(group.stream()));
                named.set_span(group.span());
                TokenTree::Group(named)
            }
            other => other,
        }
    });
    named.collect()
}

fn is_quote(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '\'')
}

fn names_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "Self",
        TokenTree::Group(group) => names_self(group.stream()),
        _ => false,
    })
}

/// A block in the user's own braces.
pub(crate) fn braces(function: &Function, statements: &TokenStream) -> TokenStream {
    let mut group = Group::new(Delimiter::Brace, statements.clone());
    group.set_span(function.body.span());
    TokenTree::Group(group).into()
}
