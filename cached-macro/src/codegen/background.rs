//! A call that may load while nobody waits: the load is prepared by the call that finds the entry
//! stale, and run by another call of the same function, with clones of its arguments.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::spanned::Spanned as _;

use super::{key, tags, turbofish};
use crate::function::{Function, at};
use crate::spec::{Background, Caching, Kept, Spec};

/// What a load in the background calls.
pub(super) struct Again {
    path: TokenStream,
    /// The mode, where it takes one.
    mode: Option<TokenStream>,
}

/// The user's function. Where it cannot be found by its name, that is said of the option.
pub(super) fn again(wanted: &Background, function: &Function) -> Again {
    let span = at(wanted.option.span());
    let mut name = function.sig.ident.clone();
    name.set_span(span);
    let turbofish = turbofish(&function.sig);
    let path = if wanted.is_associated {
        quote_spanned!(span=> Self::#name #turbofish)
    } else {
        quote_spanned!(span=> #name #turbofish)
    };
    Again { path, mode: None }
}

/// The function beside the user's that has the body.
pub(super) fn again_beside(path: TokenStream, mode: TokenStream) -> Again {
    Again { path, mode: Some(mode) }
}

// Input:
//
//     #[cached(stale = 60, tags("user:{id}"))]
//     fn load(db: &Db, id: u64) -> User { body }
//
// Output:
//
//     let __call = match Begun::split({
//         let __begun = begin_refreshing(&__SITE, __instance, __mode, __key, __rules)
//             .tagged(|__call| { .. __call.tag(__key); });
//         __begun
//     }) {
//         (__refresh, __begun) => {
//             if let Some(__refresh) = __refresh {
//                 use RefuseStale as _;
//                 let __kept0 = KeepBorrowed(db).checked();
//                 let __kept1 = Keep(&id).checked();
//                 __refresh.start(move || { let _ = load(__kept0.lend(), __kept1); });
//             }
//             match __begun {
//                 ControlFlow::Break(__hit) => return __hit,
//                 ControlFlow::Continue(__call) => __call,
//             }
//         }
//     };
//
// Where the call may bypass the cache:
//
//     Begun::split(if __mode.is_uncached() { From::from(bypass(..)) } else { .. })
//
// Where entries leave the process, the store is asked before a load is started:
//
//     Begun::split(look(..))
pub(super) fn prepare(
    spec: &Spec,
    function: &Function,
    wanted: &Background,
    again: &Again,
    site: &TokenStream,
    bypass: Option<&TokenStream>,
) -> TokenStream {
    let span = at(spec.returned.declared.span());
    let rt = spec.caching.rt_at(span);
    let begin =
        if spec.caching.shared.is_some() { "begin_refreshing_shared" } else { "begin_refreshing" };
    let begin = Ident::new(begin, span);
    let key = key::key(&spec.caching, function);
    let bypass = bypass.map(
        |bypass| hygienic!(if __mode.is_uncached() { ::core::convert::From::from(#bypass) } else),
    );
    let tags = (!spec.caching.tags.templates.is_empty()).then(|| {
        let tags = tags(&spec.caching, &hygienic!(__call));
        hygienic!(.tagged(|__call| { #tags }))
    });
    let start = start(&spec.caching, function, wanted, again);
    let prepared = quote_spanned!(span=> #bypass {
        #key
        let __begun = #rt::#begin(#site, __instance, __mode, __key, __rules) #tags;
        __begun
    });
    let prepared = if spec.caching.shared.is_some() {
        look(spec, function, &prepared, span)
    } else {
        prepared
    };
    quote_spanned!(span=>
        let __call = match #rt::Begun::split(#prepared) {
            (__refresh, __begun) => {
                if let ::core::option::Option::Some(__refresh) = __refresh {
                    #start
                }
                match __begun {
                    ::core::ops::ControlFlow::Break(__hit) => return __hit,
                    ::core::ops::ControlFlow::Continue(__call) => __call,
                }
            }
        };
    )
}

fn look(spec: &Spec, function: &Function, prepared: &TokenStream, span: Span) -> TokenStream {
    let rt = spec.caching.rt_at(span);
    if function.sig.asyncness.is_some() {
        quote_spanned!(span=> #rt::look_async(#prepared).await)
    } else {
        quote_spanned!(span=> #rt::look(#prepared))
    }
}

/// Statements that start `__refresh`.
pub(super) fn start(
    caching: &Caching,
    function: &Function,
    wanted: &Background,
    again: &Again,
) -> TokenStream {
    let rt = caching.rt();
    let names: Vec<_> = (0..wanted.kept.len())
        .map(|idx| format_ident!("__kept{idx}", span = Span::mixed_site()))
        .collect();
    let refusal = refusal(&wanted.option);
    let clones = names.iter().zip(&wanted.kept).map(|(name, kept)| {
        let Kept { name: argument, references } = kept;
        // What cannot be kept is said at the argument.
        let span = at(argument.span());
        let rt = caching.rt_at(span);
        let stars = (1..*references).map(|_| hygienic!(*));
        let keep = if *references > 0 {
            quote_spanned!(span=> KeepBorrowed(#(#stars)* #argument))
        } else {
            quote_spanned!(span=> Keep(&#argument))
        };
        quote_spanned!(span=> let #name = #rt::#keep.checked();)
    });
    let mut arguments: Vec<_> = names
        .iter()
        .zip(&wanted.kept)
        .map(|(name, kept)| {
            let ands = (1..kept.references).map(|_| hygienic!(&));
            if kept.references > 0 {
                hygienic!(#(#ands)* #name.lend())
            } else {
                name.to_token_stream()
            }
        })
        .collect();
    let Again { path, mode } = again;
    if let Some(mode) = mode {
        arguments.insert(usize::from(function.has_receiver()), mode.clone());
    }
    let span = at(wanted.option.span());
    let start = if function.sig.asyncness.is_some() {
        quote_spanned!(span=>
            __refresh.start_async(move || async move { let _ = #path(#(#arguments),*).await; });
        )
    } else {
        quote_spanned!(span=> __refresh.start(move || { let _ = #path(#(#arguments),*); });)
    };
    hygienic!(
        #[allow(unused_imports, reason = "needed only where an argument is refused")]
        use #rt::#refusal as _;
        #(#clones)*
        #start
    )
}

/// The trait whose messages name an option: `RefuseSoftTimeout`.
fn refusal(option: &Ident) -> Ident {
    let text = option.to_string();
    let words = text.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    format_ident!("Refuse{}", words.collect::<String>(), span = Span::mixed_site())
}
