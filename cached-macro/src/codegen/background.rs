//! A call that may load while nobody waits: the load is prepared by the call that finds the entry
//! stale, and run by another call of the same function, with clones of its arguments.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Pat, PatStruct, PatTupleStruct};

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
    let refusal = refusal(&wanted.option);
    let mut clones = Clones { caching, statements: TokenStream::new(), count: 0 };
    let mut arguments: Vec<_> = wanted.kept.iter().map(|kept| clones.argument(kept)).collect();
    let clones = clones.statements;
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
        #clones
        #start
    )
}

/// Clones of arguments, under construction.
struct Clones<'a> {
    caching: &'a Caching,
    /// Those that bind them.
    statements: TokenStream,
    count: usize,
}

impl Clones<'_> {
    // Output: `__kept0.lend()`, after the statement `let __kept0 = KeepBorrowed(db).checked();`
    fn argument(&mut self, kept: &Kept) -> TokenStream {
        match kept {
            Kept::Name { name, references } => self.value(name, *references),
            Kept::Pattern { pat, references } => self.pattern(pat, *references),
            Kept::Inside { name, constructor } => {
                let span = at(name.span());
                let rt = self.caching.rt_at(span);
                let kept = self.bind(&quote_spanned!(span=> #rt::Keep(&*#name).checked()), span);
                match constructor {
                    Some(constructor) => hygienic!(#constructor(#kept)),
                    None => hygienic!(::core::convert::From::from(#kept)),
                }
            }
            Kept::Request { name, module } => {
                let krate = self.caching.home.krate_at(Span::mixed_site());
                let module = Ident::new(module, Span::mixed_site());
                let path = hygienic!(#krate::#module::__private);
                let kept = self.bind(&hygienic!(#path::keep(&#name)), name.span());
                hygienic!(#path::restore(#kept))
            }
        }
    }

    /// An argument, or a part of one. What cannot be kept is said there.
    fn value(&mut self, name: &Ident, references: usize) -> TokenStream {
        let span = at(name.span());
        let rt = self.caching.rt_at(span);
        if references == 0 {
            let value = quote_spanned!(span=> #rt::Keep(&#name).checked());
            return self.bind(&value, span).into_token_stream();
        }
        let stars = (1..references).map(|_| hygienic!(*));
        let ands = (1..references).map(|_| hygienic!(&));
        let value = quote_spanned!(span=> #rt::KeepBorrowed(#(#stars)* #name).checked());
        let kept = self.bind(&value, span);
        hygienic!(#(#ands)* #kept.lend())
    }

    // Input: `Query(Page { number })`
    //
    // Output: `Query(Page { number: __kept0 })`
    fn pattern(&mut self, pat: &Pat, references: usize) -> TokenStream {
        match pat {
            Pat::Ident(bound) => self.value(&bound.ident, references),
            Pat::Paren(paren) => self.pattern(&paren.pat, references),
            Pat::Struct(PatStruct { path, fields, .. }) => {
                let fields = fields.iter().map(|field| {
                    let member = &field.member;
                    let value = self.pattern(&field.pat, references);
                    hygienic!(#member: #value)
                });
                let fields: Vec<_> = fields.collect();
                hygienic!(#path { #(#fields),* })
            }
            Pat::Tuple(tuple) => {
                let elems: Vec<_> =
                    tuple.elems.iter().map(|elem| self.pattern(elem, references)).collect();
                hygienic!((#(#elems,)*))
            }
            Pat::TupleStruct(PatTupleStruct { path, elems, .. }) => {
                let elems: Vec<_> =
                    elems.iter().map(|elem| self.pattern(elem, references)).collect();
                hygienic!(#path(#(#elems),*))
            }
            // No other is kept.
            other => other.to_token_stream(),
        }
    }

    fn bind(&mut self, value: &TokenStream, span: Span) -> Ident {
        let name = format_ident!("__kept{}", self.count, span = Span::mixed_site());
        self.count += 1;
        self.statements.extend(quote_spanned!(at(span)=> let #name = #value;));
        name
    }
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
