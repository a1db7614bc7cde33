//! What `handle` adds: an item of the function's name, or associated functions beside a method.
//!
//! The body moves into a function of its own there, which the user's function calls, so that
//! `uncached` and `fresh` can call it as well. It keeps its span.

pub(super) mod beside;
mod signature;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::{FnArg, Signature};

use super::{Here, background, body, call, key, rules, signature_lints, site, turbofish};
use crate::function::{Function, at};
use crate::spec::{Caching, Handle, Spec, is_named};

/// The functions beside a cached function, by their names.
struct Siblings {
    /// `load_user` or `Self`.
    owner: TokenStream,
    cache: Ident,
    entry: Ident,
    uncached: Ident,
    fresh: Ident,
    site: Ident,
    instance: Ident,
    call: Ident,
}

// Input:
//
//     #[cached(handle)]
//     fn load(id: u64) -> User { body }
//
// Output:
//
//     fn load(id: u64) -> User { load::__call(Mode::Normal, id) }
//     enum load {}
//     impl load {
//         fn cache() -> Handle { .. }
//         fn entry(id: u64) -> Entry<User> { .. }
//         fn uncached(id: u64) -> User { load::__call(Mode::Uncached, id) }
//         fn fresh(id: u64) -> User { load::__call(Mode::Fresh, id) }
//         fn __site() -> &'static Site { .. }
//         fn __instance() -> Instance { .. }
//         fn __call(__mode: Mode, id: u64) -> User { statements of `call` }
//     }
pub(super) fn function(spec: &Spec, handle: &Handle, function: &Function) -> TokenStream {
    let Function { attrs, vis, sig, .. } = function;
    let siblings = Siblings::new(handle, sig);
    let forwarded = signature::forwarded(sig);
    let block = forward(spec, function, &siblings, &forwarded, &format_ident!("Normal"));
    let outer: Vec<_> = attrs.iter().map(signature::unexpected).collect();
    let functions = siblings.functions(spec, function, &forwarded);
    let block = body::braces(function, &block);
    let signature_lints = signature_lints(function);
    let wrapper = hygienic!(
        #signature_lints
        #[allow(dead_code, reason = "it may be used through its handle alone")]
        #(#outer)*
        #vis #forwarded #block
    );
    let functions = item(handle, function, functions);
    hygienic!(#wrapper #functions)
}

// Output:
//
//     enum load {}
//     impl load { functions }
fn item(handle: &Handle, function: &Function, functions: Vec<TokenStream>) -> TokenStream {
    let Function { attrs, vis, sig, .. } = function;
    let conditions: Vec<_> = attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    match handle {
        Handle::Impl(_) => {
            let functions =
                functions.into_iter().map(|function| hygienic!(#(#conditions)* #function));
            hygienic!(#(#functions)*)
        }
        Handle::Item(name, asked) => {
            let doc = format!("The cache of [`{}`](fn@{}).", sig.ident, sig.ident);
            // Where no item may stand, as in an `impl`, that is said of `handle`.
            let functions = quote_spanned!(at(*asked)=> impl #name { #(#functions)* });
            let item = quote_spanned!(at(*asked)=> enum #name {});
            hygienic!(
                #(#conditions)*
                #[doc = #doc]
                #[allow(non_camel_case_types, dead_code, reason = "named after the function, for whoever needs it")]
                #vis #item
                #(#conditions)*
                #[allow(dead_code, reason = "not every program needs all of them")]
                #functions
            )
        }
    }
}

impl Siblings {
    fn new(handle: &Handle, sig: &Signature) -> Self {
        let name = &sig.ident;
        let span = name.span();
        let named = |owner: TokenStream,
                     public: &dyn Fn(&str) -> Ident,
                     hidden: &dyn Fn(&str) -> Ident| Self {
            owner,
            cache: public("cache"),
            entry: public("entry"),
            uncached: public("uncached"),
            fresh: public("fresh"),
            site: hidden("site"),
            instance: hidden("instance"),
            call: hidden("call"),
        };
        match handle {
            Handle::Item(item, _) => {
                named(hygienic!(#item), &|suffix| Ident::new(suffix, span), &|suffix| {
                    format_ident!("__{suffix}", span = span)
                })
            }
            Handle::Impl(_) => named(
                hygienic!(Self),
                &|suffix| format_ident!("{name}_{suffix}", span = span),
                &|suffix| format_ident!("__{name}_{suffix}", span = span),
            ),
        }
    }

    fn functions(
        &self,
        spec: &Spec,
        function: &Function,
        forwarded: &Signature,
    ) -> Vec<TokenStream> {
        let Self { uncached, fresh, .. } = self;
        let name = &function.sig.ident;
        let doc = format!("Runs `{name}` without its cache: nothing is read and nothing stored.");
        let uncached = self.bypass(spec, function, forwarded, uncached, "Uncached", &doc);
        let doc =
            format!("Runs `{name}` whether or not an entry is fresh, and stores what it returns.");
        let fresh = self.bypass(spec, function, forwarded, fresh, "Fresh", &doc);
        vec![
            self.cache(&spec.caching, function),
            self.entry(spec, function),
            uncached,
            fresh,
            self.site(&spec.caching, function),
            self.instance(&spec.caching, function),
            self.inner(spec, function),
        ]
    }

    // Output:
    //
    //     fn __site() -> &'static Site { static __SITE: Site = ..; &__SITE }
    fn site(&self, caching: &Caching, function: &Function) -> TokenStream {
        let rt = caching.rt();
        let name = &self.site;
        let site = site(caching, function);
        hygienic!(
            fn #name() -> &'static #rt::Site {
                static __SITE: #rt::Site = #site;
                &__SITE
            }
        )
    }

    // Output:
    //
    //     fn __instance<T>() -> Instance { .. }
    fn instance(&self, caching: &Caching, function: &Function) -> TokenStream {
        let rt = caching.rt();
        let name = &self.instance;
        let (generics, _, bounds) = function.sig.generics.split_for_impl();
        let identity = super::instance(caching);
        hygienic!(
            #[allow(
                single_use_lifetimes,
                clippy::extra_unused_lifetimes,
                clippy::extra_unused_type_parameters,
                reason = "they are what it is about"
            )]
            fn #name #generics() -> #rt::Instance #bounds {
                #identity
            }
        )
    }

    // Output:
    //
    //     fn cache() -> Handle { Handle::new(load::__site()) }
    //
    // Where entries leave the process; `None` for a function that has several instantiations:
    //
    //     fn cache() -> SharedHandle {
    //         SharedHandle::new_shared(load::__site(), Some(load::__instance()))
    //     }
    fn cache(&self, caching: &Caching, function: &Function) -> TokenStream {
        let Function { vis, sig, .. } = function;
        let Self { owner, cache, site, instance, .. } = self;
        let rt = caching.rt();
        let doc = format!("Returns the cache of `{}`.", sig.ident);
        let (ty, new) = if caching.shared.is_none() {
            (hygienic!(#rt::Handle), hygienic!(#rt::Handle::new(#owner::#site())))
        } else {
            let only = match turbofish(sig) {
                Some(_) => hygienic!(::core::option::Option::None),
                None => hygienic!(::core::option::Option::Some(#owner::#instance())),
            };
            let ty = hygienic!(#rt::SharedHandle);
            let new = hygienic!(#ty::new_shared(#owner::#site(), #only));
            (ty, new)
        };
        hygienic!(
            #[doc = #doc]
            #vis fn #cache() -> #ty {
                #new
            }
        )
    }

    /// `uncached` or `fresh`.
    fn bypass(
        &self,
        spec: &Spec,
        function: &Function,
        forwarded: &Signature,
        name: &Ident,
        mode: &str,
        doc: &str,
    ) -> TokenStream {
        let Function { attrs, vis, .. } = function;
        let lints = signature::lints(attrs);
        let block = forward(spec, function, self, forwarded, &format_ident!("{mode}"));
        let mut sig = forwarded.clone();
        sig.ident = name.clone();
        let signature_lints = signature_lints(function);
        hygienic!(
            #[doc = #doc]
            #(#lints)*
            #signature_lints
            #vis #sig { #block }
        )
    }

    // Output:
    //
    //     fn entry(id: u64) -> Entry<User> {
    //         let __instance = load::__instance();
    //         let __key = ..;
    //         Entry::new(load::__site(), __instance, __key, __rules)
    //     }
    //
    // It is a `SharedEntry` where entries leave the process.
    fn entry(&self, spec: &Spec, function: &Function) -> TokenStream {
        let Function { attrs, vis, sig, body, .. } = function;
        let lints = signature::lints(attrs);
        let Self { owner, entry, site, instance, .. } = self;
        let rt = spec.caching.rt();
        let mut signature = sig.clone();
        signature.ident = entry.clone();
        signature.asyncness = None;
        signature.abi = None;
        signature.safety = syn::Safety::Default;
        signature.inputs = sig
            .inputs
            .iter()
            .zip(&function.params)
            .filter(|(_, param)| !spec.caching.is_param_skipped(param))
            .map(|(input, _)| signature::without_mut(input.clone()))
            .collect();
        let span = at(body.span_close());
        let key = key::key(&spec.caching, function);
        let turbofish = turbofish(sig);
        let doc = format!("Names the entry that `{}` has for these arguments.", sig.ident);
        let (ty, new) = if is_named(&spec.returned) {
            let ty = &spec.returned.ty;
            let rules = rules::of_values(spec, span);
            let entry = if spec.caching.shared.is_some() {
                hygienic!(#rt::SharedEntry)
            } else {
                hygienic!(#rt::Entry)
            };
            let tags = spec.caching.tags.templates.iter().map(|template| {
                let text = key::text(&|span| spec.caching.rt_at(span), template);
                hygienic!(let __entry = { #text __entry.tagged(__key) };)
            });
            let new = hygienic!(
                #rules
                let __entry = #entry::new(#owner::#site(), __instance, __key, __rules);
                #(#tags)*
                __entry
            );
            (hygienic!(#entry<#ty>), new)
        } else {
            let new = hygienic!(
                #rt::OpaqueEntry::new(#owner::#site(), __instance, ::core::option::Option::as_ref(&__key))
            );
            (hygienic!(#rt::OpaqueEntry), new)
        };
        signature.output = syn::parse_quote!(-> #ty);
        let signature_lints = signature_lints(function);
        hygienic!(
            #[doc = #doc]
            #(#lints)*
            #signature_lints
            #[allow(
                unused_variables,
                clippy::needless_pass_by_value,
                reason = "it takes what the function takes"
            )]
            #vis #signature {
                let __instance = #owner::#instance #turbofish();
                #key
                #new
            }
        )
    }

    /// The function that has the body.
    fn inner(&self, spec: &Spec, function: &Function) -> TokenStream {
        let Function { attrs, sig, body, .. } = function;
        let Self { owner, site, instance, call: name, .. } = self;
        let rt = spec.caching.rt();
        let lints = signature::lints(attrs);
        let mut signature = sig.clone();
        signature.ident = name.clone();
        signature.abi = None;
        let mode: FnArg = syn::parse_quote_spanned!(Span::mixed_site()=> __mode: #rt::Mode);
        signature.inputs.insert(usize::from(function.has_receiver()), mode);
        let turbofish = turbofish(sig);
        let here = Here {
            site: hygienic!(#owner::#site()),
            instance: hygienic!(#owner::#instance #turbofish()),
            mode: hygienic!(__mode),
            again: spec.caching.background.as_ref().map(|_| {
                let path = hygienic!(#owner::#name #turbofish);
                background::again_beside(path, hygienic!(#rt::Mode::Normal))
            }),
        };
        let statements = call(spec, function, &here);
        let span = at(body.span_close());
        let block = quote_spanned!(span=> { #statements });
        hygienic!(
            #(#lints)*
            #[allow(clippy::too_many_arguments, reason = "one more than the function has")]
            #signature #block
        )
    }
}

/// `load::__call(Mode::Normal, id)`, with what the signature asks for around it.
fn forward(
    spec: &Spec,
    function: &Function,
    siblings: &Siblings,
    forwarded: &Signature,
    mode: &Ident,
) -> TokenStream {
    let rt = spec.caching.rt();
    let Siblings { owner, call, .. } = siblings;
    let turbofish = turbofish(forwarded);
    let receiver = function.has_receiver().then(|| {
        let receiver = forwarded.inputs.first();
        let token = match receiver {
            Some(FnArg::Receiver(receiver)) => receiver.self_token.to_token_stream(),
            _ => TokenStream::new(),
        };
        hygienic!(#token,)
    });
    let arguments = forwarded.inputs.iter().filter_map(|input| match input {
        FnArg::Receiver(_) => None,
        FnArg::Typed(typed) => Some(&typed.pat),
    });
    let call = hygienic!(#owner::#call #turbofish(#receiver #rt::Mode::#mode, #(#arguments),*));
    let call = if function.sig.asyncness.is_some() { hygienic!(#call.await) } else { call };
    match &function.sig.safety {
        // The caller has promised what the body asks for.
        syn::Safety::Unsafe(_) => hygienic!(unsafe { #call }),
        _ => call,
    }
}
