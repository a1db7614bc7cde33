//! Loads while nobody waits: which option asks for them, and how the arguments are kept for one.
//! That an argument can be cloned and sent is left to the runtime, which sees its type.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{FnArg, Pat, Receiver, ReceiverKind, Type};

use crate::args::Args;
use crate::diagnostics::Errors;
use crate::function::{Function, plain};

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
pub(crate) struct Kept {
    pub(crate) name: Ident,
    /// References to take off before it is cloned, and to put back.
    pub(crate) references: usize,
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
        .filter_map(|(input, param)| {
            let refused = match kept(input) {
                Ok(kept) if param.is_mutable_reference => format!(
                    "`{name}` cannot keep `{}` for a load in the background, since it is lent to this call alone; take it by value or by `&`, or remove `{name}`",
                    plain(&kept.name),
                ),
                Ok(kept) => return Some(kept),
                Err(remedy) => format!(
                    "`{name}` cannot keep an argument without a name for a load in the background; {remedy}"
                ),
            };
            errors.at(input, refused);
            None
        })
        .collect();
    Some(Background {
        option: Ident::new(name, span),
        kept,
        is_associated: function.has_receiver() || mentions_self(function),
    })
}

/// How an argument is kept; what to write instead, where it cannot be.
fn kept(input: &FnArg) -> Result<Kept, &'static str> {
    let typed = match input {
        FnArg::Receiver(receiver) => return Ok(kept_receiver(receiver)),
        FnArg::Typed(typed) => typed,
    };
    match &*typed.pat {
        Pat::Ident(bound) if bound.by_ref.is_none() => {
            Ok(Kept { name: bound.ident.clone(), references: lent(&typed.ty) })
        }
        Pat::Ident(_) => Err("remove `ref`"),
        Pat::Wild(_) => Err("give it one, such as `_unused`"),
        _ => Err("give it one, and take it apart in the body"),
    }
}

fn kept_receiver(receiver: &Receiver) -> Kept {
    let references = match &receiver.kind {
        ReceiverKind::Reference(_, Some(lifetime), _) if lifetime.ident == "static" => 0,
        ReceiverKind::Reference(..) => 1,
        ReceiverKind::Typed(_, ty) => lent(ty),
        _ => 0,
    };
    Kept { name: Ident::new("self", receiver.self_token.span), references }
}

/// Leading references of a type that may end before the program does.
fn lent(ty: &Type) -> usize {
    match ty {
        Type::Reference(reference) => match &reference.lifetime {
            Some(lifetime) if lifetime.ident == "static" => 0,
            _ => 1 + lent(&reference.elem),
        },
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
