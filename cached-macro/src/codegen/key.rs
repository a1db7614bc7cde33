//! The key of a call, borrowed from its arguments.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, UnOp};

use crate::function::{Function, Param, at};
use crate::spec::{Caching, Key};
use crate::template::{Piece, SlotValue, Template};

/// Most parts that one tuple of the runtime takes.
const TUPLE: usize = 8;

/// Statements that bind `__key`.
pub(super) fn key(caching: &Caching, function: &Function) -> TokenStream {
    key_amid(caching, function, &Amid::default())
}

/// What is written to the text of a key before and after what the user says.
#[derive(Default)]
pub(super) struct Amid {
    pub(super) before: TokenStream,
    pub(super) after: TokenStream,
}

/// The same for a key that is text, with something around what the user says.
pub(super) fn key_amid(caching: &Caching, function: &Function, amid: &Amid) -> TokenStream {
    match &caching.key {
        Key::Arguments => arguments(caching, function),
        Key::Request => written(&caching.rt(), amid, &TokenStream::new()),
        Key::Template(template) => text_amid(&|span| caching.rt_at(span), template, amid),
        Key::Callable(callable) => called(caching, callable, function, amid),
        Key::Parts(parts) => expressions(caching, parts, amid),
        Key::Whole(expr) => whole(caching, &made(expr), expr.span(), amid),
    }
}

// Output:
//
//     let mut __text = TextBuffer::new();
//     __text.literal("user:");
//     let __key = __text.key();
fn written(rt: &TokenStream, amid: &Amid, writes: &TokenStream) -> TokenStream {
    let Amid { before, after } = amid;
    hygienic!(
        let mut __text = #rt::TextBuffer::new();
        #before
        #writes
        #after
        let __key = __text.key();
    )
}

// Input: `fn page(path: &str, number: u32)`
//
// Output:
//
//     use {PartByShape as _, RefusePart as _};
//     let __key = Some((
//         Part((&&Argument(&path)).part()).checked(),
//         Part((&&Argument(&number)).part()).checked(),
//     ));
fn arguments(caching: &Caching, function: &Function) -> TokenStream {
    let parts = keyed(caching, function).map(|(name, param)| (pointee(name, param), name.span()));
    parts_key(caching, parts.collect(), &Amid::default())
}

// Input: `key = (user.id, page)`
fn expressions(caching: &Caching, parts: &[Expr], amid: &Amid) -> TokenStream {
    let names: Vec<_> = (0..parts.len())
        .map(|idx| format_ident!("__part{idx}", span = Span::mixed_site()))
        .collect();
    // A place is borrowed where it stands: bound, an owned argument would move into the key.
    let places = names.iter().zip(parts).map(|(name, part)| {
        let place = if is_place(part) { hygienic!(#part) } else { hygienic!(#name) };
        (place, part.span())
    });
    let key = parts_key(caching, places.collect(), amid);
    // Anything else is bound first, so that what it makes lives as long as the key.
    let bindings = names
        .iter()
        .zip(parts)
        .filter(|(_, part)| !is_place(part))
        .map(|(name, part)| hygienic!(let #name = #part;));
    hygienic!(#(#bindings)* #key)
}

/// Whether an expression names a place, such as an argument or a field of one.
pub(super) fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Index(index) => is_place(&index.expr),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Deref(_)) && is_place(&unary.expr),
        Expr::Paren(paren) => is_place(&paren.expr),
        Expr::Group(group) => is_place(&group.expr),
        _ => false,
    }
}

/// A key of several parts, each at a place of the user's.
fn parts_key(caching: &Caching, parts: Vec<(TokenStream, Span)>, amid: &Amid) -> TokenStream {
    if caching.has_text_keys() {
        return spelled(caching, &parts, amid);
    }
    let rt = caching.rt();
    let parts = parts.into_iter().map(|(value, span)| {
        let rt = caching.rt_at(at(span));
        let part = quote_spanned!(at(span)=> (&&#rt::Argument(&#value)).part());
        checked(caching, &part, span)
    });
    let tuple = nested(&parts.collect::<Vec<_>>());
    hygienic!(
        #[allow(unused_imports, reason = "the types of the arguments decide whether it is needed")]
        use #rt::{PartByShape as _, RefusePart as _};
        let __key = ::core::option::Option::Some(#tuple);
    )
}

// Input: `#[cached(shared)] fn page(path: &str, number: u32)`
//
// Output:
//
//     use RefuseSpelled as _;
//     let mut __text = TextBuffer::new();
//     Spelled(&path).checked().write(&mut __text);
//     __text.literal(",");
//     Spelled(&number).checked().write(&mut __text);
//     let __key = __text.key();
fn spelled(caching: &Caching, parts: &[(TokenStream, Span)], amid: &Amid) -> TokenStream {
    let rt = caching.rt();
    let writes = parts.iter().enumerate().map(|(idx, (value, span))| {
        let rt = caching.rt_at(at(*span));
        let comma = (idx > 0).then(|| hygienic!(__text.literal(",");));
        let write = quote_spanned!(at(*span)=>
            #rt::Spelled(&#value).checked().write(&mut __text);
        );
        hygienic!(#comma #write)
    });
    // Without arguments there is one entry, whose key must not be empty.
    let nothing = parts.is_empty().then(|| hygienic!(__text.literal("()");));
    let written = written(&rt, amid, &hygienic!(#(#writes)* #nothing));
    let refusal = caching.refusal();
    hygienic!(
        #[allow(unused_imports, reason = "needed only where an argument is refused")]
        use #rt::#refusal as _;
        #written
    )
}

/// A part that can be in a key. That it cannot is said at `span`.
fn checked(caching: &Caching, part: &TokenStream, span: Span) -> TokenStream {
    let rt = caching.rt_at(at(span));
    quote_spanned!(at(span)=> #rt::Part(#part).checked())
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
//     (&&Slot(&id)).write(&mut __text); // `&*id` for a reference
//     __text.literal(":");
//     __text.formatted(format_args!("{:04}", page));
//     let __key = __text.key();
pub(crate) fn text(rt_at: &dyn Fn(Span) -> TokenStream, template: &Template) -> TokenStream {
    text_amid(rt_at, template, &Amid::default())
}

fn text_amid(rt_at: &dyn Fn(Span) -> TokenStream, template: &Template, amid: &Amid) -> TokenStream {
    let rt = rt_at(Span::mixed_site());
    let writes = template.pieces.iter().map(|piece| match piece {
        Piece::Text(text) => hygienic!(__text.literal(#text);),
        Piece::Slot { value: SlotValue { tokens, references }, format: None } => {
            let span = at(tokens.span());
            let rt = rt_at(span);
            let stars = (0..*references).map(|_| quote_spanned!(span=> *));
            quote_spanned!(span=>
                (&&#rt::Slot(&#(#stars)* (#tokens))).write(&mut __text);
            )
        }
        Piece::Slot { value: SlotValue { tokens, .. }, format: Some(format) } => {
            let span = at(tokens.span());
            let format = syn::LitStr::new(&format!("{{:{format}}}"), span);
            quote_spanned!(span=> __text.formatted(::core::format_args!(#format, #tokens));)
        }
    });
    let written = written(&rt, amid, &hygienic!(#(#writes)*));
    hygienic!(
        #[allow(unused_imports, reason = "the types of the placeholders decide whether it is needed")]
        use #rt::WriteByShape as _;
        #written
    )
}

// Input: `key = page_key`
//
// Output:
//
//     let __made = apply2(path, &number, page_key);
//     let __key = match (&&Fallible(&__made)).ok() {
//         Some(__made) => (&&&Whole(__made)).key(),
//         None => None,
//     };
//     let __key = match __key {
//         Some(__key) => Some(Part(__key).checked()),
//         None => None,
//     };
fn called(caching: &Caching, callable: &Expr, function: &Function, amid: &Amid) -> TokenStream {
    let arguments: Vec<_> = keyed(caching, function)
        .map(|(name, param)| {
            let place = reference(name, param);
            quote_spanned!(at(name.span())=> #place)
        })
        .collect();
    let span = at(callable.span());
    let apply = format_ident!("apply{}", arguments.len(), span = span);
    let made = if arguments.len() <= TUPLE {
        let rt = caching.rt_at(span);
        quote_spanned!(span=> #rt::#apply(#(#arguments,)* #callable))
    } else {
        quote_spanned!(span=> (#callable)(#(#arguments),*))
    };
    let made = hygienic!(let __made = #made; let __made = &__made;);
    whole(caching, &made, callable.span(), amid)
}

/// Statements that bind `__made` to a reference: to the place that an expression names, or to
/// what it makes.
fn made(expr: &Expr) -> TokenStream {
    if is_place(expr) {
        return hygienic!(let __made = &#expr;);
    }
    hygienic!(let __made = #expr; let __made = &__made;)
}

/// A key that one expression gives.
fn whole(caching: &Caching, made: &TokenStream, span: Span, amid: &Amid) -> TokenStream {
    if caching.has_text_keys() {
        return spelled_whole(caching, made, span, amid);
    }
    let rt = caching.rt();
    let key = checked(caching, &hygienic!(__key), span);
    quote_spanned!(at(span)=>
        #[allow(unused_imports, reason = "the type of the key decides which one is needed")]
        use #rt::{KeyByShape as _, KeyByText as _, OkByShape as _, RefusePart as _};
        #made
        let __made = (&&#rt::Fallible(__made)).ok();
        let __key = match __made {
            ::core::option::Option::Some(__made) => (&&&#rt::Whole(__made)).key(),
            ::core::option::Option::None => ::core::option::Option::None,
        };
        let __key = match __key {
            ::core::option::Option::Some(__key) => ::core::option::Option::Some(#key),
            ::core::option::Option::None => ::core::option::Option::None,
        };
    )
}

// Input: `#[cached(shared, key = page_key)]`
//
// Output, after what binds `__made`:
//
//     let mut __text = TextBuffer::new();
//     let __key = match (&&Fallible(__made)).ok() {
//         Some(__made) => {
//             (&&SpelledWhole(__made)).part().checked().write(&mut __text);
//             __text.key()
//         }
//         None => None,
//     };
fn spelled_whole(caching: &Caching, made: &TokenStream, span: Span, amid: &Amid) -> TokenStream {
    let rt = caching.rt();
    let Amid { before, after } = amid;
    let refusal = caching.refusal();
    let span = at(span);
    quote_spanned!(span=>
        #[allow(unused_imports, reason = "the type of the key decides which one is needed")]
        use #rt::{OkByShape as _, #refusal as _, SpelledByText as _};
        #made
        let mut __text = #rt::TextBuffer::new();
        let __key = match (&&#rt::Fallible(__made)).ok() {
            ::core::option::Option::Some(__made) => {
                #before
                (&&#rt::SpelledWhole(__made)).part().checked().write(&mut __text);
                #after
                __text.key()
            }
            ::core::option::Option::None => ::core::option::Option::None,
        };
    )
}

/// The names in the key, with their parameters.
pub(super) fn keyed<'a>(
    caching: &'a Caching,
    function: &'a Function,
) -> impl Iterator<Item = (&'a Ident, &'a Param)> {
    function.names().filter(|(name, _)| !caching.is_skipped(name))
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
