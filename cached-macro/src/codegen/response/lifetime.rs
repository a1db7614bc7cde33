//! One lifetime for what a handler is given and what it answers with, where both borrow from the
//! request. Left out, lifetimes of parameters would have nothing to do with that of the response.

use proc_macro2::Span;
use syn::{FnArg, GenericArgument, Lifetime, PathArguments, Signature, Type, parse_quote};

/// Writes the lifetime of the request wherever a parameter has one that is left out.
///
/// It is the first that the handler declares, or is declared here. What has a lifetime without a sign
/// of it is told by its name.
pub(super) fn tie(sig: &mut Signature, borrowing: &[&str]) -> Lifetime {
    let declared = sig.generics.lifetimes().next().map(|param| param.lifetime.clone());
    let lifetime = declared.unwrap_or_else(|| {
        let lifetime = Lifetime::new("'__cached", Span::mixed_site());
        sig.generics.params.insert(0, parse_quote!(#lifetime));
        lifetime
    });
    for input in &mut sig.inputs {
        if let FnArg::Typed(typed) = input {
            write(&mut typed.ty, &lifetime, borrowing);
        }
    }
    lifetime
}

fn write(ty: &mut Type, lifetime: &Lifetime, borrowing: &[&str]) {
    match ty {
        Type::Reference(reference) => {
            let written = reference.lifetime.get_or_insert_with(|| lifetime.clone());
            if written.ident == "_" {
                *written = lifetime.clone();
            }
            write(&mut reference.elem, lifetime, borrowing);
        }
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                if let PathArguments::AngleBracketed(args) = &mut segment.arguments {
                    args.args.iter_mut().for_each(|arg| match arg {
                        GenericArgument::Lifetime(written) if written.ident == "_" => {
                            *written = lifetime.clone();
                        }
                        GenericArgument::Type(ty) => write(ty, lifetime, borrowing),
                        _ => {}
                    });
                }
            }
            if let Some(last) = path.path.segments.last_mut()
                && last.arguments.is_none()
                && borrowing.iter().any(|name| last.ident == name)
            {
                last.arguments = PathArguments::AngleBracketed(parse_quote!(<#lifetime>));
            }
        }
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(|ty| write(ty, lifetime, borrowing)),
        Type::Array(array) => write(&mut array.elem, lifetime, borrowing),
        Type::Slice(slice) => write(&mut slice.elem, lifetime, borrowing),
        Type::Group(group) => write(&mut group.elem, lifetime, borrowing),
        Type::Paren(paren) => write(&mut paren.elem, lifetime, borrowing),
        _ => {}
    }
}
