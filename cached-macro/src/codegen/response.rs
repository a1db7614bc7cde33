//! A handler whose responses are cached: one item of its name, since what stands beside it is out
//! of reach where a framework puts it into another. Only a `handle` of its own is beside it.

mod early;
mod lifetime;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, FnArg, Pat, PatType, ReturnType, Signature, parse_quote, parse_quote_spanned};

use super::handle::beside::{self, Beside};
use super::key::{self, Amid};
use super::{background, body, conditions, instance, site, tags, underscored};
use crate::args;
use crate::attribute::Attribute;
use crate::diagnostics::Errors;
use crate::framework::{Early, Framework};
use crate::function::{Function, Origin, at};
use crate::returned;
use crate::spec::Key;
use crate::spec::response::{self, REQUEST, Request, Spec, added};
use crate::template::names_in;

pub(crate) fn expand(
    framework: &'static Framework,
    args: TokenStream,
    mut function: Function,
) -> Result<TokenStream, Errors> {
    let mut errors = Errors::default();
    let args = args::parse(args, Attribute::Response, &mut errors);
    function.imply(Ident::new(REQUEST, Span::call_site()));
    let spec = response::check(args, framework, &function, errors)?;
    // What waits for a load is a task, whatever runs it.
    function.sig.asyncness.get_or_insert_default();
    Ok(write(&spec, &function))
}

/// How many arguments a function may have, by default, before clippy warns.
const MOST_ARGUMENTS: usize = 7;

// Input:
//
//     #[cached_response(timeout = 60, tags("items"), per = user.id)]
//     async fn list(Query(page): Query<Page>, user: User) -> Html<String> { body }
//
// Output:
//
//     async fn list(
//         __cached_request: axum::__private::Added,
//         Query(page): Query<Page>,
//         user: User,
//     ) -> axum::Response {
//         static __SITE: Site = ..;
//         static __RULES: Rules = Rules::new().per_identity();
//         let __instance = ..;
//         let __visit = axum::__private::visit(&__RULES, &__cached_request);
//         let __way = axum::__private::way(&__cached_request);
//         let __mode = Mode::Normal;
//         let __begun = {
//             let mut __text = TextBuffer::new();
//             __visit.write_key(&mut __text);
//             __text.literal("@");
//             Spelled(&user.id).checked().write(&mut __text);
//             let __key = __text.key();
//             let __begun = begin(&__SITE, __instance, __mode, __visit, __key)
//                 .tagged(|__tagged| { .. __tagged.tag(__key); });
//             __begun
//         };
//         let __body = async move { body };
//         axum::__private::respond(__begun, __way, __body).await
//     }
fn write(spec: &Spec, function: &Function) -> TokenStream {
    let caching = &spec.caching;
    let beside = caching.handle.as_ref().map(|handle| beside::beside(caching, handle, function));
    let site_item = beside.is_none().then(|| {
        let rt = caching.rt();
        let site = site(caching, function);
        hygienic!(static __SITE: #rt::Site = #site;)
    });
    let Beside { item, site, instance } = beside.unwrap_or_else(|| Beside {
        item: TokenStream::new(),
        site: hygienic!(&__SITE),
        instance: instance(caching),
    });
    let rules = rules(spec);
    let begin = begin(spec, function, &site, &instance);
    let refresh = refresh(spec, function);
    let respond = respond(spec, function);
    // What a return type lacks is said where it stands, and once.
    let response = quote_spanned!(returned_at(function)=> { #begin #refresh #respond }.await);
    let block = body::braces(function, &hygienic!(#site_item #rules #response));
    let Function { attrs, vis, .. } = function;
    // As many as clippy allows, and one more.
    let is_one_too_many =
        matches!(spec.request, Request::Added) && function.sig.inputs.len() == MOST_ARGUMENTS;
    let allowed = is_one_too_many.then(|| {
        hygienic!(#[allow(clippy::too_many_arguments, reason = "one more than the handler has")])
    });
    let attrs = hygienic!(#allowed #(#attrs)*);
    let sig = signature(spec, function);
    let handler = match spec.early {
        Early::Wrapper => early::around(spec, function, &hygienic!(#attrs #sig #block)),
        Early::Extractor | Early::Handler | Early::Never => hygienic!(#attrs #vis #sig #block),
    };
    hygienic!(#handler #item)
}

/// The user's signature, with the request in it, and the framework's response.
fn signature(spec: &Spec, function: &Function) -> Signature {
    let Function { sig, body, .. } = function;
    let framework = spec.framework;
    // Attributes below ours write names of their own at the places of types, as if a user had.
    let span = Span::call_site().located_at(match &sig.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => body.span_open(),
    });
    let krate = spec.caching.home.krate_at(span);
    let module = Ident::new(framework.module, span);
    let name = added();
    let mut sig = sig.clone();
    let lifetime = framework.is_borrowed().then(|| lifetime::tie(&mut sig, framework.borrowing));
    let lifetime = lifetime.map(|lifetime| quote_spanned!(span=> <#lifetime>));
    let module = quote_spanned!(span=> #krate::#module);
    sig.output = parse_quote_spanned!(span=> -> #module::Response #lifetime);
    match spec.request {
        Request::Added => {
            let ty = match spec.early {
                Early::Extractor => early::numbered(&krate, &module, span),
                Early::Wrapper | Early::Handler | Early::Never => {
                    quote_spanned!(span=> #module::__private::Added #lifetime)
                }
            };
            let request: FnArg = parse_quote_spanned!(span=> #name: #ty);
            sig.inputs.insert(0, request);
        }
        Request::Taken(idx) => {
            if let Some(FnArg::Typed(PatType { pat, .. })) = sig.inputs.get_mut(idx)
                && matches!(**pat, Pat::Wild(_))
            {
                **pat = parse_quote!(#name);
            }
        }
    }
    sig
}

/// A reference to what the cache knows of the request.
fn request(spec: &Spec, function: &Function) -> TokenStream {
    let taken = match spec.request {
        Request::Added => None,
        Request::Taken(idx) => function.params.get(idx),
    };
    let Some((param, name)) = taken.and_then(|param| Some((param, param.names.first()?))) else {
        let name = added();
        return hygienic!(&#name);
    };
    let stars = (0..param.references).map(|_| hygienic!(*));
    hygienic!(&#(#stars)* #name)
}

// Output:
//
//     static __RULES: Rules = Rules::new().host(false);
fn rules(spec: &Spec) -> TokenStream {
    let krate = spec.caching.home.krate_at(Span::mixed_site());
    let rules = &spec.rules;
    hygienic!(static __RULES: #krate::__private::Rules = #krate::__private::Rules::new() #(#rules)*;)
}

/// Statements that bind `__begun`: the key is made, and memory asked.
fn begin(
    spec: &Spec,
    function: &Function,
    site: &TokenStream,
    instance: &TokenStream,
) -> TokenStream {
    let caching = &spec.caching;
    let krate = caching.home.krate_at(Span::mixed_site());
    let rt = caching.rt();
    let module = Ident::new(spec.framework.module, Span::mixed_site());
    let request = request(spec, function);
    let conditions = conditions(caching);
    let mode = named(spec, function, &hygienic!(#rt::Mode::Normal #conditions));
    let key = key::key_amid(caching, function, &amid(spec));
    let tagged = (!caching.tags.templates.is_empty()).then(|| {
        let tags = tags(caching, &hygienic!(__tagged));
        hygienic!(.tagged(|__tagged| { #tags }))
    });
    let begin_with = |key: TokenStream| hygienic!(#krate::__private::begin(#site, __instance, __mode, __visit, #key));
    // A call that bypasses the cache makes no key.
    let bypass = caching.unless.is_some().then(|| {
        let begin = begin_with(hygienic!(::core::option::Option::None));
        hygienic!(if __mode.is_uncached() { #begin } else)
    });
    let begin = begin_with(hygienic!(__key));
    let asked = named(spec, function, &hygienic!(#key let __begun = #begin #tagged; __begun));
    let closures = closures(spec);
    let underscored = underscored(function);
    let early = early::early(spec, function, site);
    hygienic!(
        let __instance = #instance;
        #early
        let __visit = #krate::#module::__private::visit(&__RULES, #request);
        let __way = #krate::#module::__private::way(#request);
        #underscored
        let __mode = #mode;
        #underscored
        let __begun = #bypass #asked;
        #closures
    )
}

// Output:
//
//     { fn request() {} let request: &salvo::RequestInfo = &__cached_request; statements }
//
// Without these where the statements do not name it. The function hides a handler of that name: what
// the framework has made of it is a unit struct, which would make a pattern of the `let`.
fn named(spec: &Spec, function: &Function, statements: &TokenStream) -> TokenStream {
    let implied = function.params.iter().find(|param| param.origin == Origin::Implied);
    let implied = implied.and_then(|param| param.names.first()).filter(|implied| {
        names_in(statements.clone(), function).iter().any(|name| name == implied)
    });
    let request = implied.map(|name| {
        let request = request(spec, function);
        let krate = spec.caching.home.krate_at(Span::mixed_site());
        let module = Ident::new(spec.framework.module, Span::mixed_site());
        let lifetime = spec.framework.is_borrowed().then(|| hygienic!(<'_>));
        hygienic!(
            #[allow(dead_code, reason = "it only hides what else may have this name")]
            fn #name() {}
            #[allow(unused_variables, reason = "a closure may have an argument of this name")]
            let #name: &#krate::#module::RequestInfo #lifetime = #request;
        )
    });
    hygienic!({ #request #statements })
}

/// What is written around the user's key: the host before it, and who asks after it.
fn amid(spec: &Spec) -> Amid {
    let rt = spec.caching.rt();
    let write = match spec.caching.key {
        Key::Request => hygienic!(write_key),
        _ => hygienic!(write_scope),
    };
    let after = spec.per.as_ref().map(|per| {
        let refusal = spec.caching.refusal();
        let span = at(per.span());
        let spelled = spec.caching.rt_at(span);
        let identity = borrowed(per);
        let write =
            quote_spanned!(span=> #spelled::Spelled(&#identity).checked().write(&mut __text););
        hygienic!(
            __text.literal("@");
            {
                #[allow(unused_imports, reason = "needed only where an identity is refused")]
                use #rt::#refusal as _;
                #write
            }
        )
    });
    Amid { before: hygienic!(__visit.#write(&mut __text);), after: after.into_token_stream() }
}

/// An identity whose parts are borrowed where they stand, as an owned argument would move into it.
fn borrowed(identity: &Expr) -> TokenStream {
    match identity {
        Expr::Tuple(tuple) => {
            let parts = tuple.elems.iter().map(|part| {
                let borrow = key::is_place(part).then(|| hygienic!(&));
                let part = borrowed(part);
                hygienic!(#borrow #part)
            });
            hygienic!((#(#parts,)*))
        }
        other => hygienic!((#other)),
    }
}

// Output:
//
//     let __begun = __begun.store_if(|response| ..).timeout_of(|response| ..);
fn closures(spec: &Spec) -> Option<TokenStream> {
    let caching = &spec.caching;
    let closures = [
        ("store_if", &caching.store_if),
        ("timeout_of", &caching.timeout_of),
        ("tags_of", &caching.tags.closure),
        ("stale_if", &caching.stale_if),
    ];
    let calls: Vec<_> = closures
        .iter()
        .filter_map(|(name, closure)| {
            let closure = closure.as_ref()?;
            let span = at(closure.span());
            let name = Ident::new(name, span);
            Some(quote_spanned!(span=> .#name(#closure)))
        })
        .collect();
    (!calls.is_empty()).then(|| hygienic!(let __begun = __begun #(#calls)*;))
}

// Output, where loads may begin that nobody waits for:
//
//     let (__refresh, __begun) = __begun.look().await.split();
//     if let Some(__refresh) = __refresh {
//         let __kept0 = Keep(&__cached_request).checked();
//         __refresh.start_async(move || async move { let _ = list(__kept0).await; });
//     }
fn refresh(spec: &Spec, function: &Function) -> Option<TokenStream> {
    let wanted = spec.caching.background.as_ref()?;
    let again = background::again(wanted, function);
    let start = background::start(&spec.caching, function, wanted, &again);
    Some(hygienic!(
        let __begun = __begun.look().await;
        let (__refresh, __begun) = __begun.split();
        if let ::core::option::Option::Some(__refresh) = __refresh {
            #start
        }
    ))
}

// Output:
//
//     let __body = async move { body };
//     axum::__private::respond(__begun, __way, __body).await
fn respond(spec: &Spec, function: &Function) -> TokenStream {
    let ty = returned::written(&function.sig.output);
    let span = returned_at(function);
    let krate = spec.caching.home.krate_at(span);
    let module = Ident::new(spec.framework.module, span);
    let future = body::declared(function, body::future(function, ty.as_ref(), span), span);
    quote_spanned!(span=>
        #[allow(clippy::items_after_statements, reason = "the items of a body come after its type")]
        let __body = #future;
        #krate::#module::__private::respond(__begun, __way, __body)
    )
}

/// Where it says what the handler returns.
fn returned_at(function: &Function) -> Span {
    match &function.sig.output {
        ReturnType::Type(_, ty) => at(ty.span()),
        ReturnType::Default => at(function.body.span_close()),
    }
}

#[cfg(test)]
mod tests;
