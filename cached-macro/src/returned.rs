//! The return type: what may be cached of it, and how it is written where `impl Trait` may not be.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    GenericArgument, Generics, PathArguments, ReturnType, Type, TypeImplTrait, TypeParam,
    TypeParamBound, WherePredicate, parse_quote,
};

use crate::diagnostics::Errors;
use crate::function::{Function, has_impl};

/// A return type that can be cached.
pub(crate) struct Returned {
    /// The type as it was written.
    pub(crate) declared: Type,
    /// The type with `_` for each `impl Trait` in it.
    pub(crate) ty: Type,
    pub(crate) naming: Naming,
    /// Whether it is a type parameter of the function, which may stand for a `Result`.
    pub(crate) is_parameter: bool,
    /// Whether its `Err` may hold what is not `'static`, so that no other call can be given it.
    pub(crate) has_short_error: bool,
}

/// Whether generated code can write the return type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    Named,
    /// `impl Trait` stands inside, as in `Result<impl Trait, E>`.
    Partial,
    /// It is `impl Trait`.
    Hidden,
}

pub(crate) fn check(function: &Function) -> Result<Returned, Errors> {
    let mut errors = Errors::default();
    let sig = &function.sig;
    let ReturnType::Type(_, declared) = &sig.output else {
        errors.at(&sig.ident, "this function returns nothing, so there is nothing to cache; return a value or remove `#[cached]`");
        return Err(errors);
    };
    let declared = ungrouped(declared);
    let is_async_trait =
        sig.generics.lifetimes().any(|lifetime| lifetime.lifetime.ident == "async_trait");
    if is_async_trait {
        errors.at(&sig.ident, "`#[async_trait]` has rewritten this function before `#[cached]` saw it; put `#[cached]` on a function that this method calls");
    } else if let Some(problem) = refusal(declared) {
        errors.at(declared, problem);
    } else if is_borrowed(declared) {
        errors.at(declared, "a borrowed value cannot be cached; return an owned one, such as `String` for `&str` or an `Arc`");
    }
    let naming = match declared {
        Type::ImplTrait(_) => Naming::Hidden,
        _ if has_impl(declared) => Naming::Partial,
        _ => Naming::Named,
    };
    let mut ty = declared.clone();
    replace_impl(&mut ty, &mut |_| parse_quote!(_));
    errors.or(Returned {
        declared: declared.clone(),
        ty,
        naming,
        is_parameter: is_parameter(declared, &sig.generics),
        has_short_error: has_short_error(declared, &sig.generics),
    })
}

fn refusal(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::Never(_) => {
            Some("a function that never returns cannot be cached; remove `#[cached]`")
        }
        Type::Tuple(tuple) if tuple.elems.is_empty() => Some(
            "this function returns nothing, so there is nothing to cache; return a value or remove `#[cached]`",
        ),
        _ if is_future(ty) => {
            Some("a future cannot be cached, only what it gives; write `async fn`")
        }
        _ => None,
    }
}

/// A type without brackets: its own, and the invisible ones of `macro_rules!`.
fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

/// Whether a type gives a value only when it is awaited, as far as its name tells.
pub(crate) fn is_future(ty: &Type) -> bool {
    let names_future = |bound: &TypeParamBound| match bound {
        TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|last| last.ident == "Future")
        }
        _ => false,
    };
    match ungrouped(ty) {
        Type::ImplTrait(hidden) => hidden.bounds.iter().any(names_future),
        Type::TraitObject(object) => object.bounds.iter().any(names_future),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| match &last.arguments {
            _ if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" => true,
            PathArguments::AngleBracketed(args) if last.ident == "Pin" || last.ident == "Box" => {
                args.args
                    .iter()
                    .any(|arg| matches!(arg, GenericArgument::Type(ty) if is_future(ty)))
            }
            _ => false,
        }),
        _ => false,
    }
}

/// Whether a type borrows for less than `'static`. What a function pointer takes is its own affair.
pub(crate) fn is_borrowed(ty: &Type) -> bool {
    // An `Err` is stored only where `err_timeout` asks for it, and then its type is checked.
    if let Some((value, _)) = result(ty) {
        return is_borrowed(value);
    }
    match ungrouped(ty) {
        Type::Reference(reference) => {
            let is_static =
                reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
            !is_static || is_borrowed(&reference.elem)
        }
        Type::Path(path) => path.path.segments.iter().any(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(args) => args.args.iter().any(|arg| match arg {
                GenericArgument::Lifetime(lifetime) => lifetime.ident != "static",
                GenericArgument::Type(ty) => is_borrowed(ty),
                _ => false,
            }),
            _ => false,
        }),
        Type::Tuple(tuple) => tuple.elems.iter().any(is_borrowed),
        Type::Array(array) => is_borrowed(&array.elem),
        Type::Slice(slice) => is_borrowed(&slice.elem),
        Type::ImplTrait(hidden) => hidden.bounds.iter().any(borrows),
        Type::TraitObject(object) => object.bounds.iter().any(borrows),
        _ => false,
    }
}

fn borrows(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident != "static")
}

/// Whether a reference stands in a type.
pub(crate) fn has_reference(ty: &Type) -> bool {
    match ungrouped(ty) {
        Type::Reference(_) => true,
        Type::Path(path) => path.path.segments.iter().any(|segment| match &segment.arguments {
            PathArguments::AngleBracketed(args) => args
                .args
                .iter()
                .any(|arg| matches!(arg, GenericArgument::Type(ty) if has_reference(ty))),
            _ => false,
        }),
        Type::Tuple(tuple) => tuple.elems.iter().any(has_reference),
        Type::Array(array) => has_reference(&array.elem),
        _ => false,
    }
}

/// Writes another type for each `impl Trait`.
pub(crate) fn replace_impl(ty: &mut Type, with: &mut dyn FnMut(&TypeImplTrait) -> Type) {
    match ty {
        Type::ImplTrait(hidden) => *ty = with(hidden),
        Type::Path(path) => {
            for segment in &mut path.path.segments {
                if let PathArguments::AngleBracketed(args) = &mut segment.arguments {
                    for arg in &mut args.args {
                        if let GenericArgument::Type(ty) = arg {
                            replace_impl(ty, with);
                        }
                    }
                }
            }
        }
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(|ty| replace_impl(ty, with)),
        Type::Array(array) => replace_impl(&mut array.elem, with),
        Type::Paren(paren) => replace_impl(&mut paren.elem, with),
        Type::Group(group) => replace_impl(&mut group.elem, with),
        _ => {}
    }
}

/// Whether a type is `T`, `T::Name` or `<T as Trait>::Name` of a type parameter `T`.
fn is_parameter(ty: &Type, generics: &Generics) -> bool {
    let Type::Path(path) = ungrouped(ty) else { return false };
    if let Some(qself) = &path.qself {
        return is_parameter(&qself.ty, generics);
    }
    let Some(first) = path.path.segments.first() else { return false };
    generics.type_params().any(|param| param.ident == first.ident)
}

/// `T` and `E` of what is written as `Result<T, E>`.
pub(crate) fn result(ty: &Type) -> Option<(&Type, &Type)> {
    let Type::Path(path) = ungrouped(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
    let PathArguments::AngleBracketed(args) = &last.arguments else { return None };
    let mut types = args.args.iter().filter_map(|arg| match arg {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.next().zip(types.next())
}

/// Whether `E` of `Result<T, E>` borrows, or mentions a type parameter that may.
fn has_short_error(ty: &Type, generics: &Generics) -> bool {
    let Some((_, error)) = result(ty) else { return false };
    let is_short = |name: &Ident| {
        generics.type_params().any(|param| param.ident == *name && !is_static(param, generics))
    };
    is_borrowed(error) || mentions(error.to_token_stream(), &is_short)
}

fn mentions(tokens: TokenStream, is_meant: &dyn Fn(&Ident) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => is_meant(&ident),
        TokenTree::Group(group) => mentions(group.stream(), is_meant),
        _ => false,
    })
}

/// Whether a type parameter is declared to be `'static`.
fn is_static(param: &TypeParam, generics: &Generics) -> bool {
    let clauses = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let bounds = clauses.filter_map(|predicate| match predicate {
        WherePredicate::Type(bounded) => match ungrouped(&bounded.bounded_ty) {
            Type::Path(path) if path.path.is_ident(&param.ident) => Some(&bounded.bounds),
            _ => None,
        },
        _ => None,
    });
    let is_static = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static");
    bounds.chain([&param.bounds]).flatten().any(is_static)
}

impl Returned {
    /// The type as a closure or a `let` may be annotated with it.
    pub(crate) fn written(&self) -> Option<&Type> {
        (self.naming != Naming::Hidden).then_some(&self.ty)
    }
}

/// The same for a function whose return type need not be one that can be cached.
pub(crate) fn written(output: &ReturnType) -> Option<Type> {
    match output {
        ReturnType::Default => Some(parse_quote!(())),
        ReturnType::Type(_, ty) if matches!(ungrouped(ty), Type::ImplTrait(_) | Type::Never(_)) => {
            None
        }
        // A macro may stand for `impl Trait`.
        ReturnType::Type(_, ty) if matches!(ungrouped(ty), Type::Macro(_)) => None,
        ReturnType::Type(_, ty) => {
            let mut ty = ungrouped(ty).clone();
            replace_impl(&mut ty, &mut |_| parse_quote!(_));
            Some(ty)
        }
    }
}
