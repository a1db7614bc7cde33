//! Writes the function anew: the same attributes, visibility and signature, another block.

mod background;
pub(crate) mod body;
mod handle;
pub(crate) mod key;
pub(crate) mod response;
mod rules;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;
use syn::{GenericParam, Signature};

use crate::attribute::Attribute;
use crate::function::{Function, at, plain};
use crate::returned::Naming;
use crate::spec::{Caching, Spec};

pub(crate) fn function(spec: &Spec, function: &Function) -> TokenStream {
    if let Some(handle) = &spec.caching.handle {
        return handle::function(spec, handle, function);
    }
    let Function { attrs, vis, sig, .. } = function;
    let site = site(&spec.caching, function);
    let rt = spec.caching.rt();
    let here = Here {
        site: hygienic!(&__SITE),
        instance: instance(&spec.caching),
        mode: hygienic!(#rt::Mode::Normal),
        again: spec.caching.background.as_ref().map(|wanted| background::again(wanted, function)),
    };
    let call = call(spec, function, &here);
    let block = body::braces(
        function,
        &hygienic!(
            static __SITE: #rt::Site = #site;
            #call
        ),
    );
    hygienic!(#(#attrs)* #vis #sig #block)
}

/// What the statements of a call name.
struct Here {
    site: TokenStream,
    instance: TokenStream,
    mode: TokenStream,
    /// The function that has these statements, for loads in the background.
    again: Option<background::Again>,
}

// Output:
//
//     Site::new("load_user", module_path!()).named("users")
fn site(caching: &Caching, function: &Function) -> TokenStream {
    let Caching { name, version, .. } = caching;
    let rt = caching.rt();
    let function = plain(&function.sig.ident);
    let name = name.as_ref().map(|name| hygienic!(.named(#name)));
    let version = (*version != 0).then(|| hygienic!(.version(#version)));
    hygienic!(#rt::Site::new(#function, ::core::module_path!()) #name #version)
}

// Output:
//
//     { let __policy = || Policy::new().timeout(300u64); Instance::of(&__policy, __policy) }
fn instance(caching: &Caching) -> TokenStream {
    let rt = caching.rt();
    let policy = &caching.policy;
    let new = match caching.home.attribute {
        Attribute::Cached => hygienic!(new),
        Attribute::Response => hygienic!(of_responses),
    };
    hygienic!({
        let __policy = || #rt::Policy::#new() #(#policy)*;
        #rt::Instance::of(&__policy, __policy)
    })
}

// Input: `unless = preview`
//
// Output:
//
//     .unless({ let __condition: bool = preview; __condition })
fn conditions(caching: &Caching) -> TokenStream {
    let Caching { unless, refresh, .. } = caching;
    let given = [("unless", unless), ("refresh", refresh)];
    given
        .iter()
        .filter_map(|(name, condition)| {
            let (name, condition) = (Ident::new(name, Span::mixed_site()), condition.as_ref()?);
            // With a type, what is none is said of the user's expression alone.
            let bound = quote_spanned!(at(condition.span())=>
                let __condition: ::core::primitive::bool = #condition;
            );
            Some(hygienic!(.#name({ #bound __condition })))
        })
        .collect()
}

// Input:
//
//     #[cached(key = "user:{id}", skip(db))]
//     async fn load_user(db: &Db, id: u64) -> Result<User, DbError> { body }
//
// Output, the statements of the new block:
//
//     let __pick = Pick::<Result<User, DbError>>::NEW;
//     let __rules = { use .. as _; rules(&__pick, (&&&&__pick).pick()) };
//     let __mode = Mode::Normal;
//     let __call = match { .. let __key = ..; begin(&__SITE, __instance, __mode, __key, __rules) } {
//         ControlFlow::Break(__hit) => return __hit,
//         ControlFlow::Continue(__call) => __call,
//     };
//     let __body = async move { body };
//     run_async(__call, __body).await
//
// Where the call may bypass the cache, the key is not made before that is known:
//
//     if __mode == Mode::Uncached { bypass(..) } else { .. }
//
// Where entries leave the process, `begin` is `begin_shared`, and a codec is asked for first:
//
//     __codec!();
//
// Where a load may run in the background, `__call` is made as in `background.rs`.
fn call(spec: &Spec, function: &Function, here: &Here) -> TokenStream {
    let Caching { unless, .. } = &spec.caching;
    let Here { site, instance, mode, again } = here;
    let span = at(spec.returned.declared.span());
    let rt = spec.caching.rt_at(span);
    let rules = rules::rules(spec, span);
    let bypass = (unless.is_some() || spec.caching.handle.is_some())
        .then(|| hygienic!(#rt::bypass(#site, __instance, __rules)));
    let conditions = conditions(&spec.caching);
    let underscored = underscored(function);
    let codec = codec(spec);
    let prepare = match (&spec.caching.background, again) {
        (Some(wanted), Some(again)) => {
            background::prepare(spec, function, wanted, again, site, bypass.as_ref())
        }
        _ => prepare(spec, function, site, bypass.as_ref()),
    };
    let begin = quote_spanned!(span=>
        #codec
        #rules
        let __instance = #instance;
        let __mode = #mode #conditions;
        #underscored
        #prepare
    );
    let run = if function.sig.asyncness.is_some() {
        run_async(spec, function, span)
    } else {
        run(spec, function, span)
    };
    hygienic!(#begin #run)
}

/// Statements that bind `__call`, all of whose loads are waited for.
fn prepare(
    spec: &Spec,
    function: &Function,
    site: &TokenStream,
    bypass: Option<&TokenStream>,
) -> TokenStream {
    let span = at(spec.returned.declared.span());
    let rt = spec.caching.rt_at(span);
    let begin =
        Ident::new(if spec.caching.shared.is_some() { "begin_shared" } else { "begin" }, span);
    let key = key::key(&spec.caching, function);
    let bypass = bypass.map(|bypass| hygienic!(if __mode.is_uncached() { #bypass } else));
    let tags = (!spec.caching.tags.templates.is_empty()).then(|| {
        let tags = tags(&spec.caching, &hygienic!(__call));
        hygienic!(let mut __call = __call; #tags)
    });
    quote_spanned!(span=>
        let __call = match #bypass {
            #key
            let __begun = #rt::#begin(#site, __instance, __mode, __key, __rules);
            __begun
        } {
            ::core::ops::ControlFlow::Break(__hit) => return __hit,
            ::core::ops::ControlFlow::Continue(__call) => __call,
        };
        #tags
    )
}

// Input: `tags("user:{id}", "users")`
//
// Output:
//
//     { .. let __key = __text.key(); __call.tag(__key); }
//     { .. let __key = __text.key(); __call.tag(__key); }
fn tags(caching: &Caching, tagged: &TokenStream) -> TokenStream {
    let tags = caching.tags.templates.iter().map(|template| {
        let text = key::text(&|span| caching.rt_at(span), template);
        hygienic!({ #text #tagged.tag(__key); })
    });
    hygienic!(#(#tags)*)
}

/// A compile error at `shared` where the runtime has no codec, and nothing otherwise.
fn codec(spec: &Spec) -> Option<TokenStream> {
    let span = at(spec.caching.shared?);
    let krate = spec.caching.home.krate_at(span);
    Some(quote_spanned!(span=> #krate::__codec!();))
}

/// What generated code needs that uses arguments such as `_id`, which the body may not use.
fn underscored(function: &Function) -> Option<TokenStream> {
    let is_underscored = function.names().any(|(name, _)| plain(name).starts_with('_'));
    is_underscored.then(|| {
        hygienic!(
            #[allow(clippy::used_underscore_binding, reason = "an argument may be in the key alone")]
        )
    })
}

/// `::<T, N>`: the type and const parameters of a function, to name its own instantiation.
fn turbofish(sig: &Signature) -> Option<TokenStream> {
    let names: Vec<&Ident> = sig
        .generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(&param.ident),
            GenericParam::Const(param) => Some(&param.ident),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    (!names.is_empty()).then(|| hygienic!(::<#(#names),*>))
}

/// What functions need that have the user's signature, but not the body that made it what it is.
fn signature_lints(function: &Function) -> TokenStream {
    let underscored = underscored(function);
    let has_lifetimes = function.sig.generics.lifetimes().next().is_some();
    let lifetimes = has_lifetimes.then(|| {
        hygienic!(
            #[allow(
                single_use_lifetimes,
                clippy::elidable_lifetime_names,
                clippy::needless_lifetimes,
                reason = "the body may need them"
            )]
        )
    });
    hygienic!(#underscored #lifetimes)
}

// Output:
//
//     let __body = move || -> R { body };
//     run(__call, __body)
fn run(spec: &Spec, function: &Function, span: Span) -> TokenStream {
    let rt = spec.caching.rt_at(span);
    let closure = body::closure(function, spec.returned.written(), span);
    let check = check_hidden(spec, &hygienic!(of), span);
    quote_spanned!(span=>
        let __body = #closure;
        #check
        #rt::run(__call, __body)
    )
}

fn run_async(spec: &Spec, function: &Function, span: Span) -> TokenStream {
    let rt = spec.caching.rt_at(span);
    let future = body::future(function, spec.returned.written(), span);
    let check = check_hidden(spec, &hygienic!(of_future), span);
    quote_spanned!(span=>
        #[allow(clippy::items_after_statements, reason = "the items of a body come after its type")]
        let __body = #future;
        #check
        #rt::run_async(__call, __body).await
    )
}

/// What `impl Trait` stands for must not be a `Result` or an `Option`.
fn check_hidden(spec: &Spec, of: &TokenStream, span: Span) -> Option<TokenStream> {
    let rt = spec.caching.rt_at(span);
    (spec.returned.naming == Naming::Hidden).then(|| {
        quote_spanned!(span=> {
            #[allow(unused_imports, reason = "needed only where the type is refused")]
            use #rt::RefuseHidden as _;
            (&&#rt::Pick::#of(&__body)).check_hidden();
        })
    })
}

#[cfg(test)]
mod tests;
