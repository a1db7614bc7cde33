//! Loads while nobody waits: which option asks for them, and how the arguments are kept for one.
//! That an argument can be cloned and sent is left to the runtime, which sees its type.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    FnArg, GenericArgument, Lifetime, Pat, Path, PathArguments, Receiver, ReceiverKind, Type,
};

use crate::args::Args;
use crate::diagnostics::Errors;
use crate::function::{Function, Origin, Param, plain};
use crate::returned::is_borrowed;

/// The options that let a function load in the background.
pub(super) const OPTIONS: [&str; 4] = ["stale", "refresh_ahead", "early", "soft_timeout"];

/// A function that loads in the background.
pub(crate) struct Background {
    /// The first option that asks for it.
    pub(crate) option: Ident,
    pub(crate) kept: Vec<Kept>,
    /// Whether the function stands in an `impl` or a trait, as far as it shows.
    pub(crate) is_associated: bool,
}

/// An argument of a load in the background.
pub(crate) enum Kept {
    /// By its name, with references to take off before it is cloned, and to put back.
    Name { name: Ident, references: usize },
    /// By the names that a pattern binds, each with so many references: it is put together of
    /// their clones.
    Pattern { pat: Pat, references: usize },
    /// By what it points at, where it has no `Clone` of its own. It is made by this constructor, or
    /// by `From`.
    Inside { name: Ident, constructor: Option<Path> },
    /// The request, by what the framework of this module can send of it.
    Request { name: Ident, module: &'static str },
}

/// None for a function all of whose loads are waited for.
pub(super) fn background(
    args: &Args,
    function: &Function,
    errors: &mut Errors,
) -> Option<Background> {
    let (name, span) = OPTIONS.iter().find_map(|name| Some((*name, args.span(name)?)))?;
    if let syn::Safety::Unsafe(_) = &function.sig.safety {
        errors.at_span(span, format!(
            "an `unsafe` function cannot load in the background, where nobody promises what it asks for; remove `{name}`"
        ));
    }
    let kept: Vec<_> = function
        .sig
        .inputs
        .iter()
        .zip(&function.params)
        .filter_map(|(input, param)| match kept(input, param) {
            Ok(kept) => Some(kept),
            Err(Unkept { what, remedy }) => {
                errors.at(input, format!(
                    "`{name}` cannot keep {what} for a load in the background; {remedy}, or remove `{name}`"
                ));
                None
            }
        })
        .collect();
    Some(Background {
        option: Ident::new(name, span),
        kept,
        is_associated: function.has_receiver() || mentions_self(function),
    })
}

/// An argument that cannot be kept, and what to do instead.
struct Unkept {
    what: String,
    remedy: &'static str,
}

/// How an argument is kept.
fn kept(input: &FnArg, param: &Param) -> Result<Kept, Unkept> {
    let unkept = |what: &str, remedy| Err(Unkept { what: what.to_owned(), remedy });
    let (name, ty) = match input {
        FnArg::Receiver(receiver) => {
            let name = Ident::new("self", receiver.self_token.span);
            match &receiver.kind {
                ReceiverKind::Typed(_, ty) => (name, Some(&**ty)),
                _ => (name, None),
            }
        }
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(bound) if bound.by_ref.is_none() => (bound.ident.clone(), Some(&*typed.ty)),
            Pat::Ident(_) => return unkept("what `ref` binds", "take it by value or by `&`"),
            Pat::Wild(_) => return unkept("an argument without a name", "write one such as `_id`"),
            pat if is_whole(pat) => {
                let references = references_inside(pat, &typed.ty);
                if references == 0 && is_borrowed(&typed.ty) {
                    return unkept("what a pattern borrows", "take an owned type");
                }
                return Ok(Kept::Pattern { pat: pat.clone(), references });
            }
            _ => return unkept("what a pattern takes apart", "do that in the body"),
        },
    };
    let references = match (input, ty) {
        (_, Some(ty)) => lent(ty),
        (FnArg::Receiver(Receiver { kind: ReceiverKind::Reference(_, lifetime, _), .. }), None)
            if !lifetime.as_ref().is_some_and(is_static) =>
        {
            1
        }
        (_, None) => 0,
    };
    let receiver =
        (param.origin == Origin::Receiver).then_some("take `&self` or `self: Arc<Self>`");
    if param.is_mutable_reference {
        let what = format!("`{}`, which is lent to this call alone,", plain(&name));
        return unkept(&what, receiver.unwrap_or("take it by value or by `&`"));
    }
    if ty.is_some_and(|ty| is_borrowed(behind(ty, references))) {
        let what = format!("what `{}` borrows", plain(&name));
        let remedy = receiver.unwrap_or("take an owned type, such as `String` for `&str`");
        return unkept(&what, remedy);
    }
    Ok(Kept::Name { name, references })
}

/// Whether a pattern binds all that it takes apart, so that this can be put together again.
fn is_whole(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(bound) => bound.by_ref.is_none() && bound.subpat.is_none(),
        Pat::Paren(paren) => is_whole(&paren.pat),
        Pat::Struct(fields) => {
            fields.rest.is_none() && fields.fields.iter().all(|field| is_whole(&field.pat))
        }
        Pat::Tuple(tuple) => tuple.elems.iter().all(is_whole),
        Pat::TupleStruct(tuple) => tuple.elems.iter().all(is_whole),
        _ => false,
    }
}

/// Leading references of what `Wrapper(name)` binds, where the type is written as `Wrapper<&T>`.
fn references_inside(pat: &Pat, ty: &Type) -> usize {
    let (Pat::TupleStruct(tuple), Type::Path(path)) = (pat, ty) else { return 0 };
    let is_one_name = tuple.elems.len() == 1 && matches!(tuple.elems.first(), Some(Pat::Ident(_)));
    let arguments = path.path.segments.last().map(|last| &last.arguments);
    match arguments {
        Some(PathArguments::AngleBracketed(args)) if is_one_name && args.args.len() == 1 => {
            match args.args.first() {
                Some(GenericArgument::Type(ty)) if !is_borrowed(behind(ty, lent(ty))) => lent(ty),
                _ => 0,
            }
        }
        _ => 0,
    }
}

fn is_static(lifetime: &Lifetime) -> bool {
    lifetime.ident == "static"
}

/// A type without its first references.
fn behind(ty: &Type, references: usize) -> &Type {
    match ty {
        Type::Reference(reference) if references > 0 => behind(&reference.elem, references - 1),
        Type::Group(group) => behind(&group.elem, references),
        Type::Paren(paren) => behind(&paren.elem, references),
        _ => ty,
    }
}

/// Leading references of a type that may end before the program does.
fn lent(ty: &Type) -> usize {
    match ty {
        Type::Reference(reference) if !reference.lifetime.as_ref().is_some_and(is_static) => {
            1 + lent(&reference.elem)
        }
        Type::Group(group) => lent(&group.elem),
        Type::Paren(paren) => lent(&paren.elem),
        _ => 0,
    }
}

/// Whether a function says `Self`, and so has one.
fn mentions_self(function: &Function) -> bool {
    says_self(function.sig.to_token_stream()) || says_self(function.body.stream())
}

/// What stands in the braces of an item has a `Self` of its own.
fn says_self(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "Self" => return true,
            TokenTree::Ident(ident)
                if ["impl", "trait", "struct", "enum"].iter().any(|item| ident == item) =>
            {
                tokens.by_ref().find(ends_item);
            }
            TokenTree::Group(group) if says_self(group.stream()) => return true,
            _ => {}
        }
    }
    false
}

fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::says_self;

    #[test]
    fn an_item_in_a_body_has_a_self_of_its_own() {
        let says = |text: &str| says_self(text.parse().expect("tokens"));
        assert!(says("let made = Self::new(); made.len()"));
        assert!(says("f(|| { g([Self::BASE]) })"));
        assert!(says("struct Local(u8); Self(1)"));
        assert!(!says(
            "struct Local(u8); impl Local { fn new() -> Self { Self(1) } } Local::new()"
        ));
        assert!(!says("self.len()"));
    }
}
