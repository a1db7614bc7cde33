//! The function under the attribute: its signature read, its body left as tokens.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{AttrStyle, Attribute, FnArg, Pat, Receiver, ReceiverKind, Signature, Type, Visibility};

use crate::diagnostics::Errors;

pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// The braces and what is in them.
    pub(crate) body: Group,
    pub(crate) params: Vec<Param>,
}

/// One parameter, as the key sees it.
pub(crate) struct Param {
    /// The names it binds: several for a pattern, none for `_`.
    pub(crate) names: Vec<Ident>,
    /// Patterns in it whose names only the compiler knows.
    pub(crate) unreadable: Vec<Pat>,
    /// Leading `&` of its type.
    pub(crate) references: usize,
    pub(crate) is_mutable_reference: bool,
    pub(crate) has_impl: bool,
    pub(crate) origin: Origin,
}

/// Where a parameter comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Signature,
    /// It is `self`.
    Receiver,
    /// The user may name it, though the signature does not have it.
    Implied,
}

impl Function {
    /// Every name that the parameters bind, with its parameter.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&Ident, &Param)> + Clone {
        self.params.iter().flat_map(|param| param.names.iter().map(move |name| (name, param)))
    }

    /// Lets expressions name something that the signature does not have, unless it has.
    pub(crate) fn imply(&mut self, name: Ident) {
        if self.names().any(|(known, _)| plain(known) == plain(&name)) {
            return;
        }
        self.params.push(Param {
            names: vec![name],
            unreadable: Vec::new(),
            references: 1,
            is_mutable_reference: false,
            has_impl: false,
            origin: Origin::Implied,
        });
    }

    pub(crate) fn has_receiver(&self) -> bool {
        self.params.iter().any(|param| param.origin == Origin::Receiver)
    }
}

/// A name as the user reads it: without `r#`.
pub(crate) fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

/// Reads the item under `attribute`.
pub(crate) fn parse(item: TokenStream, attribute: &str) -> Result<Function, Errors> {
    let parser = |input: ParseStream<'_>| -> syn::Result<Function> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let vis: Visibility = input.parse()?;
        let is_function = input.fork().parse::<Signature>().is_ok();
        if !is_function {
            let message = format!("`#[{attribute}]` is for functions; put it on a `fn`");
            return Err(input.error(message));
        }
        let sig: Signature = input.parse()?;
        let end: TokenTree = input.parse()?;
        let Some(body) = braces(end.clone()) else {
            let message = format!(
                "`#[{attribute}]` needs a function with a body; put it on the implementation"
            );
            return Err(syn::Error::new_spanned(end, message));
        };
        let (inner, body) = without_attributes(body)?;
        attrs.extend(inner);
        let params = sig.inputs.iter().map(param).collect();
        Ok(Function { attrs, vis, sig, body, params })
    };
    Ok(parser.parse2(item)?)
}

/// A block, also one that `macro_rules!` has put into invisible brackets.
fn braces(token: TokenTree) -> Option<Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut tokens = group.stream().into_iter();
            tokens.next().filter(|_| tokens.next().is_none()).and_then(braces)
        }
        _ => None,
    }
}

/// The attributes that begin a body, as they are written above the function, and the body
/// without them.
fn without_attributes(body: Group) -> syn::Result<(Vec<Attribute>, Group)> {
    let parser = |input: ParseStream<'_>| {
        Ok((input.call(Attribute::parse_inner)?, input.parse::<TokenStream>()?))
    };
    let (mut attrs, statements) = parser.parse2(body.stream())?;
    if attrs.is_empty() {
        return Ok((attrs, body));
    }
    for attr in &mut attrs {
        attr.style = AttrStyle::Outer;
    }
    let mut rest = Group::new(Delimiter::Brace, statements);
    rest.set_span(body.span());
    Ok((attrs, rest))
}

fn param(input: &FnArg) -> Param {
    match input {
        FnArg::Receiver(receiver) => self_param(receiver),
        FnArg::Typed(typed) => {
            let (mut names, mut unreadable) = (Vec::new(), Vec::new());
            bound_names(&typed.pat, &mut names, &mut unreadable);
            // What a pattern binds has a type of its own.
            let is_name = matches!(*typed.pat, Pat::Ident(_));
            Param {
                names,
                unreadable,
                references: if is_name { references(&typed.ty) } else { 0 },
                is_mutable_reference: is_mutable_reference(&typed.ty),
                has_impl: has_impl(&typed.ty),
                origin: Origin::Signature,
            }
        }
    }
}

fn self_param(receiver: &Receiver) -> Param {
    let (references, is_mutable_reference) = match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => (1, mutability.is_some()),
        ReceiverKind::Typed(_, ty) => (references(ty), is_mutable_reference(ty)),
        _ => (0, false),
    };
    let names = vec![Ident::new("self", receiver.self_token.span)];
    Param {
        names,
        unreadable: Vec::new(),
        references,
        is_mutable_reference,
        has_impl: false,
        origin: Origin::Receiver,
    }
}

fn references(ty: &Type) -> usize {
    match ty {
        Type::Reference(reference) => 1 + references(&reference.elem),
        Type::Group(group) => references(&group.elem),
        Type::Paren(paren) => references(&paren.elem),
        _ => 0,
    }
}

fn is_mutable_reference(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => {
            reference.mutability.is_some() || is_mutable_reference(&reference.elem)
        }
        Type::Group(group) => is_mutable_reference(&group.elem),
        Type::Paren(paren) => is_mutable_reference(&paren.elem),
        _ => false,
    }
}

/// Whether `impl Trait` stands anywhere in a type.
pub(crate) fn has_impl(ty: &Type) -> bool {
    fn has_impl_in(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == "impl",
            TokenTree::Group(group) => has_impl_in(group.stream()),
            _ => false,
        })
    }
    has_impl_in(ty.to_token_stream())
}

fn bound_names(pat: &Pat, names: &mut Vec<Ident>, unreadable: &mut Vec<Pat>) {
    let mut each = |pat: &Pat| bound_names(pat, names, unreadable);
    match pat {
        Pat::Ident(bound) => {
            if let Some((_, inner)) = &bound.subpat {
                each(inner);
            }
            names.push(bound.ident.clone());
        }
        Pat::Or(or) => or.cases.iter().take(1).for_each(each),
        Pat::Paren(paren) => each(&paren.pat),
        Pat::Reference(reference) => each(&reference.pat),
        Pat::Slice(slice) => slice.elems.iter().for_each(each),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| each(&field.pat)),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(each),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(each),
        Pat::Type(typed) => each(&typed.pat),
        Pat::Macro(_) | Pat::Verbatim(_) => unreadable.push(pat.clone()),
        _ => {}
    }
}

/// Where generated tokens stand: hygienic, at a place of the user's.
pub(crate) fn at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}
