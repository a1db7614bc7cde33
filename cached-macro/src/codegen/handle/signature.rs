//! The user's signature and attributes, as the functions beside the user's need them.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::spanned::Spanned as _;
use syn::{Attribute, FnArg, Meta, Pat, PatIdent, Signature};

/// The signature with a name for every argument, so that it can be handed on.
pub(super) fn forwarded(sig: &Signature) -> Signature {
    let mut forwarded = sig.clone();
    for (idx, input) in forwarded.inputs.iter_mut().enumerate() {
        let FnArg::Typed(typed) = input else {
            *input = without_mut(input.clone());
            continue;
        };
        let name = match &*typed.pat {
            Pat::Ident(PatIdent { subpat: None, ident, .. }) => ident.clone(),
            _ => format_ident!("__argument{idx}", span = Span::mixed_site()),
        };
        *typed.pat = syn::parse_quote!(#name);
    }
    forwarded
}

/// What only names a key changes none of its arguments.
pub(super) fn without_mut(mut input: FnArg) -> FnArg {
    match &mut input {
        FnArg::Receiver(receiver) => receiver.mutability = None,
        FnArg::Typed(typed) => strip_mut(&mut typed.pat),
    }
    input
}

fn strip_mut(pat: &mut Pat) {
    match pat {
        Pat::Ident(name) => {
            if name.by_ref.is_none() {
                name.mutability = None;
            }
            if let Some((_, inner)) = &mut name.subpat {
                strip_mut(inner);
            }
        }
        Pat::Or(or) => or.cases.iter_mut().for_each(strip_mut),
        Pat::Paren(paren) => strip_mut(&mut paren.pat),
        Pat::Reference(reference) => strip_mut(&mut reference.pat),
        Pat::Slice(slice) => slice.elems.iter_mut().for_each(strip_mut),
        Pat::Struct(fields) => {
            fields.fields.iter_mut().for_each(|field| strip_mut(&mut field.pat));
        }
        Pat::Tuple(tuple) => tuple.elems.iter_mut().for_each(strip_mut),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().for_each(strip_mut),
        _ => {}
    }
}

/// What the user says of lints, for every function that has the user's signature or body.
pub(super) fn lints(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| is_lint(attr)).map(unexpected).collect()
}

/// `allow` for `expect`: of several functions, some would not have what is expected of the others.
pub(super) fn unexpected(attr: &Attribute) -> Attribute {
    let mut attr = attr.clone();
    if let Meta::List(list) = &mut attr.meta
        && list.path.is_ident("expect")
    {
        list.path = Ident::new("allow", list.path.span()).into();
    }
    attr
}

fn is_lint(attr: &Attribute) -> bool {
    ["allow", "expect", "warn", "deny", "forbid"].iter().any(|level| attr.path().is_ident(level))
}
