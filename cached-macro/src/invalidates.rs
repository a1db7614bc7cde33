//! `#[invalidates(load_user::entry(id))]`: entries to drop once the function has succeeded.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Expr, Token};

use crate::attribute::{Attribute, Home};
use crate::codegen::{body, key};
use crate::diagnostics::Errors;
use crate::function::{Function, at};
use crate::returned;
use crate::spec::{tags, ungrouped};
use crate::template::Template;

struct Args {
    /// `before` was given: the entries are dropped before the body as well as after it.
    is_before: bool,
    home: Home,
    entries: Vec<Target>,
}

/// What is to be invalidated.
enum Target {
    /// An entry or a cache.
    Entry(Expr),
    /// All that carries a tag, and where that stands.
    Tag(Template, Span),
}

impl Target {
    fn span(&self) -> Span {
        match self {
            Self::Entry(entry) => entry.span(),
            Self::Tag(_, span) => *span,
        }
    }

    // Input: `tags("user:{id}")`
    //
    // Output: `{ .. let __key = __text.key(); Tagged::new(__key) }`
    fn value(&self, home: &Home) -> TokenStream {
        match self {
            Self::Entry(entry) => entry.to_token_stream(),
            Self::Tag(template, _) => {
                let rt = home.rt();
                let text = key::text(&|span| home.rt_at(span), template);
                hygienic!({ #text #rt::Tagged::new(__key) })
            }
        }
    }
}

// Input:
//
//     #[invalidates(load_user::entry(id))]
//     fn rename(id: u64, name: &str) -> Result<(), DbError> { body }
//
// Output, the new block:
//
//     let __entry0 = load_user::entry(id);
//     let __result = once(move || -> Result<(), DbError> { body });
//     let __succeeded = { use IsOk as _; (&Success(&__result)).is_success() };
//     invalidate(__succeeded, &[&__entry0]);
//     __result
pub(crate) fn expand(
    args: TokenStream,
    attribute: Attribute,
    function: &Function,
) -> Result<TokenStream, Errors> {
    let Args { is_before, home, entries } = parse(args, attribute, function)?;
    let Function { attrs, vis, sig, body, .. } = function;
    let rt = home.rt();
    let span = at(body.span_close());
    let names: Vec<Ident> =
        (0..entries.len()).map(|idx| format_ident!("__entry{idx}", span = span)).collect();
    let borrowed: Vec<_> = names
        .iter()
        .zip(&entries)
        .map(|(name, entry)| {
            let span = at(entry.span());
            let mut name = name.clone();
            name.set_span(span);
            quote_spanned!(span=> &#name)
        })
        .collect();
    let is_async = sig.asyncness.is_some();
    let invalidate = |succeeded: TokenStream| {
        if is_async {
            quote_spanned!(span=>
                #rt::invalidate_async(#succeeded, &[#(#borrowed),*]).await;
            )
        } else {
            quote_spanned!(span=> #rt::invalidate(#succeeded, &[#(#borrowed),*]);)
        }
    };
    let before = is_before.then(|| invalidate(hygienic!(true)));
    let after = invalidate(quote_spanned!(span=> __succeeded));
    let ty = returned::written(&sig.output);
    let run = if is_async {
        let future = body::future(function, ty.as_ref(), span);
        quote_spanned!(span=>
            #[allow(clippy::items_after_statements, reason = "the items of a body come after its type")]
            let __result = #future.await;
        )
    } else {
        let closure = body::closure(function, ty.as_ref(), span);
        quote_spanned!(span=> let __result = #rt::once(#closure);)
    };
    let entries = entries.iter().map(|entry| entry.value(&home));
    let statements = quote_spanned!(span=>
        #(let #names = #entries;)*
        #before
        #run
        let __succeeded = {
            #[allow(unused_imports, reason = "needed only where the function returns a `Result`")]
            use #rt::SucceedsByShape as _;
            (&&#rt::Success(&__result)).is_success()
        };
        #after
        __result
    );
    let block = body::braces(function, &statements);
    Ok(hygienic!(#(#attrs)* #vis #sig #block))
}

fn parse(args: TokenStream, attribute: Attribute, function: &Function) -> Result<Args, Errors> {
    let mut errors = Errors::default();
    if let Some(constness) = &function.sig.constness {
        errors.at(constness, "a `const fn` cannot invalidate; remove `const` or `#[invalidates]`");
    }
    let parser = |input: ParseStream<'_>| {
        let mut given = None;
        if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            given = Some(input.parse::<syn::Path>()?.to_token_stream());
            input.parse::<Option<Token![,]>>()?;
        }
        Ok((given, Punctuated::<Expr, Token![,]>::parse_terminated(input)?))
    };
    let (given, list) = parser.parse2(args)?;
    let mut args =
        Args { is_before: false, home: Home::new(attribute, given), entries: Vec::new() };
    let is_empty = list.iter().all(is_before);
    for expr in list {
        let expr = ungrouped(expr);
        match &expr {
            _ if is_before(&expr) => args.is_before = true,
            Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident("tags")) => {
                args.entries.extend(call.args.iter().filter_map(|tag| target(tag, function, &mut errors)));
                if call.args.is_empty() {
                    errors.at(&call.func, "`tags()` names nothing; write a tag such as `tags(\"users\")`");
                }
            }
            Expr::Call(_) | Expr::MethodCall(_) => args.entries.push(Target::Entry(expr)),
            _ => errors.at(expr, "expected an entry or a cache, as in `load_user::entry(id)` or `load_user::cache()`"),
        }
    }
    if is_empty {
        errors.at_span(Span::call_site(), "`#[invalidates]` names nothing; write an entry, as in `#[invalidates(load_user::entry(id))]`");
    }
    errors.or(args)
}

fn target(tag: &Expr, function: &Function, errors: &mut Errors) -> Option<Target> {
    match ungrouped(tag.clone()) {
        Expr::Lit(literal) => {
            let template = errors.absorb(tags::template(&literal.lit, function))?;
            Some(Target::Tag(template, literal.span()))
        }
        other => {
            errors.at(other, "a tag is a text such as \"users\" or \"user:{id}\"");
            None
        }
    }
}

fn is_before(expr: &Expr) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident("before"))
}
