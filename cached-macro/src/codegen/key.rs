//! The key of a call, borrowed from its arguments.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned as _;

use crate::function::{Function, Param, at};
use crate::spec::{Key, Spec};
use crate::template::{Piece, Template};

/// Most parts that one tuple of the runtime takes.
const TUPLE: usize = 8;

/// Statements that bind `__key`.
pub(super) fn key(spec: &Spec, function: &Function) -> TokenStream {
    match &spec.key {
        Key::Arguments => arguments(spec, function),
        Key::Template(template) => text(spec, template),
        Key::Callable(callable) => called(spec, callable, function),
        Key::Parts(parts) => expressions(spec, parts),
        Key::Whole(expr) => whole(spec, &hygienic!(#expr), expr.span()),
    }
}

// Input: `fn page(path: &str, number: u32)`
//
// Output:
//
//     use PartByShape as _;
//     let __key = Some(((&&Argument(&path)).part(), (&&Argument(&number)).part()));
fn arguments(spec: &Spec, function: &Function) -> TokenStream {
    let parts = keyed(spec, function).map(|(name, param)| {
        let place = pointee(name, param);
        (hygienic!(#place), name.span())
    });
    parts_key(spec, parts.collect())
}

// Input: `key = (user.id, page)`
fn expressions(spec: &Spec, parts: &[Expr]) -> TokenStream {
    let names: Vec<_> = (0..parts.len())
        .map(|idx| format_ident!("__part{idx}", span = Span::mixed_site()))
        .collect();
    let parts_of =
        names.iter().zip(parts).map(|(name, part)| (hygienic!(#name), part.span())).collect();
    let key = parts_key(spec, parts_of);
    // Bound first, so that what an expression makes lives as long as the key.
    hygienic!(#(let #names = #parts;)* #key)
}

/// A key of several parts, each at a place of the user's.
fn parts_key(spec: &Spec, parts: Vec<(TokenStream, Span)>) -> TokenStream {
    let krate = &spec.krate;
    let parts = parts.into_iter().map(
        |(place, span)| quote_spanned!(at(span)=> (&&#krate::__private::Argument(&#place)).part()),
    );
    let tuple = nested(&parts.collect::<Vec<_>>());
    hygienic!(
        #[allow(unused_imports, reason = "the types of the arguments decide whether it is needed")]
        use #krate::__private::PartByShape as _;
        let __key = ::core::option::Option::Some(#tuple);
    )
}

/// A tuple; more than eight parts nest.
fn nested(parts: &[TokenStream]) -> TokenStream {
    if parts.len() <= TUPLE {
        return hygienic!((#(#parts,)*));
    }
    let nests: Vec<_> = parts.chunks(TUPLE).map(|parts| hygienic!((#(#parts,)*))).collect();
    nested(&nests)
}

// Input: `key = "user:{id}:{page:04}"`
//
// Output:
//
//     let mut __text = TextBuffer::new();
//     __text.literal("user:");
//     (&&Slot(&id)).write(&mut __text);
//     __text.literal(":");
//     __text.formatted(format_args!("{:04}", page));
//     let __key = __text.key();
fn text(spec: &Spec, template: &Template) -> TokenStream {
    let krate = &spec.krate;
    let writes = template.pieces.iter().map(|piece| match piece {
        Piece::Text(text) => hygienic!(__text.literal(#text);),
        Piece::Slot { value, format: None } => {
            quote_spanned!(at(value.span())=> (&&#krate::__private::Slot(&#value)).write(&mut __text);)
        }
        Piece::Slot { value, format: Some(format) } => {
            let format = syn::LitStr::new(&format!("{{:{format}}}"), at(value.span()));
            quote_spanned!(at(value.span())=> __text.formatted(::core::format_args!(#format, #value));)
        }
    });
    hygienic!(
        #[allow(unused_imports, reason = "the types of the placeholders decide whether it is needed")]
        use #krate::__private::WriteByShape as _;
        let mut __text = #krate::__private::TextBuffer::new();
        #(#writes)*
        let __key = __text.key();
    )
}

// Input: `key = page_key`
//
// Output:
//
//     let __made = apply2(path, &number, page_key);
//     let __key = (&&Fallible(&__made)).ok().map(|__key| (&&&Whole(__key)).key()) ..;
fn called(spec: &Spec, callable: &Expr, function: &Function) -> TokenStream {
    let krate = &spec.krate;
    let arguments: Vec<_> = keyed(spec, function)
        .map(|(name, param)| {
            let place = reference(name, param);
            quote_spanned!(at(name.span())=> #place)
        })
        .collect();
    let span = at(callable.span());
    let apply = format_ident!("apply{}", arguments.len(), span = span);
    let made = if arguments.len() <= TUPLE {
        quote_spanned!(span=> #krate::__private::#apply(#(#arguments,)* #callable))
    } else {
        quote_spanned!(span=> (#callable)(#(#arguments),*))
    };
    whole(spec, &made, callable.span())
}

/// A key that one expression gives.
fn whole(spec: &Spec, made: &TokenStream, span: Span) -> TokenStream {
    let krate = &spec.krate;
    let span = at(span);
    quote_spanned!(span=>
        #[allow(unused_imports, reason = "the type of the key decides which one is needed")]
        use #krate::__private::{KeyByShape as _, KeyByText as _, OkByShape as _};
        let __made = #made;
        let __made = (&&#krate::__private::Fallible(&__made)).ok();
        let __key = match __made {
            ::core::option::Option::Some(__made) => (&&&#krate::__private::Whole(__made)).key(),
            ::core::option::Option::None => ::core::option::Option::None,
        };
    )
}

/// The names in the key, with their parameters.
pub(super) fn keyed<'a>(
    spec: &'a Spec,
    function: &'a Function,
) -> impl Iterator<Item = (&'a Ident, &'a Param)> {
    function.names().filter(|(name, _)| !spec.is_skipped(name))
}

/// A place with at most one reference: `*name` for a parameter of type `&&T`.
fn pointee(name: &Ident, param: &Param) -> TokenStream {
    let stars = (1..param.references).map(|_| hygienic!(*));
    hygienic!(#(#stars)* #name)
}

/// The parameter by reference: as it is, where it is one.
fn reference(name: &Ident, param: &Param) -> TokenStream {
    if param.references > 0 { hygienic!(#name) } else { hygienic!(&#name) }
}
