//! Writes the function anew: the same attributes, visibility and signature, another block.

pub(crate) mod body;
mod handle;
mod key;
mod rules;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::function::{Function, at};
use crate::returned::Naming;
use crate::spec::Spec;

pub(crate) fn function(spec: &Spec, function: &Function) -> TokenStream {
    if let Some(handle) = &spec.handle {
        return handle::function(spec, handle, function);
    }
    let Function { attrs, vis, sig, body, .. } = function;
    let site = site(spec);
    let krate = &spec.krate;
    let marker = hygienic!(#krate::__private::Instance::of(&|| ()));
    let mode = hygienic!(#krate::__private::Mode::Normal);
    let call = call(spec, function, &hygienic!(&__SITE), &marker, &mode);
    let span = at(body.span_close());
    let block = quote_spanned!(span=> {
        static __SITE: #krate::__private::Site = #site;
        #call
    });
    hygienic!(#(#attrs)* #vis #sig #block)
}

// Output:
//
//     Site::new(|| Policy::new().timeout(300u64))
fn site(spec: &Spec) -> TokenStream {
    let Spec { krate, policy, name, version, .. } = spec;
    let policy = hygienic!(|| #krate::__private::Policy::new() #(#policy)*);
    let site = match name {
        Some(name) => hygienic!(#krate::__private::Site::named(#name, #policy)),
        None => hygienic!(#krate::__private::Site::new(#policy)),
    };
    if *version == 0 { site } else { hygienic!(#site.version(#version)) }
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
//     let __begun = { .. let __key = ..; begin(&__SITE, __instance, __mode, __key, __rules) };
//     let __call = match __begun {
//         ControlFlow::Break(__hit) => return __hit,
//         ControlFlow::Continue(__call) => __call,
//     };
//     let __body = pin!(async move { body });
//     run_async(__call, __body).await
fn call(
    spec: &Spec,
    function: &Function,
    site: &TokenStream,
    instance: &TokenStream,
    mode: &TokenStream,
) -> TokenStream {
    let Spec { krate, unless, refresh, .. } = spec;
    let span = at(function.body.span_close());
    let rules = rules::rules(spec, span);
    let key = key::key(spec, function);
    let unless = unless.as_ref().map(|condition| hygienic!(.unless(#condition)));
    let refresh = refresh.as_ref().map(|condition| hygienic!(.refresh(#condition)));
    let begin = quote_spanned!(span=>
        #rules
        let __instance = #instance;
        let __mode = #mode #unless #refresh;
        let __begun = {
            #key
            let __begun = #krate::__private::begin(#site, __instance, __mode, __key, __rules);
            __begun
        };
        let __call = match __begun {
            #krate::__private::ControlFlow::Break(__hit) => return __hit,
            #krate::__private::ControlFlow::Continue(__call) => __call,
        };
    );
    let run = if function.sig.asyncness.is_some() {
        run_async(spec, function, span)
    } else {
        run(spec, function, span)
    };
    hygienic!(#begin #run)
}

// Output:
//
//     let __body = || -> R { body };
//     run(__call, __body)
fn run(spec: &Spec, function: &Function, span: Span) -> TokenStream {
    let krate = &spec.krate;
    let closure = body::closure(function, spec.returned.written(), span);
    let check = check_hidden(spec, &hygienic!(of), span);
    quote_spanned!(span=>
        let __body = #closure;
        #check
        #krate::__private::run(__call, __body)
    )
}

fn run_async(spec: &Spec, function: &Function, span: Span) -> TokenStream {
    let krate = &spec.krate;
    let future = body::future(function, spec.returned.written(), span);
    let check = check_hidden(spec, &hygienic!(of_future), span);
    quote_spanned!(span=>
        let __body = #future;
        #check
        let __body = ::core::pin::pin!(__body);
        #krate::__private::run_async(__call, __body).await
    )
}

/// What `impl Trait` stands for must not be a `Result` or an `Option`.
fn check_hidden(spec: &Spec, of: &TokenStream, span: Span) -> Option<TokenStream> {
    let krate = &spec.krate;
    let returned = at(syn::spanned::Spanned::span(&spec.returned.ty).resolved_at(span));
    (spec.returned.naming == Naming::Hidden).then(|| {
        quote_spanned!(returned=> {
            #[allow(unused_imports, reason = "needed only where the type is refused")]
            use #krate::__private::RefuseHidden as _;
            (&&#krate::__private::Pick::#of(&__body)).check_hidden();
        })
    })
}
